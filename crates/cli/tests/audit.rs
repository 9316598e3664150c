//! `sulcus audit` finds what is wrong with a folder, and what it writes makes a split without leaks.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::Command;

use image::{DynamicImage, GrayImage, Luma};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
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
    assert_eq!(found["relations"], serde_json::json!({"identical": 1, "mirrored": 1, "turned-270": 1}));
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

/// A head of its own for every number, in the middle of a frame: an ellipse with spots, on grainy air.
fn head(number: u32, width: u32, height: u32) -> GrayImage {
    let mut random = ChaCha8Rng::seed_from_u64(number.into());
    let (across, down) = (random.random_range(38.0..46.0), random.random_range(38.0..46.0));
    let mut spot =
        || (random.random_range(-30.0..30.0), random.random_range(-30.0..30.0), random.random_range(-70.0..90.0));
    let spots: [(f64, f64, f64); 8] = std::array::from_fn(|_| spot());
    GrayImage::from_fn(width, height, |x, y| {
        let (x, y) = (f64::from(x) - f64::from(width) / 2.0, f64::from(y) - f64::from(height) / 2.0);
        let grain: f64 = random.random_range(0.0..6.0);
        if (x / across).powi(2) + (y / down).powi(2) > 1.0 {
            return Luma([grain as u8]);
        }
        let lit = |&(cx, cy, light): &(f64, f64, f64)| light * (-((x - cx).powi(2) + (y - cy).powi(2)) / 120.0).exp();
        Luma([(110.0 + grain + spots.iter().map(lit).sum::<f64>()).clamp(40.0, 250.0) as u8])
    })
}

/// Thirty heads in each of two classes, those of the second as `planted` leaves them.
fn two_sources(planted: impl Fn(u32) -> GrayImage) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..30 {
        save(folder.path(), &format!("tumour/{number:02}.png"), &head(number, 120, 120).into());
        save(folder.path(), &format!("none/{number:02}.png"), &planted(100 + number).into());
    }
    folder
}

/// Balanced accuracy and the lower end of its interval.
fn figure(found: &Value, what: &str, group: &str) -> (f64, f64) {
    let probed = found["shortcuts"][what].as_array().unwrap().iter().find(|probed| probed["group"] == group).unwrap();
    (probed["balanced_accuracy"].as_f64().unwrap(), probed["balanced_accuracy_ci95"][0].as_f64().unwrap())
}

#[test]
fn classes_of_one_source_are_told_no_better_than_by_chance() {
    let folder = two_sources(|number| head(number, 120, 120));
    let found = audit(folder.path(), &[]);
    assert_eq!(found["pairs"].as_array().unwrap().len(), 0, "the heads must be different pictures");
    assert_eq!(found["shortcuts"]["slices"], 60);
    for (what, groups) in [("files", 7), ("prepared", 4)] {
        assert_eq!(found["shortcuts"][what].as_array().unwrap().len(), groups);
        let (share, low) = figure(&found, what, "all");
        assert!(share < 0.65 && low <= 0.5, "{what}: {share}");
    }
    let says = found["shortcuts"]["says"].to_string();
    assert!(says.contains("no more than a guess"), "{says}");
}

#[test]
fn a_white_border_on_one_class_is_found_and_gone_from_the_input() {
    let framed = |number| {
        let mut picture = head(number, 120, 120);
        for (x, y, pixel) in picture.enumerate_pixels_mut() {
            if x < 2 || y < 2 || x >= 118 || y >= 118 {
                *pixel = Luma([255]);
            }
        }
        picture
    };
    let folder = two_sources(framed);
    let found = audit(folder.path(), &[]);
    let (borders, low) = figure(&found, "files", "borders");
    assert!(borders > 0.95 && low > 0.9, "{borders}");
    assert!(figure(&found, "files", "frame").0 < 0.65, "every frame has the same size");
    let (left, low) = figure(&found, "prepared", "borders");
    assert!(left < 0.7 && low <= 0.5, "the input is cut around the head: {left}");
    let says = found["shortcuts"]["says"][0].as_str().unwrap();
    assert!(says.contains("tells the classes apart") && says.contains("borders"), "{says}");
}

#[test]
fn another_frame_size_of_one_class_is_found() {
    let folder = two_sources(|number| head(number, 150, 110));
    let found = audit(folder.path(), &[]);
    assert!(figure(&found, "files", "frame").1 > 0.95);
    let area = &found["shortcuts"]["files"][0]["per_class"][0]["roc_auc"];
    assert_eq!(area.as_f64(), Some(1.0));
}

#[test]
fn a_class_too_small_to_probe_is_named_in_the_place_of_figures() {
    let folder = two_sources(|number| head(number, 120, 120));
    for number in 4..30 {
        std::fs::remove_file(folder.path().join(format!("none/{number:02}.png"))).unwrap();
    }
    let found = audit(folder.path(), &[]);
    assert_eq!(found["shortcuts"]["files"], serde_json::json!([]));
    let says = found["shortcuts"]["says"][0].as_str().unwrap();
    assert!(says.contains("\"none\"") && says.contains('4'), "{says}");
}

#[test]
fn modes_compression_and_intensities_are_reported_by_class() {
    let folder = two_sources(|number| head(number, 120, 120));
    let grey = DynamicImage::from(head(200, 120, 120));
    save(folder.path(), "none/deep.png", &grey.to_luma16().into());
    save(folder.path(), "none/colour.png", &grey.to_rgba8().into());
    let mut jpeg = Vec::new();
    grey.to_rgb8().write_with_encoder(image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 90)).unwrap();
    std::fs::write(folder.path().join("none/photo.jpg"), jpeg).unwrap();
    let found = audit(folder.path(), &[]);
    let (none, tumour) = (&found["classes"][0], &found["classes"][1]);
    let modes = serde_json::json!([["grey, 8 bit", 30], ["RGBA, 8 bit", 1], ["YCbCr, 8 bit", 1], ["grey, 16 bit", 1]]);
    assert_eq!(none["modes"], modes);
    assert_eq!(tumour["modes"], serde_json::json!([["grey, 8 bit", 30]]));
    assert_eq!((&none["jpeg"][0]["quality"], &none["jpeg"][0]["files"]), (&90.into(), &1.into()));
    assert_eq!(tumour["jpeg"], serde_json::json!([]));
    let bins: Vec<f64> = none["intensities"].as_array().unwrap().iter().map(|bin| bin.as_f64().unwrap()).collect();
    assert_eq!(bins.len(), 32);
    assert!((bins.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    assert!(bins[0] > 0.3, "air is the darkest bin: {bins:?}");
}

fn page(folder: &Path, more: &[&str]) -> String {
    let path = folder.join("audit.html");
    audit(folder, &[&["--html", path.to_str().unwrap()], more].concat());
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn the_page_stands_alone_and_shows_every_conflicting_pair() {
    let folder = folder();
    for number in 3..6 {
        save(folder.path(), &format!("Testing/b/conflict{number}.png"), &picture(number).fliph());
    }
    let page = page(folder.path(), &[]);
    for outside in ["http:", "https:", "<script", "<link", "src=\"/", "url("] {
        assert!(!page.contains(outside), "the page needs {outside}");
    }
    let page = page.replace("<wbr>", "");
    let conflicts = &page[page.find("id=\"conflicts\"").unwrap()..page.find("id=\"parts\"").unwrap()];
    for (a, b) in
        [("2.png", "conflict.jpg"), ("3.png", "conflict3.png"), ("4.png", "conflict4.png"), ("5.png", "conflict5.png")]
    {
        let (a, b) = (format!("<figcaption>Training/a/{a}<"), format!("<figcaption>Testing/b/{b}<"));
        assert!(conflicts.contains(&a) && conflicts.contains(&b), "{a} and {b} are not side by side");
    }
    assert_eq!(conflicts.matches("data:image/png;base64,").count(), 8);
    for (promised, why) in [
        ("Training/a/broken.png", "unreadable"),
        ("it is a PNG, and its name says JPEG", "misnamed"),
        ("mirrored: ", "examples of relations"),
        ("Copies on both sides: ", "twins across the parts"),
        ("role=\"img\"", "histograms"),
    ] {
        assert!(page.contains(promised), "{why}");
    }
    assert!(!page.contains("<img") || page.matches("<img").count() == page.matches("alt=\"slice of class ").count());
}

#[test]
fn where_no_patient_is_known_json_text_and_page_say_so() {
    let folder = folder();
    let sentence = "Files are held together by copies alone";
    assert!(audit(folder.path(), &[])["patients"]["says"].as_str().unwrap().contains(sentence));
    assert!(page(folder.path(), &[]).contains(sentence));
    let text = Command::new(env!("CARGO_BIN_EXE_sulcus")).arg("audit").arg(folder.path()).output().unwrap();
    assert!(String::from_utf8_lossy(&text.stdout).contains(sentence));
}

#[test]
fn patients_of_a_csv_are_counted_on_both_sides() {
    let folder = folder();
    let csv = folder.path().join("patients.csv");
    let rows = "path,patient_group,dup_group\nTraining/a/3.png,p1,\nTesting/b/new.png,p1,\nTraining/b/4.png,p2,\n";
    std::fs::write(&csv, rows).unwrap();
    let found = audit(folder.path(), &["--groups", csv.to_str().unwrap()]);
    assert_eq!(found["patients_from"], "csv");
    assert_eq!((&found["patients"]["known"], &found["patients"]["files"]), (&2.into(), &3.into()));
    let shared = serde_json::json!([{"training": ["Training/a/3.png"], "testing": ["Testing/b/new.png"]}]);
    assert_eq!(found["patients"]["on_both_sides"], shared);
    assert_eq!(found["leakage"]["test_with_patient_in_train"], 1);
    assert!(found["patients"]["says"].as_str().unwrap().contains("from the CSV"));
}

#[test]
fn patients_of_dicom_headers_are_used_and_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("../imaging/tests/fixtures/files");
    for (class, file) in [("a", "implicit.dcm"), ("a", "rle.dcm"), ("b", "lossless.dcm")] {
        std::fs::create_dir_all(folder.path().join(class)).unwrap();
        std::fs::copy(files.join(file), folder.path().join(class).join(file)).unwrap();
    }
    let found = audit(folder.path(), &[]);
    assert_eq!(found["patients_from"], "dicom");
    assert_eq!(found["patients"]["known"], 1);
    let page = page(folder.path(), &[]);
    assert!(page.contains("from DICOM") && !page.contains("PHANTOM"));
}
