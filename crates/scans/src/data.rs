//! A folder of labelled scans, and what is known of its patients and copies.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use anyhow::ensure;
use dataset::{Copies, Dataset, DatasetError, Record, Split, Thumbnail};
use indicatif::ParallelProgressIterator;
use model::Hinted;
use rayon::prelude::*;
use storage::{CacheFolder, CacheKind, CachedRows, RowsSize};

use crate::decoding::{decode, read_scan};
use crate::hint::told;
use crate::progress::progress_bar;

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

    /// The files, and what is said of them.
    #[must_use]
    pub fn dataset(&self) -> &Dataset {
        &self.dataset
    }

    /// What [`dataset::fingerprint`] says.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Refuses scans other than those that a run was trained on, by their fingerprint.
    ///
    /// # Errors
    /// They are others.
    pub fn check_of_run(&self, trained_on: &str) -> anyhow::Result<()> {
        ensure!(
            self.fingerprint == trained_on,
            Hinted::new(
                format!(
                    "these are not the scans that the run was trained on: their fingerprint is {}, not {trained_on}.",
                    self.fingerprint
                ),
                "name the folder it was trained on with --data; `sulcus evaluate` measures on others"
            )
        );
        Ok(())
    }

    /// Where what can be made again is kept.
    #[must_use]
    pub fn cache(&self) -> &CacheFolder {
        &self.cache
    }

    /// Groups the slices that show the same picture, after comparing every two where that was not done before.
    ///
    /// # Errors
    /// The cache can't be written.
    pub fn with_copies(self) -> anyhow::Result<Self> {
        let key = format!("copies of {}", self.fingerprint);
        let entry = self.cache.entry(CacheKind::Copies, &key);
        let kept: CachedRows<Vec<Copies>> = match CachedRows::open(entry) {
            Some(kept) => kept,
            None => CachedRows::make(entry, RowsSize::default(), |_| Ok(find_copies(&self.dataset)))?,
        };
        Ok(Self { dataset: self.dataset.with_copies(&kept.notes), ..self })
    }

    /// The part of it that `select` leaves.
    ///
    /// # Errors
    /// Those of `select`, and a file that can't be read.
    pub fn select(self, select: impl FnOnce(Dataset) -> anyhow::Result<Dataset>) -> anyhow::Result<Self> {
        let before = self.dataset.records.len();
        let dataset = select(self.dataset)?;
        if dataset.records.len() == before {
            return Ok(Self { dataset, fingerprint: self.fingerprint, cache: self.cache });
        }
        Self::new(dataset, self.cache)
    }
}

/// Where labelled scans lie, and what is known of them.
#[derive(Debug, Clone)]
pub struct ScansConfig {
    /// `FOLDER/Training/CLASS/FILE` and `FOLDER/Testing/CLASS/FILE`, or `FOLDER/CLASS/FILE`, or files that a CSV labels.
    pub folder: PathBuf,
    /// CSV of labels; where there is none, folders name the classes, else the CSV in the folder.
    pub labels: Option<PathBuf>,
    /// Whether one class is enough where a CSV names them; training needs two.
    pub one_class: bool,
    /// CSV of patients and copies; where there is none, `index.csv` in the folder or beside it, if it is there.
    pub groups: Option<PathBuf>,
    /// Folder for what can be made again; where there is none, the user's cache folder.
    pub cache: Option<PathBuf>,
}

impl ScansConfig {
    /// Reads the folder and its groups, and says what it had to leave out and how it understood the rest.
    ///
    /// # Errors
    /// The folder holds no labelled scans, or the CSV of groups can't be used.
    pub fn open(&self) -> anyhow::Result<Dataset> {
        let dataset = match &self.labels {
            Some(csv) if self.one_class => Dataset::open_source(&self.folder, csv)?,
            Some(csv) => Dataset::open_labelled(&self.folder, csv)?,
            None => Dataset::open(&self.folder)?,
        };
        let dataset = self.with_groups(dataset)?;
        for file in &dataset.rejected {
            log::warn!("left out \"{}\": {}", file.path, file.reason);
        }
        for note in &dataset.notes {
            log::warn!("note: {note}");
        }
        Ok(dataset)
    }

    /// The groups of the CSV that was named, else of the one in the folder, else of the one beside it if that is about
    /// these scans. The CSV of labels has said already what it knows of groups.
    fn with_groups(&self, dataset: Dataset) -> Result<Dataset, DatasetError> {
        let labels = dataset.labels.as_ref().and_then(|csv| csv.canonicalize().ok());
        let is_labels = |csv: &PathBuf| labels.is_some() && csv.canonicalize().ok() == labels;
        let inside =
            [&self.folder, &dataset.root].map(|folder| folder.join("index.csv")).into_iter().find(|csv| csv.exists());
        if let Some(groups) = self.groups.clone().or(inside) {
            return if is_labels(&groups) { Ok(dataset) } else { dataset.with_groups(&groups) };
        }
        let Some(groups) = self.beside("index.csv").filter(|csv| !is_labels(csv)) else { return Ok(dataset) };
        match dataset.clone().with_groups(&groups) {
            Err(error @ (DatasetError::NoColumn { .. } | DatasetError::NoRowMatches { .. })) => {
                log::warn!("went on without \"{}\": {}", groups.display(), told(&error.into()));
                Ok(dataset)
            }
            outcome => outcome,
        }
    }

    /// As [`ScansConfig::open`], with the patients of DICOM headers where the CSV names none.
    ///
    /// # Errors
    /// As [`ScansConfig::open`], or a file can't be read.
    pub fn scans(&self) -> anyhow::Result<Scans> {
        Scans::new(with_dicom_patients(self.open()?), CacheFolder::new(self.cache.as_deref()))
    }

    /// A file in the folder of scans or in the one above it.
    #[must_use]
    pub fn beside(&self, name: &str) -> Option<PathBuf> {
        [self.folder.join(name), self.folder.join("..").join(name)].into_iter().find(|path| path.exists())
    }
}

/// Joins the patients of the CSV with those of DICOM headers.
fn with_dicom_patients(dataset: Dataset) -> Dataset {
    let patient = |record: &Record| {
        let file = dataset.file(record);
        let mut beginning = Vec::new();
        File::open(&file).ok()?.take(1024).read_to_end(&mut beginning).ok()?;
        if !imaging::is_dicom(&beginning) {
            return None;
        }
        decode(&read_scan(&file).ok()?).ok()?.source.patient_id
    };
    let patients: Vec<Option<String>> = dataset.records.par_iter().map(patient).collect();
    dataset.with_patient_ids(&patients)
}

/// Compares every two slices.
fn find_copies(dataset: &Dataset) -> Vec<Copies> {
    dataset::copies(&thumbnails(dataset))
}

/// What slices are compared by; nothing of a file that can't be decoded.
#[must_use]
pub fn thumbnails(dataset: &Dataset) -> Vec<Option<Thumbnail>> {
    let bar = progress_bar(dataset.records.len(), "finding copies");
    let thumbnail = |record: &Record| {
        // A file that can't be decoded is no copy; it is named when its slice is wanted.
        let study = decode(&read_scan(&dataset.file(record)).ok()?).ok()?;
        Thumbnail::of(study.slices.first()?)
    };
    dataset.records.par_iter().progress_with(bar).map(thumbnail).collect()
}

/// At most `count` of the indices, evenly spread, so that every class and source is among them as often as it is there.
#[must_use]
pub fn thinned(indices: &[usize], count: usize) -> Vec<usize> {
    indices.iter().step_by(indices.len().div_ceil(count).max(1)).copied().collect()
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn patients_of_a_csv_and_of_dicom_headers_are_joined() {
        let folder = tempfile::tempdir().unwrap();
        let files = Path::new("../imaging/tests/fixtures/files");
        for (class, file) in [("a", "implicit.dcm"), ("b", "lossless.dcm"), ("b", "grey.png")] {
            std::fs::create_dir_all(folder.path().join(class)).unwrap();
            std::fs::copy(files.join(file), folder.path().join(class).join(file)).unwrap();
        }
        let mut dataset = Dataset::open(folder.path()).unwrap();
        dataset.records[0].patient_group = Some("of the CSV".to_owned());
        let patients: Vec<_> =
            with_dicom_patients(dataset).records.into_iter().map(|record| record.patient_group).collect();
        // Both DICOM files are of one patient, whom the CSV names in one of them.
        let named = Some("of the CSV".to_owned());
        assert_eq!(patients, [named.clone(), None, named]);
    }
}
