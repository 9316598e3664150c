//! Folders made for a test.

use std::fmt::Write;
use std::path::PathBuf;

use dataset::Dataset;
use tempfile::TempDir;

pub use files::{PNG, write};

mod files;

/// One row of a CSV of groups: path, patient, duplicate group.
pub type Row = (String, String, String);

/// A folder with an image for every row, and a CSV of their groups beside it.
pub fn folder(rows: &[Row]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let mut csv = "label,path,patient_group,dup_group\n".to_owned();
    for (path, patient, dup) in rows {
        write(&folder.path().join("set"), path, PNG);
        writeln!(csv, "ignored,{path},{patient},{dup}").unwrap();
    }
    let csv_file = folder.path().join("groups.csv");
    std::fs::write(&csv_file, csv).unwrap();
    (folder, csv_file)
}

/// The data set of [`folder`] with its groups.
pub fn dataset(rows: &[Row]) -> Dataset {
    let (folder, csv) = folder(rows);
    Dataset::open(&folder.path().join("set")).unwrap().with_groups(&csv).unwrap()
}

/// Four classes of 150 files: 20 patients of 1 to 10 slices with a mirrored copy for every third slice, and files of
/// which nothing is known.
pub fn hospital() -> Vec<Row> {
    let mut rows = Vec::new();
    for class in ["glioma", "meningioma", "notumor", "pituitary"] {
        let mut slice = 0;
        for patient in 0..20 {
            for _ in 0..=patient / 2 {
                let part = if slice % 5 == 0 { "Testing" } else { "Training" };
                let twin = format!("{class}-{}", slice - slice % 3 / 2);
                rows.push((format!("{part}/{class}/{slice:03}.png"), format!("{class}-{patient}"), twin));
                slice += 1;
            }
        }
        for slice in slice..150 {
            rows.push((format!("Training/{class}/{slice:03}.png"), String::new(), String::new()));
        }
    }
    rows
}
