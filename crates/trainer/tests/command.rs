//! The `sulcus` command from a folder of scans to a verdict, on scans that the test draws.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

const CLASSES: [&str; 4] = ["glioma", "meningioma", "notumor", "pituitary"];

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

fn sulcus(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sulcus")).args(arguments).output().unwrap()
}

fn succeed(arguments: &[&str]) -> String {
    let output = sulcus(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

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

fn pixel(x: u32, y: u32, class: usize, number: u32) -> u8 {
    let (u, v) = (f64::from(x) / 45.0 - 1.0, f64::from(y) / 45.0 - 1.0);
    let angle = class as f64 * 1.57 + f64::from(number) * 0.05;
    let head = if u * u + v * v < 0.8 { 90 + (x * 7 + y * 3 + number) % 20 } else { 0 };
    let spot = if (u - angle.cos() * 0.4).hypot(v - angle.sin() * 0.4) < 0.2 { 120 } else { 0 };
    u8::try_from(head + spot).unwrap()
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

/// The lines of `metrics.jsonl` without the seconds they took.
fn curve(out: &Path) -> Vec<Value> {
    let line = |line: &str| {
        let mut entry: Value = serde_json::from_str(line).unwrap();
        entry.as_object_mut().unwrap().remove("seconds");
        entry
    };
    fs::read_to_string(out.join("metrics.jsonl")).unwrap_or_default().lines().map(line).collect()
}

#[test]
fn a_run_killed_in_mid_epoch_and_resumed_has_the_same_curve() {
    let (data, runs) = (scans(), tempfile::tempdir().unwrap());
    let recipe = recipe(runs.path());
    let [whole, torn] = ["whole", "torn"].map(|name| runs.path().join(name));
    succeed(&train_arguments(&recipe, data.path(), &whole));
    assert_eq!(curve(&whole).len(), 3);

    let mut arguments = train_arguments(&recipe, data.path(), &torn);
    let mut child = Command::new(env!("CARGO_BIN_EXE_sulcus")).args(&arguments).spawn().unwrap();
    let began = Instant::now();
    while !torn.join("last/progress.json").exists() {
        assert!(began.elapsed() < Duration::from_mins(5), "no epoch was finished");
        sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(curve(&torn).len() < 3, "the run was over before it could be killed");

    assert!(!sulcus(&arguments).status.success(), "a second run into the same folder must ask for --resume");
    arguments.push("--resume");
    succeed(&arguments);
    assert_eq!(curve(&torn), curve(&whole));
}

#[test]
fn a_trained_network_is_exported_evaluated_and_classifies() {
    let (data, runs) = (scans(), tempfile::tempdir().unwrap());
    let recipe = recipe(runs.path());
    let [run, file, report] = ["run", "model.safetensors", "report.json"].map(|name| runs.path().join(name));
    let [run_text, data_text, file_text, report_text] =
        [&run, data.path(), &file, &report].map(|path: &Path| path.to_str().unwrap());
    let trained = sulcus(&train_arguments(&recipe, data.path(), &run));
    assert!(String::from_utf8_lossy(&trained.stderr).contains("broken.png"), "the broken file must be named");

    let exported = succeed(&["export", "--run", run_text, "--data", data_text, "--out", file_text]);
    assert!(exported.contains("same class"), "{exported}");

    let evaluate =
        ["evaluate", "--weights", file_text, "--data", data_text, "--split", "random", "--json", report_text];
    let printed = succeed(&evaluate);
    assert!(printed.contains("accuracy"), "{printed}");
    let report: Value = serde_json::from_slice(&fs::read(&report).unwrap()).unwrap();
    assert_eq!(report["protocol"], "random");
    assert_eq!(report["n"], 8);
    assert_eq!(report["weights_sha256"].as_str().unwrap(), weights::sha256(&fs::read(&file).unwrap()));
    for field in ["leaky", "accuracy", "accuracy_ci95", "macro_f1", "confusion", "command"] {
        assert!(!report[field].is_null(), "{field} is missing");
    }

    let [good, broken] = ["pituitary/1.png", "glioma/broken.png"].map(|name| data.path().join(name));
    let answered =
        sulcus(&["classify", "--json", "--weights", file_text, good.to_str().unwrap(), broken.to_str().unwrap()]);
    assert_eq!(answered.status.code(), Some(1));
    let lines: Vec<Value> =
        String::from_utf8(answered.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let probabilities = lines[0]["probabilities"].as_object().unwrap();
    assert_eq!(probabilities.keys().collect::<Vec<_>>(), CLASSES);
    let total: f64 = probabilities.values().map(|value| value.as_f64().unwrap()).sum();
    assert!((total - 1.0).abs() < 1e-5);
    assert!(CLASSES.contains(&lines[0]["verdict"].as_str().unwrap()));
    assert!(lines[1]["error"].is_string());
}

/// Pictures that are no head: noise and stripes.
fn foreign(folder: &Path) -> Vec<PathBuf> {
    fs::create_dir(folder).unwrap();
    let save = |number: u32| {
        let path = folder.join(format!("{number}.png"));
        let noise = |x: u32, y: u32| (x * 7919 + y * 104_729 + number).wrapping_mul(2_654_435_761).to_le_bytes()[2];
        let stripes = |x: u32, y: u32| if (x + y * number) % 16 < 8 { 30 } else { 220 };
        let value = |x, y| if number.is_multiple_of(2) { noise(x, y) } else { stripes(x, y) };
        image::GrayImage::from_fn(90, 90, |x, y| image::Luma([value(x, y)])).save(&path).unwrap();
        path
    };
    (0..6).map(save).collect()
}

#[test]
fn a_calibrated_file_refuses_what_is_no_head_and_says_on_what_evidence() {
    let (data, runs) = (scans(), tempfile::tempdir().unwrap());
    let recipe = recipe(runs.path());
    let [run, file, calibrated, findings] =
        ["run", "model.safetensors", "calibrated.safetensors", "findings.json"].map(|name| runs.path().join(name));
    let strange = foreign(&runs.path().join("foreign"));
    succeed(&train_arguments(&recipe, data.path(), &run));
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let [run, data_text, file, calibrated, findings] =
        [&run, data.path(), &file, &calibrated, &findings].map(|path: &Path| text(path));
    succeed(&["export", "--run", &run, "--data", &data_text, "--out", &file]);
    let foreign = text(&runs.path().join("foreign"));
    let calibrate = ["calibrate", "--weights", &file, "--data", &data_text, "--out", &calibrated];
    succeed(&[&calibrate[..], &["--foreign", &foreign, "--json", &findings]].concat());

    let findings: Value = serde_json::from_slice(&fs::read(&findings).unwrap()).unwrap();
    assert_eq!(findings["weights_sha256"].as_str().unwrap(), weights::sha256(&fs::read(&calibrated).unwrap()));
    let methods = findings["foreign"]["methods"].as_array().unwrap();
    assert_eq!(methods.len(), 5);
    assert_eq!(methods[4]["foreign_refused"], 1.0, "{methods:?}");

    let printed = sulcus(&["classify", "--json", "--weights", &calibrated, strange[0].to_str().unwrap()]);
    let line: Value = serde_json::from_slice(&printed.stdout).unwrap();
    assert_eq!(line["verdict"], "not_brain_mri");
    let evidence = &line["evidence"];
    assert!(evidence["distance"].as_f64().unwrap() > evidence["familiar_up_to"].as_f64().unwrap(), "{evidence}");
}

#[test]
fn a_model_is_not_measured_on_scans_that_divide_otherwise_than_when_it_was_trained() {
    let (data, runs) = (scans(), tempfile::tempdir().unwrap());
    let recipe = runs.path().join("recipe.toml");
    fs::write(&recipe, RECIPE.replace("protocol = \"random\"", "protocol = \"grouped\"")).unwrap();
    let [run, file, groups] = ["run", "model.safetensors", "groups.csv"].map(|name| runs.path().join(name));
    succeed(&train_arguments(&recipe, data.path(), &run));
    let [run, data_text, file, groups_text] =
        [&run, data.path(), &file, &groups].map(|path: &Path| path.to_str().unwrap());
    succeed(&["export", "--run", run, "--data", data_text, "--out", file]);

    let row = |class: &&str| {
        (0..8).map(|number| format!("{class}/{number}.png,{class}-{},\n", number / 2)).collect::<String>()
    };
    let rows: String = CLASSES.iter().map(row).collect();
    fs::write(&groups, format!("path,patient_group,dup_group\n{rows}")).unwrap();
    let evaluate = ["evaluate", "--weights", file, "--data", data_text, "--split", "grouped"];
    succeed(&evaluate);
    let refused = sulcus(&[&evaluate[..], &["--groups", groups_text]].concat());
    let error = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && error.contains("divide otherwise"), "{error}");
}

#[test]
fn wrong_usage_exits_with_two() {
    assert_eq!(sulcus(&["classify"]).status.code(), Some(2));
    assert_eq!(sulcus(&["train", "--recipe"]).status.code(), Some(2));
}

#[test]
fn help_shows_examples() {
    for command in ["audit", "train", "evaluate", "export", "calibrate", "classify"] {
        assert!(succeed(&[command, "--help"]).contains("Example"), "{command}");
    }
}
