//! What is read from a folder and its CSV, and what is passed over.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

mod made;

use dataset::{Copies, Dataset, DatasetError, Orientation, Part, Reason, fingerprint, unique};
use made::{PNG, Row, dataset, folder, hospital, write};

fn row(path: &str, patient: &str, dup: &str) -> Row {
    (path.to_owned(), patient.to_owned(), dup.to_owned())
}

#[test]
fn a_folder_with_parts_gives_sorted_records_with_labels_and_parts() {
    let set = tempfile::tempdir().unwrap();
    for path in ["Training/b/2.png", "Training/a/1.png", "Testing/b/1.png"] {
        write(set.path(), path, PNG);
    }
    let dataset = Dataset::open(set.path()).unwrap();
    assert_eq!(dataset.classes, ["a", "b"]);
    let records: Vec<_> = dataset.records.iter().map(|r| (r.path.as_str(), r.label, r.part.unwrap())).collect();
    assert_eq!(
        records,
        [
            ("Testing/b/1.png", 1, Part::Testing),
            ("Training/a/1.png", 0, Part::Training),
            ("Training/b/2.png", 1, Part::Training)
        ]
    );
    assert!(dataset.file(&dataset.records[0]).is_file());
}

#[test]
fn a_folder_without_parts_gives_records_without_parts() {
    let set = tempfile::tempdir().unwrap();
    write(set.path(), "notumor/1.png", PNG);
    write(set.path(), "glioma/1.png", PNG);
    let dataset = Dataset::open(set.path()).unwrap();
    assert_eq!(dataset.classes, ["glioma", "notumor"]);
    assert!(dataset.records.iter().all(|record| record.part.is_none()));
}

#[test]
fn every_supported_format_is_known_by_its_first_bytes_whatever_its_name() {
    let set = tempfile::tempdir().unwrap();
    let dicom = [&[0; 128], b"DICM".as_slice()].concat();
    let bitmap = b"BM............\x28\0\0\0";
    let formats: [&[u8]; 7] = [b"\xFF\xD8\xFF\xE0", PNG, bitmap, b"II*\0", b"MM\0*", b"RIFF1234WEBPVP8 ", &dicom];
    for (i, bytes) in formats.iter().enumerate() {
        write(set.path(), &format!("a/{i}.jpg"), bytes);
    }
    write(set.path(), "b/1.png", PNG);
    let dataset = Dataset::open(set.path()).unwrap();
    assert_eq!(dataset.records.len(), 8);
    assert_eq!(dataset.rejected, []);
}

#[test]
fn what_cannot_be_used_is_listed_with_its_reason_and_stops_nothing() {
    let set = tempfile::tempdir().unwrap();
    write(set.path(), "Training/a/1.png", PNG);
    write(set.path(), "Training/b/1.png", PNG);
    write(set.path(), "Training/a/empty.png", b"");
    write(set.path(), "Training/a/text.png", b"not an image");
    write(set.path(), "Training/c/.DS_Store", b"Bud1");
    write(set.path(), "Training/.hidden/1.png", PNG);
    write(set.path(), "readme.txt", b"hello");
    let dataset = Dataset::open(set.path()).unwrap();
    let rejected: Vec<_> = dataset.rejected.iter().map(|r| (r.path.as_str(), r.reason.clone())).collect();
    assert_eq!(
        rejected,
        [
            ("Training/.hidden", Reason::Hidden),
            ("Training/a/empty.png", Reason::Empty),
            ("Training/a/text.png", Reason::NotAnImage),
            ("Training/c", Reason::EmptyFolder),
            ("Training/c/.DS_Store", Reason::NotAnImage),
            ("readme.txt", Reason::Outside),
        ]
    );
    assert_eq!(dataset.classes, ["a", "b"]);
    assert_eq!(dataset.records.len(), 2);
}

#[cfg(unix)]
#[test]
fn a_broken_link_is_listed_as_unreadable() {
    let set = tempfile::tempdir().unwrap();
    write(set.path(), "a/1.png", PNG);
    write(set.path(), "b/1.png", PNG);
    std::os::unix::fs::symlink("nowhere.png", set.path().join("a/2.png")).unwrap();
    let dataset = Dataset::open(set.path()).unwrap();
    assert_eq!(dataset.records.len(), 2);
    assert_eq!(dataset.rejected[0].path, "a/2.png");
    assert!(matches!(&dataset.rejected[0].reason, Reason::Unreadable(_)), "{:?}", dataset.rejected);
}

#[test]
fn a_missing_folder_and_a_single_class_are_errors_that_name_the_folder() {
    let set = tempfile::tempdir().unwrap();
    let error = Dataset::open(&set.path().join("nowhere")).unwrap_err();
    assert!(error.to_string().contains("nowhere"), "{error}");

    write(set.path(), "only/1.png", PNG);
    let error = Dataset::open(set.path()).unwrap_err();
    assert!(matches!(error, DatasetError::TooFewClasses { ref classes, .. } if classes == &["only"]), "{error}");
}

#[test]
fn groups_reach_their_files_and_an_empty_cell_means_unknown() {
    let dataset = dataset(&[row("a/1.png", "p1", "7"), row("b/1.png", "", "8"), row("b/2.png", "p2", "")]);
    let groups: Vec<_> =
        dataset.records.iter().map(|record| (record.patient_group.as_deref(), record.dup_group.as_deref())).collect();
    assert_eq!(groups, [(Some("p1"), Some("7")), (None, Some("8")), (Some("p2"), None)]);
}

#[test]
fn a_missing_column_is_an_error_that_names_the_file_and_the_column() {
    let (folder, csv) = folder(&[row("a/1.png", "", ""), row("b/1.png", "", "")]);
    for (header, missing) in [("file,patient_group", "path"), ("path,label", "patient_group")] {
        std::fs::write(&csv, format!("{header}\na/1.png,p\n")).unwrap();
        let dataset = Dataset::open(&folder.path().join("set")).unwrap();
        let message = dataset.with_groups(&csv).unwrap_err().to_string();
        assert!(message.contains("groups.csv") && message.contains(&format!("{missing:?}")), "{message}");
    }
}

#[test]
fn a_csv_of_patients_alone_or_of_copies_alone_is_enough() {
    let (folder, csv) = folder(&[row("a/1.png", "", ""), row("b/1.png", "", "")]);
    let known = |header: &str| {
        std::fs::write(&csv, format!("{header}\na/1.png,p\n")).unwrap();
        let record =
            Dataset::open(&folder.path().join("set")).unwrap().with_groups(&csv).unwrap().records.swap_remove(0);
        (record.patient_group, record.dup_group)
    };
    assert_eq!(known("path,patient_group"), (Some("p".into()), None));
    assert_eq!(known("path,dup_group"), (None, Some("p".into())));
}

#[test]
fn copies_that_a_csv_names_are_joined_with_those_that_are_found() {
    let known = [row("a/1.png", "", "7"), row("a/2.png", "", ""), row("b/1.png", "", "7"), row("b/2.png", "", "")];
    let found = Copies { a: 1, b: 2, orientation: Orientation::Same, correlation: 1.0 };
    let dataset = dataset(&known).with_copies(&[found]);
    let groups: Vec<_> = dataset.records.iter().filter_map(|record| record.dup_group.as_deref()).collect();
    assert_eq!(groups, ["a/1.png", "a/1.png", "a/1.png", "b/2.png"]);
}

#[test]
fn a_csv_about_other_files_is_refused() {
    let (folder, csv) = folder(&[row("a/1.png", "", ""), row("b/1.png", "", "")]);
    std::fs::write(&csv, "path,patient_group,dup_group\nother/a/1.png,p,1\n").unwrap();
    let dataset = Dataset::open(&folder.path().join("set")).unwrap();
    let error = dataset.with_groups(&csv).unwrap_err();
    assert!(error.to_string().contains("groups.csv"), "{error}");
    assert!(error.hint().is_some_and(|hint| hint.contains("\"a/1.png\"")), "{error}");
}

#[test]
fn a_row_without_a_file_is_listed_and_a_repeated_row_is_refused() {
    let (folder, csv) = folder(&[row("a/1.png", "", ""), row("b/1.png", "", "")]);
    let root = folder.path().join("set");
    let header = "path,patient_group,dup_group\n";
    std::fs::write(&csv, format!("{header}a/1.png,p,1\na/9.png,p,1\n")).unwrap();
    let dataset = Dataset::open(&root).unwrap().with_groups(&csv).unwrap();
    assert_eq!(dataset.rejected.len(), 1);
    assert_eq!((dataset.rejected[0].path.as_str(), &dataset.rejected[0].reason), ("a/9.png", &Reason::Missing));

    std::fs::write(&csv, format!("{header}a/1.png,p,1\na/1.png,q,1\n")).unwrap();
    let error = Dataset::open(&root).unwrap().with_groups(&csv).unwrap_err();
    assert!(matches!(error, DatasetError::RepeatedRow { .. }), "{error}");
}

#[test]
fn unique_keeps_the_first_of_every_image_and_none_of_a_contradiction() {
    let dataset = dataset(&[
        row("a/1.png", "", "1"),
        row("a/2.png", "", "1"),
        row("a/3.png", "", ""),
        row("a/4.png", "", "2"),
        row("b/1.png", "", "2"),
        row("b/2.png", "", "3"),
    ]);
    assert_eq!(unique(&dataset, &[0, 1, 2, 3, 4, 5]), [0, 2, 5]);
    assert_eq!(unique(&dataset, &[1, 3]), [1], "the contradiction counts though its other half is not asked for");
}

#[test]
fn a_fingerprint_follows_the_content_and_not_the_place() {
    let (here, csv) = folder(&hospital());
    let (there, _) = folder(&hospital());
    let root = here.path().join("set");
    let first = fingerprint(&Dataset::open(&root).unwrap()).unwrap();
    let elsewhere = Dataset::open(&there.path().join("set")).unwrap();
    assert_eq!(first.len(), 64);
    assert_eq!(fingerprint(&elsewhere).unwrap(), first);
    let grouped = Dataset::open(&root).unwrap().with_groups(&csv).unwrap();
    assert_eq!(fingerprint(&grouped).unwrap(), first);

    write(&root, "Training/glioma/001.png", b"\x89PNG\r\n\x1a\n!");
    assert_ne!(fingerprint(&Dataset::open(&root).unwrap()).unwrap(), first);
}
