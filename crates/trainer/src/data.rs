//! The folder of scans that a command line names.

use std::ops::Deref;
use std::path::PathBuf;

use dataset::{Copies, Dataset, Split, Thumbnail};
use imaging::Limits;
use indicatif::ParallelProgressIterator;
use rayon::prelude::*;

use crate::cache_folder::CacheFolder;
use crate::cli::DataArguments;
use crate::kept_rows::KeptRows;
use crate::recipe::Recipe;
use crate::slices::progress_bar;

/// A data set, the name for exactly its files, and the place where what is made of them is kept.
#[derive(Debug, Clone)]
pub struct Scans {
    dataset: Dataset,
    fingerprint: String,
    cache: CacheFolder,
}

impl Scans {
    /// Reads every file of a data set for its fingerprint.
    ///
    /// # Errors
    /// A file can't be read.
    pub fn new(dataset: Dataset, cache: CacheFolder) -> anyhow::Result<Self> {
        Ok(Self { fingerprint: dataset::fingerprint(&dataset)?, dataset, cache })
    }

    /// What [`dataset::fingerprint`] says.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Where what can be made again is kept.
    #[must_use]
    pub fn cache(&self) -> &CacheFolder {
        &self.cache
    }

    /// Groups the slices that show the same picture, after comparing every two where that was not done before.
    fn with_copies(self) -> anyhow::Result<Self> {
        let key = format!("copies of {}", self.fingerprint);
        let kept: KeptRows<Vec<Copies>> = match KeptRows::open(&self.cache, "copies", &key) {
            Some(kept) => kept,
            None => KeptRows::make(&self.cache, ("copies", &key), (0, 0), |_| Ok(find_copies(&self.dataset)))?,
        };
        Ok(Self { dataset: self.dataset.with_copies(&kept.notes), ..self })
    }

    /// What a recipe makes of it before the slices are divided.
    ///
    /// # Errors
    /// The recipe asks for what is not there, or the cache can't be written.
    pub fn prepared_for(self, recipe: &Recipe) -> anyhow::Result<Self> {
        let all = if recipe.data.find_copies { self.with_copies()? } else { self };
        let before = all.dataset.records.len();
        let dataset = recipe.data.select(all.dataset)?;
        if dataset.records.len() == before {
            return Ok(Self { dataset, fingerprint: all.fingerprint, cache: all.cache });
        }
        Self::new(dataset, all.cache)
    }
}

/// Most of what is asked of scans is asked of the data set.
impl Deref for Scans {
    type Target = Dataset;

    fn deref(&self) -> &Dataset {
        &self.dataset
    }
}

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
    /// As [`DataArguments::open`], or the recipe asks for what is not there, or the cache can't be written.
    pub fn open_for(&self, recipe: &Recipe) -> anyhow::Result<Scans> {
        Scans::new(self.open()?, CacheFolder::new(self.cache.as_deref()))?.prepared_for(recipe)
    }

    /// A file in the folder of scans or in the one above it.
    #[must_use]
    pub fn beside(&self, name: &str) -> Option<PathBuf> {
        [self.data.join(name), self.data.join("..").join(name)].into_iter().find(|path| path.exists())
    }
}

/// Compares every two slices.
fn find_copies(dataset: &Dataset) -> Vec<Copies> {
    let bar = progress_bar(dataset.records.len(), "finding copies");
    let thumbnail = |record: &dataset::Record| {
        // A file that can't be decoded is no copy; it is named when its slice is wanted.
        let study = imaging::decode(&std::fs::read(dataset.file(record)).ok()?, &Limits::default()).ok()?;
        Thumbnail::of(study.slices.first()?)
    };
    let thumbnails: Vec<_> = dataset.records.par_iter().progress_with(bar).map(thumbnail).collect();
    dataset::copies(&thumbnails)
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
