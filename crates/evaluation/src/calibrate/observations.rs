//! What a network makes of slices as they are and as training changes them, and of pictures that are no brain MRI.

use std::path::Path;

use anyhow::ensure;
use classifier::{Classifier, Observation};
use imaging::PreparedSlice;
use rand_chacha::ChaCha8Rng;
use scans::{Scans, Slices, prepare_file, progress_bar};
use storage::files_below;
use training::{Augmentation, chance};

use crate::calibrate::cross_fit::Answers;

/// Seed of the changes that slices are looked at with.
const SEED: u64 = 20;

/// What the network makes of a set of slices.
pub struct Seen {
    pub observations: Vec<Observation>,
    pub labels: Vec<usize>,
    pub clusters: Vec<usize>,
}

impl Seen {
    /// What is fitted to answers and measured of them.
    pub fn answers(&self) -> Answers<'_> {
        Answers {
            logits: self.observations.iter().map(|observation| observation.logits.as_slice()).collect(),
            labels: self.labels.clone(),
            clusters: self.clusters.clone(),
        }
    }
}

/// Whose slices are looked at, by what.
pub struct Gallery<'a> {
    pub classifier: &'a Classifier,
    pub scans: &'a Scans,
    pub slices: Slices,
    /// Of every record.
    pub clusters: Vec<usize>,
    pub stage: &'a str,
}

impl Gallery<'_> {
    /// What the network makes of slices after these changes.
    ///
    /// # Errors
    /// None of them can be read, or the engine fails.
    pub fn look_at(&self, indices: &[usize], changes: Augmentation, what: &'static str) -> anyhow::Result<Seen> {
        let readable = self.slices.readable(indices);
        ensure!(!readable.is_empty(), "there are no {what}");
        let bar = progress_bar(readable.len(), what);
        let mut observations = Vec::with_capacity(readable.len());
        for chunk in readable.chunks(8) {
            let slice = |&index| Some(changed(self.slices.get(index)?, changes, &mut chance(SEED, index)));
            let prepared: Vec<_> = chunk.iter().filter_map(slice).collect();
            observations.extend(pollster::block_on(self.classifier.observe(&prepared, self.stage))?);
            bar.inc(chunk.len() as u64);
        }
        bar.finish_and_clear();
        Ok(Seen {
            observations,
            labels: readable.iter().map(|&index| self.scans.dataset().records[index].label).collect(),
            clusters: readable.iter().map(|&index| self.clusters[index]).collect(),
        })
    }
}

/// A slice after changes; as it is where there are none.
fn changed(slice: &PreparedSlice, changes: Augmentation, random: &mut ChaCha8Rng) -> PreparedSlice {
    if changes == Augmentation::default() {
        return slice.clone();
    }
    let (pixels, _) = changes.apply(slice.pixels(), slice.size() as usize, random);
    PreparedSlice::kept(slice.size(), pixels, slice.crop()).unwrap_or_else(|| slice.clone())
}

/// Every picture below a folder; those that can't be read are named and left out.
///
/// # Errors
/// The folder or all that is in it can't be read, or the engine fails.
pub fn look_at_foreign(
    classifier: &Classifier,
    folder: Option<&Path>,
    stage: &str,
) -> anyhow::Result<Vec<Observation>> {
    let Some(folder) = folder else { return Ok(Vec::new()) };
    let mut prepared = Vec::new();
    for path in files_below(folder)? {
        match prepare_file(&path, &classifier.input_spec()) {
            Ok(slice) => prepared.push(slice),
            Err(file) => log::warn!("left out \"{}\": {}", file.path.display(), file.reason),
        }
    }
    ensure!(!prepared.is_empty(), "\"{}\" holds no picture that can be read", folder.display());
    Ok(pollster::block_on(classifier.observe(&prepared, stage))?)
}
