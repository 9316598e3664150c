//! CSVs of labels and groups, as people, programs and spreadsheets write them.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

#[path = "made/files.rs"]
mod files;

use dataset::{Dataset, DatasetError, Part, PatientSource, Reason, fingerprint};
use files::{PNG, write};
use tempfile::TempDir;

/// A folder with two images in none of a class's, and a CSV beside them.
fn labelled(csv: &[u8]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for path in ["images/1.png", "images/2.png"] {
        write(folder.path(), path, PNG);
    }
    write(folder.path(), "labels.csv", csv);
    folder
}

fn classes(dataset: &Dataset) -> Vec<(&str, &str)> {
    dataset.records.iter().map(|record| (record.path.as_str(), dataset.class(record))).collect()
}

/// A text as UTF-16 with a byte order mark.
fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(unit).collect()
}

const EXPECTED: [(&str, &str); 2] = [("images/1.png", "glioma"), ("images/2.png", "notumor")];

#[test]
fn labels_are_read_in_every_form_that_spreadsheets_write() {
    let plain = "path,label\nimages/1.png,glioma\nimages/2.png,no tumor\n";
    let turned = "Patient;LABEL ; Path\r\np1;Glioma;images\\1.png\r\n;notumor; ./images/2.png\r\n";
    let forms = [
        plain.as_bytes().to_vec(),
        turned.as_bytes().to_vec(),
        plain.replace(',', "\t").into_bytes(),
        [b"\xef\xbb\xbf", plain.as_bytes()].concat(),
        utf16(&plain.replace(',', "\t"), u16::to_le_bytes),
        utf16(turned, u16::to_be_bytes),
    ];
    for form in forms {
        let folder = labelled(&form);
        let dataset = Dataset::open(folder.path()).unwrap();
        assert_eq!(classes(&dataset), EXPECTED, "{}", String::from_utf8_lossy(&form));
        assert_eq!(dataset.labels, Some(folder.path().join("labels.csv")));
        assert!(dataset.notes[0].contains("labels.csv"), "{:?}", dataset.notes);
        assert_eq!(dataset.rejected, []);
    }
}

#[test]
fn patients_copies_and_parts_come_with_the_labels() {
    let folder = labelled(
        b"path,label,patient,split,dup_group\nimages/1.png,glioma,p1,Train,7\nimages/2.png,notumor,,testing,\n",
    );
    let dataset = Dataset::open(folder.path()).unwrap();
    let [first, second] = &dataset.records[..] else { panic!("two records") };
    assert_eq!(
        (first.part, first.patient_group.as_deref(), first.dup_group.as_deref()),
        (Some(Part::Training), Some("p1"), Some("7"))
    );
    assert_eq!((second.part, &second.patient_group, &second.dup_group), (Some(Part::Testing), &None, &None));
    assert_eq!(dataset.patients_from.iter().collect::<Vec<_>>(), [&PatientSource::Csv]);
}

#[test]
fn paths_may_be_relative_to_the_csv() {
    let folder = labelled(b"");
    let csv = b"path,label\nimages/1.png,glioma\nimages/2.png,notumor\n";
    write(folder.path(), "labels.csv", csv);
    let inside = Dataset::open_labelled(&folder.path().join("images"), &folder.path().join("labels.csv")).unwrap();
    assert_eq!(classes(&inside), [("1.png", "glioma"), ("2.png", "notumor")]);
    write(folder.path(), "images/own.csv", b"path,label\n1.png,glioma\n2.png,notumor\n");
    let outside = Dataset::open_labelled(folder.path(), &folder.path().join("images/own.csv")).unwrap();
    assert_eq!(classes(&outside), EXPECTED);
}

#[test]
fn every_file_that_the_labels_leave_out_is_listed() {
    let folder = labelled(
        b"path,label\nimages/1.png,glioma\nimages/2.png,\nimages/9.png,glioma\nimages/x.png,a\nb.png,notumor\n",
    );
    write(folder.path(), "images/x.png", b"no image");
    write(folder.path(), "b.png", PNG);
    write(folder.path(), "c.png", PNG);
    let dataset = Dataset::open(folder.path()).unwrap();
    let rejected: Vec<_> = dataset.rejected.iter().map(|file| (file.path.as_str(), file.reason.clone())).collect();
    assert_eq!(
        rejected,
        [
            ("c.png", Reason::NoRow),
            ("images/2.png", Reason::NoLabel),
            ("images/9.png", Reason::Missing),
            ("images/x.png", Reason::NotAnImage),
        ]
    );
    assert_eq!(dataset.records.len(), 2);
}

#[test]
fn folders_name_the_classes_unless_they_name_no_known_one() {
    let csv = b"path,label\na/1.png,glioma\nb/1.png,notumor\n";
    for (folders, expected, says) in
        [(["a", "b"], ["glioma", "notumor"], "the labels are those of"), (["glioma", "b"], ["b", "glioma"], "")]
    {
        let folder = tempfile::tempdir().unwrap();
        for name in folders {
            write(folder.path(), &format!("{name}/1.png"), PNG);
        }
        write(folder.path(), "index.csv", csv);
        let dataset = Dataset::open(folder.path()).unwrap();
        assert_eq!(dataset.classes, expected);
        assert!(dataset.notes.iter().any(|note| note.contains(says)), "{:?}", dataset.notes);
    }
}

#[test]
fn labels_that_contradict_the_folders_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    for path in ["glioma/1.png", "notumor/2.png", "notumor/3.png"] {
        write(folder.path(), path, PNG);
    }
    write(
        folder.path(),
        "index.csv",
        b"path,label\nglioma/1.png,Glioma tumor\nnotumor/2.png,pituitary\nnotumor/3.png,notumor\n",
    );
    let dataset = Dataset::open(folder.path()).unwrap();
    assert_eq!(dataset.classes, ["glioma", "notumor"]);
    assert!(dataset.notes[0].contains("index.csv\" labels 1 files otherwise"), "{:?}", dataset.notes);
}

#[test]
fn a_csv_that_cannot_be_used_is_refused_with_the_place_and_a_hint() {
    let hostile: [(&[u8], &str); 9] = [
        (b"path,label\n\xe4.png,glioma\n", "no text in UTF-8 or UTF-16"),
        (b"PK\x03\x04\0\0", "no text in UTF-8 or UTF-16"),
        (b"\xff\xfep\0a", "no text in UTF-8 or UTF-16"),
        (b"path,label\nimages/1.png\n", "line 2 has 1 cells, and the header has 2"),
        (b"path,label\nimages/1.png,glioma\nimages\\1.png,notumor\n", "\"images/1.png\" has a second row in line 3"),
        (b"path,label,split\nimages/1.png,glioma,train\nimages/2.png,notumor,\n", "line 3: the split is \"\""),
        (b"path,label,split\nimages/1.png,glioma,west\n", "line 2: the split is \"west\"; accepted are train"),
        (b"path,label\nother/1.png,glioma\n", "none of its 1 rows names a file"),
        (b"path,label\nimages/1.png,glioma\n", "found the class \"glioma\" alone"),
    ];
    for (csv, promised) in hostile {
        let error = Dataset::open(labelled(csv).path()).unwrap_err();
        let text = error.to_string();
        assert!(text.contains(promised) && text.contains("labels.csv") && error.hint().is_some(), "{text}");
    }
}

#[test]
fn two_csvs_of_labels_are_refused_unless_one_is_named() {
    let folder = labelled(b"path,label\nimages/1.png,glioma\nimages/2.png,notumor\n");
    write(folder.path(), "more.tsv", b"path\tlabel\nimages/1.png\tpituitary\nimages/2.png\tnotumor\n");
    let error = Dataset::open(folder.path()).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("labels.csv") && text.contains("more.tsv"), "{text}");
    assert!(error.hint().is_some_and(|hint| hint.contains("split")), "{text}");
    let named = Dataset::open_labelled(folder.path(), &folder.path().join("more.tsv")).unwrap();
    assert_eq!(named.classes, ["notumor", "pituitary"]);
}

#[test]
fn other_labels_or_parts_are_another_fingerprint() {
    let of = |csv: &[u8]| fingerprint(&Dataset::open(labelled(csv).path()).unwrap()).unwrap();
    let first = of(b"path,label\nimages/1.png,glioma\nimages/2.png,notumor\n");
    assert_eq!(first, of(b"label;path\nno tumour;images/2.png\nglioma;images/1.png\n"), "it says the same");
    assert_ne!(first, of(b"path,label\nimages/1.png,notumor\nimages/2.png,glioma\n"));
    assert_ne!(first, of(b"path,label,split\nimages/1.png,glioma,train\nimages/2.png,notumor,test\n"));
}

#[test]
fn groups_are_read_in_the_same_forms_as_labels() {
    let folder = tempfile::tempdir().unwrap();
    for path in ["set/a/1.png", "set/b/1.png"] {
        write(folder.path(), path, PNG);
    }
    let dataset = Dataset::open(&folder.path().join("set")).unwrap();
    let csv = folder.path().join("groups.csv");
    for (form, text) in [
        ("semicolons, other case and order", b"Dup_Group;Patient_ID;PATH\n;p;a/1.png\n".to_vec()),
        ("UTF-16", utf16("path\tpatient_group\r\na\\1.png\tp\r\n", u16::to_le_bytes)),
        ("relative to the CSV", b"path,patient\nset/a/1.png,p\n".to_vec()),
    ] {
        std::fs::write(&csv, text).unwrap();
        let grouped = dataset.clone().with_groups(&csv).unwrap();
        assert_eq!(grouped.records[0].patient_group.as_deref(), Some("p"), "{form}");
        assert_eq!(grouped.rejected, [], "{form}");
    }
}

#[cfg(unix)]
#[test]
fn names_with_space_at_the_end_and_backslashes_are_written_and_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["a/1.png", "a/1.png ", " b\\c/1.png", "b/1\\2.png", "b/\"quoted\", 3.png", "b/two\nlines.png"];
    for name in names {
        write(folder.path(), name, PNG);
    }
    let dataset = Dataset::open(folder.path()).unwrap().with_copies(&[]);
    let ids: Vec<_> = (0..dataset.records.len()).map(|patient| Some(format!("p{patient}"))).collect();
    let dataset = dataset.with_patient_ids(&ids);
    let csv = folder.path().join("index.csv");
    dataset.write_groups(&csv).unwrap();
    let read = Dataset::open(folder.path()).unwrap().with_groups(&csv).unwrap();
    assert_eq!(read.records, dataset.records);
    assert_eq!(read.records.len(), names.len());
}

#[test]
fn patients_of_folders_stay_where_a_csv_says_nothing_of_them() {
    let folder = tempfile::tempdir().unwrap();
    for path in ["a/P1/1.png", "a/P2/2.png", "b/3.png"] {
        write(folder.path(), path, PNG);
    }
    let dataset = Dataset::open(folder.path()).unwrap();
    let csv = folder.path().join("groups.csv");
    let known = |text: &str| {
        std::fs::write(&csv, text).unwrap();
        let read = dataset.clone().with_groups(&csv).unwrap();
        let patients: Vec<_> = read.records.into_iter().map(|record| record.patient_group).collect();
        (patients, read.patients_from.into_iter().collect::<Vec<_>>())
    };
    let named = |names: [&str; 3]| names.map(|name| (!name.is_empty()).then(|| name.to_owned())).to_vec();
    assert_eq!(known("path,dup_group\na/P1/1.png,1\n"), (named(["P1", "P2", ""]), vec![PatientSource::Folders]));
    let both = vec![PatientSource::Folders, PatientSource::Csv];
    assert_eq!(known("path,patient_group\na/P1/1.png,x\n"), (named(["x", "P2", ""]), both));
    let all = "path,patient_group\na/P1/1.png,x\na/P2/2.png,\nb/3.png,x\n";
    assert_eq!(known(all), (named(["x", "", "x"]), vec![PatientSource::Csv]), "an empty cell means unknown");
}

#[test]
fn a_csv_without_the_columns_names_those_it_has() {
    let folder = labelled(b"image;diagnosis\nimages/1.png;glioma\n");
    let error = Dataset::open_labelled(folder.path(), &folder.path().join("labels.csv")).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, DatasetError::NoColumn { column: "path", .. }), "{text}");
    assert!(text.contains("\"image\", \"diagnosis\""), "{text}");
    assert!(error.hint().is_some_and(|hint| hint.contains("path and label are needed")), "{text}");
}

#[test]
fn another_column_is_that_of_the_file_however_many_share_its_name() {
    let folder = tempfile::tempdir().unwrap();
    for path in ["scans/a/1.png", "scans/b/1.png", "scans/b/2.png"] {
        write(folder.path(), path, PNG);
    }
    let csv = "Path;label;Source\nscans/a/1.png;tumour;one\nscans\\b\\1.png;tumour;two\nscans/b/2.png;tumour;\n";
    write(folder.path(), "scans.csv", csv.as_bytes());
    let dataset = Dataset::open_source(&folder.path().join("scans"), &folder.path().join("scans.csv")).unwrap();
    assert_eq!(dataset.column("source").unwrap(), [Some("one".to_owned()), Some("two".to_owned()), None]);
    assert_eq!(dataset.column("boxes_xywh").unwrap(), [None, None, None]);
}
