//! What can go wrong between a folder and a split.

use std::path::PathBuf;

/// Why a folder, a CSV of groups or a split could not be had. One bad image is no error: see [`crate::Rejected`].
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// A folder or a file could not be read.
    #[error("cannot read {path:?}: {source}.")]
    Read {
        /// The folder or file.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },

    /// The folder holds images of fewer than two classes.
    #[error(
        "cannot use {root:?} as a data set: found images of {found} class(es); at least 2 are needed.\n\
         hint: lay the files out as <folder>/<class>/* or <folder>/{{Training,Testing}}/<class>/*."
    )]
    TooFewClasses {
        /// The folder.
        root: PathBuf,
        /// How many class folders hold an image.
        found: usize,
    },

    /// The CSV of groups is no CSV, or a row is broken.
    #[error("cannot read groups from {path:?}: {source}.")]
    Csv {
        /// The CSV.
        path: PathBuf,
        /// What the reader says, with the line.
        source: csv::Error,
    },

    /// The CSV of groups lacks a column.
    #[error(
        "cannot read groups from {path:?}: no column {column:?}; found {found:?}.\n\
         hint: the column path is needed, and patient_group or dup_group or both; cells may be empty, other columns are ignored."
    )]
    NoColumn {
        /// The CSV.
        path: PathBuf,
        /// The column that is missing.
        column: &'static str,
        /// The columns that are there.
        found: Vec<String>,
    },

    /// The CSV of groups names one file in two rows.
    #[error("cannot read groups from {path:?}: {file:?} has more than one row.")]
    RepeatedRow {
        /// The CSV.
        path: PathBuf,
        /// The file named twice.
        file: String,
    },

    /// The CSV of groups is about other files.
    #[error(
        "cannot use the groups of {path:?}: none of its {rows} rows names a file of {root:?}.\n\
         hint: column path must be relative to that folder, such as {example:?}."
    )]
    NoRowMatches {
        /// The CSV.
        path: PathBuf,
        /// How many rows it has.
        rows: usize,
        /// The data set's folder.
        root: PathBuf,
        /// The path of a file that is there.
        example: String,
    },

    /// The shares leave nothing to train on, or are no shares.
    #[error(
        "cannot split: shares of {validation} (validation) and {test} (test) leave nothing to train on.\n\
         hint: give each from 0 up to 1, together less than 1."
    )]
    Shares {
        /// The share of validation.
        validation: f64,
        /// The share of test.
        test: f64,
    },

    /// The official protocol asked of a folder without its two parts.
    #[error(
        "cannot split {root:?} officially: it needs images in both Training and Testing.\n\
         hint: choose the protocol random or grouped."
    )]
    NoOfficialParts {
        /// The folder.
        root: PathBuf,
    },

    /// A class has too few independent groups for every part to get one.
    #[error(
        "cannot split: class {class:?} has {found} independent group(s); {needed} are needed to have one in every part.\n\
         hint: add scans of other patients, or set the share of validation to 0."
    )]
    TooFewGroups {
        /// The class.
        class: String,
        /// How many groups it has.
        found: usize,
        /// How many the split needs.
        needed: usize,
    },

    /// A fold that can't be.
    #[error("cannot split: there is no fold {number} of {of}.\nhint: folds are 2 or more, and are counted from 1.")]
    Fold {
        /// Which one was asked for.
        number: usize,
        /// Of how many.
        of: usize,
    },

    /// Folds of the published parts, which are a division already.
    #[error(
        "cannot split into folds by the protocol official: the published Testing is its test.\n\
         hint: choose the protocol grouped, or random to see what it hides."
    )]
    OfficialFolds,

    /// A class that has no folder.
    #[error("cannot choose the class {class:?}: the data set has {found:?}.")]
    UnknownClass {
        /// The class asked for.
        class: String,
        /// The classes there are.
        found: Vec<String>,
    },

    /// Only known patients were asked for, and a class has none.
    #[error(
        "cannot choose known patients: none is known of class {class:?}.\n\
         hint: leave the class out, or name its patients in a CSV of groups."
    )]
    NoKnownPatients {
        /// The class.
        class: String,
    },
}
