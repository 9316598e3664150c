//! What can go wrong between a folder and a split.

use std::path::PathBuf;

use crate::names::quoted;

/// Why a folder, a CSV of groups or a split could not be had. One bad image is no error: see [`crate::Rejected`].
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// A folder or a file could not be read.
    #[error("cannot read \"{}\": {reason}.", path.display())]
    Read {
        /// The folder or file.
        path: PathBuf,
        /// What the operating system says.
        reason: std::io::Error,
    },

    /// There are images of fewer than two classes.
    #[error(
        "cannot use \"{}\" as a data set: {}, and at least 2 are needed; {found}.",
        root.display(),
        found_classes(classes)
    )]
    TooFewClasses {
        /// The folder.
        root: PathBuf,
        /// The classes that have an image.
        classes: Vec<String>,
        /// What is there, in words.
        found: String,
    },

    /// More than one CSV in the folder could say what the classes are.
    #[error(
        "cannot use \"{}\" as a data set: no folders name classes, and more than one CSV does: {}.",
        root.display(),
        in_words(found)
    )]
    SeveralLabels {
        /// The folder.
        root: PathBuf,
        /// The CSVs.
        found: Vec<PathBuf>,
    },

    /// What should be a CSV is none, or a row is broken, or it can't be written.
    #[error(
        "cannot use the CSV \"{}\": {reason}.",
        path.display()
    )]
    Csv {
        /// The CSV.
        path: PathBuf,
        /// What is wrong, with the line.
        reason: String,
    },

    /// A CSV lacks a column.
    #[error(
        "cannot use the CSV \"{}\": no column \"{column}\"; found {}.",
        path.display(),
        quoted(found)
    )]
    NoColumn {
        /// The CSV.
        path: PathBuf,
        /// The column that is missing.
        column: &'static str,
        /// The columns that are there.
        found: Vec<String>,
        /// Which columns are needed.
        needed: &'static str,
    },

    /// A CSV names one file in two rows.
    #[error(
        "cannot use the CSV \"{}\": \"{file}\" has a second row in line {line}.",
        path.display()
    )]
    RepeatedRow {
        /// The CSV.
        path: PathBuf,
        /// The file named twice.
        file: String,
        /// The line of the second row, counted from 1.
        line: u64,
    },

    /// A CSV is about other files.
    #[error(
        "cannot use the CSV \"{}\": none of its {rows} rows names a file of \"{}\".",
        path.display(),
        root.display()
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
    #[error("cannot split: shares of {validation} (validation) and {test} (test) leave nothing to train on.")]
    Shares {
        /// The share of validation.
        validation: f64,
        /// The share of test.
        test: f64,
    },

    /// The official protocol asked of a folder without its two parts.
    #[error(
        "cannot split \"{}\" officially: it needs images in both Training and Testing.",
        root.display()
    )]
    NoOfficialParts {
        /// The folder.
        root: PathBuf,
    },

    /// A class has too few independent groups for every part to get one.
    #[error(
        "cannot split: class \"{class}\" has {found} independent group(s); {needed} are needed to have one in every part."
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
    #[error("cannot split: there is no fold {number} of {of}.")]
    Fold {
        /// Which one was asked for.
        number: usize,
        /// Of how many.
        of: usize,
    },

    /// Folds of the published parts, which are a division already.
    #[error("cannot split into folds by the protocol official: the published Testing is its test.")]
    OfficialFolds,

    /// A class that has no folder.
    #[error("cannot choose the class \"{class}\": the data set has {}.", found.join(", "))]
    UnknownClass {
        /// The class asked for.
        class: String,
        /// The classes there are.
        found: Vec<String>,
    },

    /// Only known patients were asked for, and a class has none.
    #[error("cannot choose known patients: none is known of class \"{class}\".")]
    NoKnownPatients {
        /// The class.
        class: String,
    },
}

impl DatasetError {
    /// What to do next, where something can be done.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Read { .. } | Self::UnknownClass { .. } => return None,
            Self::TooFewClasses { .. } => {
                "lay the files out as <folder>/<class>/* or <folder>/{Training,Testing}/<class>/*, or put a CSV with the \
                 columns path and label into the folder."
            }
            Self::SeveralLabels { .. } => {
                "join them into one, with a column split where they are parts, or name one as the CSV of labels."
            }
            Self::Csv { .. } => "a spreadsheet writes what is read here as \"CSV UTF-8\".",
            Self::NoColumn { needed, .. } => {
                return Some(format!("{needed}; cells may be empty, other columns are ignored."));
            }
            Self::RepeatedRow { .. } => "leave one row for each file.",
            Self::NoRowMatches { example, .. } => {
                return Some(format!(
                    "the column path must be relative to that folder or to the CSV, such as \"{example}\"."
                ));
            }
            Self::Shares { .. } => "give each from 0 up to 1, together less than 1.",
            Self::NoOfficialParts { .. } => "choose the protocol random or grouped.",
            Self::TooFewGroups { .. } => "add scans of other patients, or set the share of validation to 0.",
            Self::Fold { .. } => "folds are 2 or more, and are counted from 1.",
            Self::OfficialFolds => "choose the protocol grouped, or random to see what it hides.",
            Self::NoKnownPatients { .. } => "leave the class out, or name its patients in a CSV of groups.",
        };
        Some(hint.to_owned())
    }
}

fn found_classes(classes: &[String]) -> String {
    if classes.is_empty() { "found no class".to_owned() } else { format!("found the class {} alone", quoted(classes)) }
}

fn in_words(paths: &[PathBuf]) -> String {
    quoted(&paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>())
}
