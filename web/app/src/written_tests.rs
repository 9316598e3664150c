//! Reports and catalogues as they are written, read as the page reads them. `tests/written` has one of every kind that
//! `sulcus` writes; the tests of the command hold those against what it writes now.

#[path = "../../../crates/xtask/src/page/report_index.rs"]
mod report_index;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::*;
use crate::catalogue::Catalogue;

const WRITTEN: &str = "../../tests/written";
const SHIPPED: &str = "../../weights";

/// The reports of a folder, as the build puts them into `reports/index.json`, by their file's name.
fn index(folder: &str) -> BTreeMap<String, Option<IndexEntry>> {
    let files = fs::read_dir(Path::new(folder).join("reports")).unwrap().map(|file| file.unwrap().path());
    let read = |file: &Path| serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    files
        .map(|file| {
            let entry = report_index::entry(&file.file_name().unwrap().to_string_lossy(), read(&file));
            let indexed = entry.map(|entry| serde_json::from_value(entry).unwrap());
            (file.file_stem().unwrap().to_string_lossy().into_owned(), indexed)
        })
        .collect()
}

fn catalogue(folder: &str) -> Catalogue {
    serde_json::from_str(&fs::read_to_string(Path::new(folder).join("manifest.json")).unwrap()).unwrap()
}

/// What the page takes a report for.
fn kind(entry: Option<&IndexEntry>) -> &str {
    match entry.map(|IndexEntry(entry)| &entry.content) {
        None => "about no weights file",
        Some(Report::Folds(_)) => "folds",
        Some(Report::Evaluation(report)) if report.header.leakage.is_none() => "evaluation, leakage not known",
        Some(Report::Evaluation(_)) => "evaluation",
        Some(Report::Calibration(_)) => "calibration",
        Some(Report::Detection(_)) => "detection",
        Some(Report::Transfer(_)) => "transfer",
        Some(Report::Rounding(_)) => "rounding",
        Some(Report::Unreadable(reason)) => reason,
    }
}

#[test]
fn every_kind_of_report_that_is_written_is_taken_for_what_it_is() {
    let index = index(WRITTEN);
    let kinds: BTreeMap<&str, &str> = index.iter().map(|(name, entry)| (name.as_str(), kind(entry.as_ref()))).collect();
    let expected = [
        ("ablate", "about no weights file"),
        ("audit", "about no weights file"),
        ("bench", "about no weights file"),
        ("calibrate", "calibration"),
        ("classify", "about no weights file"),
        ("evaluate", "evaluation"),
        ("evaluate-detection", "detection"),
        ("evaluate-other-scans", "evaluation, leakage not known"),
        ("export", "rounding"),
        ("probe", "about no weights file"),
        ("train", "evaluation"),
        ("train-folds", "folds"),
        ("train-sources", "detection"),
        ("transfer", "transfer"),
    ];
    assert_eq!(kinds, BTreeMap::from(expected));
}

#[test]
fn what_older_reports_may_lack_is_read_where_it_is_written() {
    let written = index(WRITTEN);
    let Some(IndexEntry(ReportEntry { content: Report::Evaluation(report), .. })) = &written["evaluate"] else {
        panic!("no evaluation")
    };
    let leakage = report.header.leakage.unwrap();
    assert_eq!((leakage.test_without_patient, leakage.test_without_groups, leakage.leaky), (8, 8, true));
    let Some(IndexEntry(ReportEntry { content: Report::Transfer(transfer), .. })) = &written["transfer"] else {
        panic!("no transfer")
    };
    assert!(transfer.healthy.called.contains_key("notumor") && transfer.healthy.n > 0);
}

#[test]
fn the_report_of_an_exported_file_is_found_by_the_catalogue_that_the_export_wrote() {
    let papers: Vec<IndexEntry> = index(WRITTEN).into_values().flatten().collect();
    let catalogue = catalogue(WRITTEN);
    let reports = ModelReports::of(catalogue.choose(None).unwrap(), &papers);
    let own: Vec<&str> = reports.own.iter().map(|entry| entry.address.as_str()).collect();
    // On its own held-out slices, and on other scans.
    assert_eq!(own, ["weights/reports/evaluate-other-scans.json", "weights/reports/evaluate.json"]);
    assert_eq!((reports.others.len(), reports.folds.len()), (1, 1));
}

#[test]
fn every_shipped_report_about_a_weights_file_can_be_read() {
    let index = index(SHIPPED);
    let papers: Vec<IndexEntry> = index.values().flatten().cloned().collect();
    assert!(papers.len() > 10);
    assert_eq!(unreadable(&papers), []);
    for model in &catalogue(SHIPPED).models {
        let reports = ModelReports::of(model, &papers);
        assert!(reports.honest().is_some() && reports.leaky().is_some(), "{}", model.id);
        assert!(reports.calibration.is_some() && reports.transfer.is_some(), "{}", model.id);
    }
}
