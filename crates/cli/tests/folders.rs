//! What the command says of folders and CSVs that are not as the public set's.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::{Command, Output};

use image::{GrayImage, Luma};
use serde_json::Value;

/// A folder with a picture at each path.
fn folder(paths: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (number, path) in (0_u32..).zip(paths) {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        GrayImage::from_fn(40, 30, |x, y| Luma([(x * (7 * number + 3) + y * y) as u8])).save(path).unwrap();
    }
    folder
}

fn audit(folder: &Path, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sulcus")).arg("audit").arg(folder).arg("--json").args(more).output().unwrap()
}

/// What it found, and what it said beside.
fn found(folder: &Path, more: &[&str]) -> (Value, String) {
    let output = audit(folder, more);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    (serde_json::from_slice(&output.stdout).unwrap(), said)
}

#[test]
fn what_was_understood_is_said_in_the_terminal_and_in_the_findings() {
    let folder = folder(&["set/train/no_tumor/1.png", "set/test/Glioma Tumor/2.png"]);
    let (found, said) = found(folder.path(), &[]);
    assert_eq!(found["classes"][0]["class"], "glioma");
    for sentence in ["the data set is the folder \"set\"", "\"no_tumor\" is read as the class \"notumor\""] {
        assert!(said.contains(&format!("note: {sentence}")), "{said}");
        assert!(found["notes"].to_string().replace('\\', "").contains(sentence), "{}", found["notes"]);
    }
}

#[test]
fn what_is_as_expected_needs_no_word() {
    let folder = folder(&["Training/glioma/1.png", "Testing/notumor/2.png"]);
    let (found, said) = found(folder.path(), &[]);
    assert!(!said.contains("note: ") && !said.contains("left out"), "{said}");
    assert!(found.get("notes").is_none());
}

#[test]
fn labels_and_groups_are_found_in_the_folder_and_by_name() {
    let folder = folder(&["1.png", "2.png"]);
    let csv = folder.path().join("index.csv");
    std::fs::write(&csv, "Path;Label\r\n1.png;glioma\r\n2.png;no tumour\r\n").unwrap();
    let (by_itself, _) = found(folder.path(), &[]);
    assert_eq!((&by_itself["files"], &by_itself["patients_from"]), (&2.into(), &"nothing".into()));
    let other = folder.path().join("other.txt");
    std::fs::write(&other, "path,label,patient\n1.png,pituitary,p\n2.png,notumor,\n").unwrap();
    let (named, _) = found(folder.path(), &["--labels", other.to_str().unwrap(), "--groups", other.to_str().unwrap()]);
    assert_eq!((&named["classes"][1]["class"], &named["patients_from"]), (&"pituitary".into(), &"csv".into()));
}

#[test]
fn groups_in_the_inner_folder_are_found() {
    let folder = folder(&["set/Training/a/1.png", "set/Training/b/2.png"]);
    std::fs::write(folder.path().join("set/index.csv"), "path,patient\nTraining/a/1.png,p\n").unwrap();
    assert_eq!(found(folder.path(), &[]).0["patients_from"], "csv");
}

#[test]
fn a_csv_that_is_no_text_is_refused_once_and_in_words() {
    let folder = folder(&["a/1.png", "b/2.png"]);
    let csv = folder.path().join("groups.csv");
    std::fs::write(&csv, b"\xff\xfep\0a\0t\0h\0,").unwrap();
    let output = audit(folder.path(), &["--groups", csv.to_str().unwrap()]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert_eq!(said.matches("groups.csv").count(), 1, "{said}");
    assert_eq!(said.matches("no text in UTF-8 or UTF-16").count(), 1, "{said}");
    assert_eq!(said.matches("hint: ").count(), 1, "{said}");
}

#[test]
fn a_folder_that_is_not_there_is_named_once() {
    let said = String::from_utf8(audit(Path::new("nowhere"), &[]).stderr).unwrap();
    assert_eq!((said.matches("nowhere").count(), said.matches("os error").count()), (1, 1), "{said}");
}

#[cfg(unix)]
#[test]
fn names_that_end_in_space_or_hold_a_backslash_survive_writing_groups() {
    let folder = folder(&["a/1.png", "a/b\\2.png", "b/3.png"]);
    std::fs::copy(folder.path().join("a/1.png"), folder.path().join("b/1.png ")).unwrap();
    let csv = folder.path().join("index.csv");
    let (before, _) = found(folder.path(), &["--write-groups", csv.to_str().unwrap()]);
    let (after, said) = found(folder.path(), &[]);
    assert_eq!(before["pairs"][0]["b"], "b/1.png ");
    assert_eq!((&before["pairs"], &before["unique"]), (&after["pairs"], &after["unique"]));
    assert!(!said.contains("no file"), "{said}");
}
