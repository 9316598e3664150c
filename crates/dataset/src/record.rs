//! What a data set is made of.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The part of the public set a file is published in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Part {
    /// `<root>/Training`
    Training,
    /// `<root>/Testing`
    Testing,
}

/// What says of files which patient they are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PatientSource {
    /// Folders inside the class folders.
    Folders,
    /// A CSV.
    Csv,
    /// DICOM headers.
    Dicom,
}

/// One file with its label and what is known of its origin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Path relative to the data set's root, with `/` between folders on every system.
    pub path: String,
    /// Index into [`Dataset::classes`].
    pub label: usize,
    /// The part it is published in; `None` where the folder has no parts.
    pub part: Option<Part>,
    /// The patient; `None` where unknown.
    pub patient_group: Option<String>,
    /// Shared by files that show the same image, mirrored or not; `None` where unknown.
    pub dup_group: Option<String>,
}

/// Why a file is not among the records.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The file has no bytes.
    #[error("the file is empty")]
    Empty,
    /// The first bytes are of no format that can be decoded.
    #[error("not a JPEG, PNG, BMP, TIFF, WebP or DICOM file by its first bytes")]
    NotAnImage,
    /// A pipe or a device.
    #[error("not a file")]
    NotAFile,
    /// The operating system refused to read it.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// A file beside the class folders, or a folder beside those of parts.
    #[error("not inside a class folder")]
    Outside,
    /// A folder whose name begins with a dot, or that a system or an archiver left.
    #[error("a hidden folder is not searched")]
    Hidden,
    /// A link to a folder that it lies in.
    #[error("a link that leads in a circle is not followed")]
    Circle,
    /// A folder without a usable image.
    #[error("the folder holds no usable image")]
    EmptyFolder,
    /// Named in a CSV, but not in the folder.
    #[error("has a row in the CSV, but no file")]
    Missing,
    /// In the folder, but not in the CSV of labels.
    #[error("has no row in the CSV of labels")]
    NoRow,
    /// In the CSV of labels, but without one.
    #[error("has no label in the CSV of labels")]
    NoLabel,
}

/// A file or folder that was passed over, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// Path relative to the data set's root, with `/` between folders.
    pub path: String,
    /// Why.
    pub reason: Reason,
}

/// A folder of labelled scans.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// The folder.
    pub root: PathBuf,
    /// The names of the classes that have an image, sorted.
    pub classes: Vec<String>,
    /// The usable files, sorted by path.
    pub records: Vec<Record>,
    /// What was passed over, sorted by path.
    pub rejected: Vec<Rejected>,
    /// The CSV that names the classes; `None` where folders do.
    pub labels: Option<PathBuf>,
    /// Where the patients are known from.
    pub patients_from: BTreeSet<PatientSource>,
    /// What a person should know of how the folder was read, a sentence each.
    pub notes: Vec<String>,
}

impl Dataset {
    /// Where a record's file lies on this machine.
    #[must_use]
    pub fn file(&self, record: &Record) -> PathBuf {
        self.root.join(&record.path)
    }

    /// The name of a record's class.
    #[must_use]
    pub fn class(&self, record: &Record) -> &str {
        &self.classes[record.label]
    }

    /// How many records each class has, in the order of [`Dataset::classes`].
    #[must_use]
    pub fn class_counts(&self, indices: &[usize]) -> Vec<usize> {
        let mut counts = vec![0; self.classes.len()];
        for &index in indices {
            counts[self.records[index].label] += 1;
        }
        counts
    }
}
