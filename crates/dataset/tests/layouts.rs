//! Folders as public sets and people lay them out.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

#[path = "made/files.rs"]
mod files;

use dataset::{Dataset, DatasetError, Part, PatientSource, Reason};
use files::{PNG, write};
use tempfile::TempDir;

fn folder(paths: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for path in paths {
        write(folder.path(), path, PNG);
    }
    folder
}

fn open(paths: &[&str]) -> Dataset {
    Dataset::open(folder(paths).path()).unwrap()
}

/// Path, class and part of every record.
fn records(dataset: &Dataset) -> Vec<(&str, &str, Option<Part>)> {
    dataset.records.iter().map(|record| (record.path.as_str(), dataset.class(record), record.part)).collect()
}

fn rejected(dataset: &Dataset) -> Vec<(&str, Reason)> {
    dataset.rejected.iter().map(|file| (file.path.as_str(), file.reason.clone())).collect()
}

#[test]
fn folders_of_parts_are_found_whatever_their_case_and_form() {
    for (training, testing) in [("training", "testing"), ("TRAIN", "Test"), ("train", "TESTING"), ("val", "test")] {
        let [glioma, notumor] = [format!("{training}/glioma/1.png"), format!("{testing}/notumor/1.png")];
        let dataset = open(&[&glioma, &notumor]);
        let mut expected =
            [(glioma.as_str(), "glioma", Some(Part::Training)), (&notumor, "notumor", Some(Part::Testing))];
        expected.sort_by_key(|record| record.0);
        assert_eq!(records(&dataset), expected);
    }
}

#[test]
fn a_folder_for_validation_counts_as_training_and_it_is_said() {
    let dataset = open(&["train/a/1.png", "Valid/b/1.png", "test/a/2.png"]);
    let parts: Vec<_> = dataset.records.iter().filter_map(|record| record.part).collect();
    assert_eq!(parts, [Part::Training, Part::Testing, Part::Training]);
    assert!(dataset.notes.iter().any(|note| note.starts_with("\"Valid\" counts as Training")), "{:?}", dataset.notes);
}

#[test]
fn parts_inside_class_folders_are_found() {
    let dataset = open(&["glioma/train/1.png", "glioma/test/2.png", "knee/train/3.png", "knee/test/4.png"]);
    assert_eq!(
        records(&dataset),
        [
            ("glioma/test/2.png", "glioma", Some(Part::Testing)),
            ("glioma/train/1.png", "glioma", Some(Part::Training)),
            ("knee/test/4.png", "knee", Some(Part::Testing)),
            ("knee/train/3.png", "knee", Some(Part::Training)),
        ]
    );
    assert_eq!(dataset.patients_from.len(), 0, "parts are no patients");
}

#[test]
fn a_class_may_be_called_test() {
    let dataset = open(&["control/1.png", "test/1.png"]);
    assert_eq!(dataset.classes, ["control", "test"]);
    assert!(dataset.records.iter().all(|record| record.part.is_none()));
}

#[test]
fn a_folder_around_it_all_is_gone_into_and_it_is_said() {
    let outer = folder(&["set/Training/a/1.png", "set/Testing/b/1.png", "set/Testing/b/2.png"]);
    write(outer.path(), "LICENSE", b"free");
    let dataset = Dataset::open(outer.path()).unwrap();
    assert_eq!(
        records(&dataset),
        records(&Dataset::open(&outer.path().join("set")).unwrap()),
        "as if the inner folder had been named"
    );
    assert_eq!(dataset.root, outer.path().join("set"));
    assert!(dataset.file(&dataset.records[0]).is_file());
    assert_eq!(rejected(&dataset), [("../LICENSE", Reason::Outside)]);
    assert!(dataset.notes[0].contains("\"set\""), "{:?}", dataset.notes);
}

#[test]
fn spellings_of_a_class_are_one_class_and_it_is_said() {
    let dataset = open(&["Training/no_tumor/1.png", "Testing/notumor/2.png", "Testing/Glioma_tumor/3.png"]);
    assert_eq!(
        records(&dataset),
        [
            ("Testing/Glioma_tumor/3.png", "glioma", Some(Part::Testing)),
            ("Testing/notumor/2.png", "notumor", Some(Part::Testing)),
            ("Training/no_tumor/1.png", "notumor", Some(Part::Training)),
        ]
    );
    assert_eq!(
        dataset.notes,
        [r#""Glioma_tumor" is read as the class "glioma""#, r#""no_tumor" is read as the class "notumor""#]
    );
}

#[test]
fn an_unknown_class_beside_known_ones_is_kept_and_named() {
    let dataset = open(&["glioma/1.png", "notumor/2.png", "masks/3.png"]);
    assert_eq!(dataset.classes, ["glioma", "masks", "notumor"]);
    assert!(dataset.notes[0].starts_with("\"masks\" is none of glioma"), "{:?}", dataset.notes);
}

#[test]
fn folders_inside_a_class_are_patients_and_it_is_said() {
    let dataset =
        open(&["glioma/P1/1.png", "glioma/P1/T2/2.png", "glioma/P2/3.png", "notumor/4.png", "notumor/P1/5.png"]);
    let patients: Vec<_> = dataset.records.iter().map(|record| record.patient_group.as_deref()).collect();
    assert_eq!(patients, [Some("P1"), Some("P1"), Some("P2"), None, Some("P1")]);
    assert_eq!(dataset.patients_from.iter().collect::<Vec<_>>(), [&PatientSource::Folders]);
    assert!(
        dataset.notes[0].contains("\"P1\", \"P2\" inside class folders are taken for patients"),
        "{:?}",
        dataset.notes
    );
}

#[test]
fn headers_of_all_files_know_patients_better_than_folders_do() {
    let dataset = open(&["glioma/axial/1.dcm", "glioma/coronal/2.dcm", "notumor/axial/3.dcm"]);
    let ids = ["p", "p", "q"].map(|id| Some(id.to_owned()));
    let known = dataset.clone().with_patient_ids(&ids);
    assert!(known.records.iter().zip(&ids).all(|(record, id)| record.patient_group == *id));
    assert_eq!(known.patients_from.iter().collect::<Vec<_>>(), [&PatientSource::Dicom]);
    let joined = dataset.with_patient_ids(&[Some("p".to_owned()), None, Some("q".to_owned())]);
    let patients: Vec<_> = joined.records.iter().map(|record| record.patient_group.as_deref()).collect();
    assert_eq!(patients, [Some("axial"), Some("coronal"), Some("axial")], "one file has no header");
}

#[test]
fn one_folder_inside_every_class_is_no_patient() {
    let dataset = open(&["glioma/images/1.png", "notumor/images/2.png"]);
    assert_eq!(dataset.records.len(), 2);
    assert!(dataset.records.iter().all(|record| record.patient_group.is_none()));
    assert!(dataset.patients_from.is_empty() && dataset.notes.is_empty(), "{:?}", dataset.notes);
}

#[test]
fn class_folders_inside_others_are_found_and_those_are_named() {
    let dataset = open(&["P1/glioma/1.png", "P2/notumor/1.png", "P3/glioma/1.png"]);
    assert_eq!(dataset.classes, ["glioma", "notumor"]);
    assert!(
        dataset.notes[0].starts_with("the folders \"P1\", \"P2\", \"P3\" around class folders"),
        "{:?}",
        dataset.notes
    );
}

#[test]
fn what_systems_and_archivers_leave_is_no_scan_and_is_listed() {
    let set = folder(&["a/1.png", "b/1.png", "__MACOSX/a/1.png", "a/@eaDir/1.png", "a/.cache/1.png"]);
    write(set.path(), "a/._1.png", b"\0\x05\x16\x07");
    write(set.path(), "b/Thumbs.db", b"\xd0\xcf\x11\xe0");
    let dataset = Dataset::open(set.path()).unwrap();
    assert_eq!(dataset.classes, ["a", "b"]);
    assert_eq!(dataset.records.len(), 2);
    assert_eq!(
        rejected(&dataset),
        [
            ("__MACOSX", Reason::Hidden),
            ("a/._1.png", Reason::NotAnImage),
            ("a/.cache", Reason::Hidden),
            ("a/@eaDir", Reason::Hidden),
            ("b/Thumbs.db", Reason::NotAnImage),
        ]
    );
}

#[test]
fn a_folder_beside_those_of_parts_is_named_once() {
    let set = folder(&["Training/a/1.png", "Testing/b/1.png", "masks/a/1.png", "masks/a/2.png"]);
    std::fs::create_dir(set.path().join("masks/none")).unwrap();
    let dataset = Dataset::open(set.path()).unwrap();
    assert_eq!(rejected(&dataset), [("masks", Reason::Outside)]);
}

#[cfg(unix)]
#[test]
fn a_link_in_a_circle_is_listed_and_a_linked_class_is_read() {
    use std::os::unix::fs::symlink;
    let (set, elsewhere) = (folder(&["a/1.png"]), folder(&["2.png"]));
    symlink(set.path(), set.path().join("a/circle")).unwrap();
    symlink(elsewhere.path(), set.path().join("b")).unwrap();
    let dataset = Dataset::open(set.path()).unwrap();
    assert_eq!(records(&dataset), [("a/1.png", "a", None), ("b/2.png", "b", None)]);
    assert_eq!(rejected(&dataset), [("a/circle", Reason::Circle)]);
}

#[test]
fn an_error_says_what_was_found_and_what_is_expected() {
    let error = Dataset::open(folder(&["1.png", "2.png", "x/3.png"]).path()).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, DatasetError::TooFewClasses { .. }), "{text}");
    for promised in ["2 in the folder itself", "1 in \"x\""] {
        assert!(text.contains(promised), "{text}");
    }
    let hint = error.hint().unwrap();
    assert!(hint.contains("<folder>/<class>/*") && hint.contains("columns path and label"), "{hint}");
    let nothing = Dataset::open(folder(&[]).path()).unwrap_err().to_string();
    assert!(nothing.contains("no image is below it"), "{nothing}");
}
