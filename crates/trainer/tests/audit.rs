//! `sulcus audit` finds what is wrong with a folder, and what it writes makes a split without leaks.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::Command;

use image::{DynamicImage, GrayImage, Luma};
use serde_json::Value;

/// A picture of its own for every number.
fn picture(number: u32) -> DynamicImage {
    let spot = |x: u32, y: u32, k: u32| {
        let (cx, cy) = ((number * 37 + k * 71) % 90 + 15, (number * 53 + k * 29) % 90 + 15);
        let apart = x.abs_diff(cx).pow(2) + y.abs_diff(cy).pow(2);
        if apart < 60 + 90 * k { 60 + 30 * k } else { 0 }
    };
    GrayImage::from_fn(120, 120, |x, y| Luma([(0..4).map(|k| spot(x, y, k)).max().unwrap_or(0) as u8])).into()
}

fn save(root: &Path, name: &str, picture: &DynamicImage) {
    let path = root.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    picture.save_with_format(path, image::ImageFormat::Png).unwrap();
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..6 {
        save(folder.path(), &format!("Training/a/{number}.png"), &picture(number));
        save(folder.path(), &format!("Training/b/{number}.png"), &picture(10 + number));
    }
    save(folder.path(), "Testing/a/mirrored.png", &picture(0).fliph());
    save(folder.path(), "Testing/a/turned.png", &picture(1).rotate90());
    save(folder.path(), "Testing/b/new.png", &picture(30));
    save(folder.path(), "Testing/b/conflict.jpg", &picture(2));
    std::fs::write(folder.path().join("Training/a/broken.png"), b"\x89PNG\r\n\x1a\n").unwrap();
    folder
}

fn audit(folder: &Path, more: &[&str]) -> Value {
    let output =
        Command::new(env!("CARGO_BIN_EXE_sulcus")).arg("audit").arg(folder).arg("--json").args(more).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn copies_conflicts_and_leaks_are_listed() {
    let folder = folder();
    let found = audit(folder.path(), &[]);
    let pairs: Vec<_> = found["pairs"].as_array().unwrap().iter().map(|p| (&p["a"], &p["b"], &p["relation"])).collect();
    let expected = [
        ("Testing/a/mirrored.png", "Training/a/0.png", "mirrored"),
        ("Testing/a/turned.png", "Training/a/1.png", "turned-270"),
        ("Testing/b/conflict.jpg", "Training/a/2.png", "identical"),
    ];
    assert_eq!(pairs.len(), expected.len(), "{pairs:?}");
    for (pair, expected) in pairs.iter().zip(expected) {
        assert_eq!(
            (pair.0.as_str(), pair.1.as_str(), pair.2.as_str()),
            (Some(expected.0), Some(expected.1), Some(expected.2))
        );
    }
    assert_eq!(found["unique"], 13);
    assert_eq!(found["conflicting"].as_array().unwrap().len(), 1);
    assert_eq!(found["leakage"]["test_with_twin_in_train"], 3);
    assert_eq!(found["patients_from"], "nothing");
}

#[test]
fn broken_and_misnamed_files_are_named_with_the_reason() {
    let folder = folder();
    let found = audit(folder.path(), &[]);
    assert_eq!(found["unreadable"][0]["path"], "Training/a/broken.png");
    assert_eq!(found["misnamed"][0]["path"], "Testing/b/conflict.jpg");
    assert_eq!(found["misnamed"][0]["reason"], "it is a PNG, and its name says JPEG");
}

#[test]
fn the_groups_it_writes_are_those_that_training_reads() {
    let folder = folder();
    let groups = folder.path().join("index.csv");
    audit(folder.path(), &["--write-groups", groups.to_str().unwrap()]);
    let dataset = dataset::Dataset::open(folder.path()).unwrap().with_groups(&groups).unwrap();
    let group = |path: &str| dataset.records.iter().find(|record| record.path == path).unwrap().dup_group.clone();
    assert_eq!(group("Testing/a/turned.png"), group("Training/a/1.png"));
    assert_ne!(group("Testing/b/new.png"), group("Training/a/1.png"));
}
