//! The `sulcus` command from a folder of scans to a verdict, on scans that the test draws.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::f64::consts::{FRAC_PI_2, PI};
use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

mod many_files;
mod map;
mod model;
mod refused;
mod several;
#[path = "../support/mod.rs"]
mod support;
mod training;
mod usage;
mod written;

use serde_json::Value;
use tempfile::TempDir;

use support::{CLASSES, command, pixel, succeed, sulcus};

/// Trains only the last module, on small slices: seconds on a CPU.
const RECIPE: &str = r#"
name = "test"
architecture = "xception"
seed = 3
batch = 4
dropout = 0.2
average = 0.9

[input]
size = 71
crop = "head"
margin = 0.02
intensity = { low = 0.5, high = 99.5 }

[data]
protocol = "random"
test = 0.25
validation = 0.25

[augmentation]
flip = true
shift = 0.05
noise = 0.02

[[stage]]
name = "head"
epochs = 1
train_from = 15
optimizer = "adamax"
learning_rate = 1e-3

[[stage]]
name = "fine"
epochs = 2
train_from = 14
optimizer = "adamw"
learning_rate = 1e-4
schedule = "cosine"
"#;

/// Eight slices a class: a head with a spot whose place is the class.
fn scans() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (class, name) in CLASSES.iter().enumerate() {
        fs::create_dir(folder.path().join(name)).unwrap();
        for number in 0..8_u32 {
            let slice = image::GrayImage::from_fn(90, 90, |x, y| image::Luma([pixel(x, y, class, number)]));
            slice.save(folder.path().join(name).join(format!("{number}.png"))).unwrap();
        }
    }
    fs::write(folder.path().join("glioma/broken.png"), b"\x89PNG\r\n\x1a\nnothing").unwrap();
    folder
}

fn recipe(folder: &Path) -> PathBuf {
    let path = folder.join("recipe.toml");
    fs::write(&path, RECIPE).unwrap();
    path
}

fn train_arguments<'a>(recipe: &'a Path, data: &'a Path, out: &'a Path) -> Vec<&'a str> {
    let [recipe, data, out] = [recipe, data, out].map(|path| path.to_str().unwrap());
    vec!["train", "--recipe", recipe, "--data", data, "--out", out]
}

/// The lines of `metrics.jsonl` without what the clock says.
fn curve(out: &Path) -> Vec<Value> {
    let line = |line: &str| {
        let mut entry: Value = serde_json::from_str(line).unwrap();
        for field in ["seconds", "ended"] {
            assert!(entry.as_object_mut().unwrap().remove(field).is_some());
        }
        entry
    };
    fs::read_to_string(out.join("metrics.jsonl")).unwrap_or_default().lines().map(line).collect()
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))).unwrap()
}

/// Starts a run and kills it as soon as `file` holds `text`.
fn kill_once_there(arguments: &[&str], file: &Path, text: &str) {
    let mut child = command(arguments).spawn().unwrap();
    let began = Instant::now();
    while !fs::read_to_string(file).is_ok_and(|found| found.contains(text)) {
        assert!(began.elapsed() < Duration::from_mins(5), "{} never held {text}", file.display());
        sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}
