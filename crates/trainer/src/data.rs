//! The folder of scans that a command line names.

use std::path::PathBuf;

use dataset::{Dataset, Split, Thumbnail};
use imaging::Limits;
use indicatif::ParallelProgressIterator;
use rayon::prelude::*;

use crate::cli::DataArguments;
use crate::recipe::Recipe;
use crate::slices::progress_bar;

impl DataArguments {
    /// Reads the folder and its groups, and lists what it had to leave out.
    ///
    /// # Errors
    /// The folder holds no labelled scans, or the CSV of groups can't be used.
    pub fn open(&self) -> anyhow::Result<Dataset> {
        let mut dataset = Dataset::open(&self.data)?;
        if let Some(groups) = self.groups.clone().or_else(|| self.beside("index.csv")) {
            dataset = dataset.with_groups(&groups)?;
        }
        for file in &dataset.rejected {
            eprintln!("left out \"{}\": {}", file.path, file.reason);
        }
        Ok(dataset)
    }

    /// As [`DataArguments::open`], and what the recipe makes of it before the slices are divided.
    ///
    /// # Errors
    /// As [`DataArguments::open`], or the recipe asks for what is not there.
    pub fn open_for(&self, recipe: &Recipe) -> anyhow::Result<Dataset> {
        let dataset = self.open()?;
        let dataset = if recipe.data.find_copies { with_copies(dataset) } else { dataset };
        recipe.data.select(dataset)
    }

    /// A file in the folder of scans or in the one above it.
    #[must_use]
    pub fn beside(&self, name: &str) -> Option<PathBuf> {
        [self.data.join(name), self.data.join("..").join(name)].into_iter().find(|path| path.exists())
    }
}

/// Compares every two slices, and groups those that show the same picture.
fn with_copies(dataset: Dataset) -> Dataset {
    let bar = progress_bar(dataset.records.len(), "finding copies");
    let thumbnail = |record: &dataset::Record| {
        // A file that can't be decoded is no copy; it is named when its slice is wanted.
        let study = imaging::decode(&std::fs::read(dataset.file(record)).ok()?, &Limits::default()).ok()?;
        Thumbnail::of(study.slices.first()?)
    };
    let thumbnails: Vec<_> = dataset.records.par_iter().progress_with(bar).map(thumbnail).collect();
    let found = dataset::copies(&thumbnails);
    dataset.with_copies(&found)
}

/// A name for exactly these held-out slices: SHA-256 over their paths, in hex. It tells whether a model's training part
/// is known, since what is held out depends on the groups as well as on the files.
#[must_use]
pub fn held_out_fingerprint(dataset: &Dataset, split: &Split) -> String {
    let paths: Vec<&str> = split.test.iter().map(|&index| dataset.records[index].path.as_str()).collect();
    fingerprint_of(&paths)
}

/// As [`held_out_fingerprint`], from paths.
#[must_use]
pub fn fingerprint_of(paths: &[impl AsRef<str>]) -> String {
    let mut paths: Vec<&str> = paths.iter().map(AsRef::as_ref).collect();
    paths.sort_unstable();
    weights::sha256(paths.join("\n").as_bytes())
}
