//! The prepared slices of a data set, kept in memory.

use std::path::{Path, PathBuf};

use dataset::Dataset;
use imaging::{InputSpec, Limits, PreparedSlice};
use indicatif::{ParallelProgressIterator, ProgressBar, ProgressStyle};
use rayon::prelude::*;

/// A record that could not be read, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: String,
}

/// The prepared slices of some records of a data set.
pub struct Slices {
    /// By index of the record; `None` where it was not asked for or could not be read.
    slices: Vec<Option<PreparedSlice>>,
    /// What could not be read.
    pub unreadable: Vec<Unreadable>,
}

impl Slices {
    /// Decodes and prepares the records at `indices` on every core, and shows how far it is.
    #[must_use]
    pub fn prepare(dataset: &Dataset, indices: &[usize], spec: &InputSpec) -> Self {
        let bar = progress_bar(indices.len(), "preparing slices");
        let prepared: Vec<_> = indices
            .par_iter()
            .progress_with(bar)
            .map(|&index| (index, prepare_file(&dataset.file(&dataset.records[index]), spec)))
            .collect();
        let mut slices = vec![None; dataset.records.len()];
        let mut unreadable = Vec::new();
        for (index, result) in prepared {
            match result {
                Ok(slice) => slices[index] = Some(slice),
                Err(error) => unreadable.push(error),
            }
        }
        Self { slices, unreadable }
    }

    /// The prepared slice of a record.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&PreparedSlice> {
        self.slices[index].as_ref()
    }

    /// Those of `indices` that could be read.
    #[must_use]
    pub fn readable(&self, indices: &[usize]) -> Vec<usize> {
        indices.iter().copied().filter(|&index| self.slices[index].is_some()).collect()
    }
}

/// The first slice of a file, prepared.
///
/// # Errors
/// The file can't be read or decoded.
pub fn prepare_file(path: &Path, spec: &InputSpec) -> Result<PreparedSlice, Unreadable> {
    let refuse = |reason: String| Unreadable { path: path.to_owned(), reason };
    let bytes = std::fs::read(path).map_err(|error| refuse(error.to_string()))?;
    let study = imaging::decode(&bytes, &Limits::default()).map_err(|error| refuse(error.to_string()))?;
    let slice = study.slices.first().ok_or_else(|| refuse("the file holds no slice".to_owned()))?;
    Ok(imaging::prepare(slice, spec))
}

/// A bar for `length` steps of a long work.
#[must_use]
pub fn progress_bar(length: usize, what: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length as u64).with_style(style).with_message(what)
}
