//! What a data set is made of.

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
    /// A file beside the class folders.
    #[error("not inside a class folder")]
    Outside,
    /// A folder inside a class folder.
    #[error("a folder inside a class folder is not searched")]
    Nested,
    /// A class folder without a usable image.
    #[error("the class folder holds no usable image")]
    EmptyFolder,
    /// Named in the CSV of groups, but not in the folder.
    #[error("has a row in the CSV of groups, but no file")]
    Missing,
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
    /// The names of the class folders that hold an image, sorted.
    pub classes: Vec<String>,
    /// The usable files, sorted by path.
    pub records: Vec<Record>,
    /// What was passed over, sorted by path.
    pub rejected: Vec<Rejected>,
}

impl Dataset {
    /// Where a record's file lies on this machine.
    #[must_use]
    pub fn file(&self, record: &Record) -> PathBuf {
        self.root.join(&record.path)
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
