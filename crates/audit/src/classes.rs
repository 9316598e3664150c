//! What each class of a folder consists of.

use std::collections::BTreeMap;

use dataset::{Dataset, Part, Record};
use serde::Serialize;

use crate::inspect::{BINS, Inspected};
use crate::jpeg::Compression;

/// Sizes, modes and compressions named for a class; the rest is only counted.
const NAMED: usize = 5;

/// One class.
#[derive(Serialize)]
pub struct ClassFindings {
    pub class: String,
    pub files: usize,
    pub training: usize,
    pub testing: usize,
    /// How many different sizes there are.
    pub different_sizes: usize,
    /// Files of each size, as `width x height`, the most frequent first; five at most.
    pub sizes: Vec<(String, usize)>,
    /// Files of each colour mode, as `YCbCr, 8 bit`, the most frequent first.
    pub modes: Vec<(String, usize)>,
    /// JPEG files of each compression, the most frequent first; five at most.
    pub jpeg: Vec<JpegCount>,
    /// Mean share of a slice's pixels in each of 32 equal bins from its own smallest to its own largest value.
    pub intensities: Vec<f64>,
}

/// How many files were compressed alike.
#[derive(Serialize)]
pub struct JpegCount {
    #[serde(flatten)]
    pub compression: Compression,
    pub files: usize,
}

/// Every class, in the data set's order.
pub fn classes(dataset: &Dataset, seen: &[Result<Inspected, String>]) -> Vec<ClassFindings> {
    (0..dataset.classes.len()).map(|label| of_class(dataset, seen, label)).collect()
}

fn of_class(dataset: &Dataset, seen: &[Result<Inspected, String>], label: usize) -> ClassFindings {
    let all: Vec<(&Record, &Result<Inspected, String>)> =
        dataset.records.iter().zip(seen).filter(|(record, _)| record.label == label).collect();
    let readable: Vec<&Inspected> = all.iter().filter_map(|(_, seen)| seen.as_ref().ok()).collect();
    let part = |part| all.iter().filter(|(record, _)| record.part == Some(part)).count();
    let sizes = counted(readable.iter().map(|seen| seen.size));
    let compressions = counted(readable.iter().filter_map(|seen| seen.compression.clone()));
    ClassFindings {
        class: dataset.classes[label].clone(),
        files: all.len(),
        training: part(Part::Training),
        testing: part(Part::Testing),
        different_sizes: sizes.len(),
        sizes: sizes.into_iter().take(NAMED).map(|((w, h), count)| (format!("{w} x {h}"), count)).collect(),
        modes: counted(readable.iter().map(|seen| seen.mode.clone())),
        jpeg: compressions
            .into_iter()
            .take(NAMED)
            .map(|(compression, files)| JpegCount { compression, files })
            .collect(),
        intensities: mean_intensities(&readable),
    }
}

/// How often each value occurs, the most frequent first, equals in their order.
fn counted<T: Ord>(values: impl Iterator<Item = T>) -> Vec<(T, usize)> {
    let mut counts = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    let mut counts: Vec<(T, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}

/// Every slice counts the same, however many pixels it has.
fn mean_intensities(readable: &[&Inspected]) -> Vec<f64> {
    let count = readable.len().max(1) as f64;
    (0..BINS).map(|bin| readable.iter().map(|seen| seen.intensities[bin]).sum::<f64>() / count).collect()
}
