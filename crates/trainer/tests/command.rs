//! The `sulcus` command from a folder of scans to a verdict, on scans that the test draws.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::f64::consts::{FRAC_PI_2, PI};
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
    command(arguments).output().unwrap()
}

/// What is kept between runs goes into cargo's folder for tests.
fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sulcus"));
    command.args(arguments).env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"));
    command
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

#[test]
fn a_run_killed_in_mid_epoch_and_resumed_has_the_same_curve() {
    let (data, runs) = (scans(), tempfile::tempdir().unwrap());
    let recipe = recipe(runs.path());
    let [whole, torn] = ["whole", "torn"].map(|name| runs.path().join(name));
    succeed(&train_arguments(&recipe, data.path(), &whole));
    assert_eq!(curve(&whole).len(), 3);

    let mut arguments = train_arguments(&recipe, data.path(), &torn);
    let progress = torn.join("last/progress.json");
    kill_once_there(&arguments, &progress, "\"epoch\":1");
    assert!(!sulcus(&arguments).status.success(), "a second run into the same folder must ask for --resume");
    arguments.push("--resume");
    // After the second epoch, in the middle of a stage: what the optimiser remembers has to come back too.
    kill_once_there(&arguments, &progress, "\"epoch\":2");
    assert!(curve(&torn).len() < 3, "the run was over before it could be killed");
    succeed(&arguments);
    assert_eq!(curve(&torn), curve(&whole));
    let read = |out: &Path, name: &str| fs::read(out.join(name)).unwrap();
    let events = "tensorboard/events.out.tfevents.sulcus";
    // All numbers in it have a fixed length, so an epoch that is lost or there twice would show.
    assert_eq!(read(&torn, events).len(), read(&whole, events).len());
    assert_eq!(read(&torn, "predictions.csv"), read(&whole, "predictions.csv"));
}

/// Starts a run, kills it after a moment, and says whether it was still going.
fn kill_after(arguments: &[&str], moment: Duration) -> bool {
    let mut child = command(arguments).spawn().unwrap();
    sleep(moment);
    let going = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    going
}

#[test]
fn a_run_on_kept_activations_killed_at_any_moment_goes_on_to_the_same_network() {
    let (data, runs) = (scans(), tempfile::tempdir().unwrap());
    let recipe = runs.path().join("recipe.toml");
    let text = RECIPE.replacen("[[stage]]", "[cache]\nblock = 14\nvariants = 2\n\n[[stage]]", 1);
    let text = text.replacen("batch = 4", "batch = 4\nmixup = 0.2", 1) + "clip = 0.5\nlayer_decay = 0.5\n";
    fs::write(&recipe, text.replace("epochs = 2", "epochs = 6")).unwrap();
    let [whole, torn, cache] = ["whole", "torn", "cache"].map(|name| runs.path().join(name));
    let began = Instant::now();
    succeed(&train_arguments(&recipe, data.path(), &whole));
    let took = began.elapsed();

    let mut arguments = train_arguments(&recipe, data.path(), &torn);
    arguments.extend(["--resume", "--cache", cache.to_str().unwrap()]);
    let mut kills = 0;
    for attempt in 0..6 {
        // The clock's last digits are chance enough; each moment lies in another sixth of the time that a whole run took.
        let part = f64::from(began.elapsed().subsec_nanos() % 1000) / 1000.0;
        kills += i32::from(kill_after(&arguments, took.mul_f64((f64::from(attempt) + part) / 6.0)));
        if attempt == 3 {
            // What can be made again may be deleted at any time. Where the first kills came early nothing is there yet.
            let _ = fs::remove_dir_all(&cache);
        }
    }
    assert!(kills > 2, "the run was over before it could be killed");
    succeed(&arguments);
    assert_eq!(curve(&torn), curve(&whole));
    for name in ["network.safetensors", "last/average.safetensors", "predictions.csv"] {
        assert_eq!(fs::read(torn.join(name)).unwrap(), fs::read(whole.join(name)).unwrap(), "{name}");
    }
}

#[test]
fn a_run_leaves_a_report_that_can_be_made_again() {
    let (data, runs) = (scans(), tempfile::tempdir().unwrap());
    let recipe = recipe(runs.path());
    let run = runs.path().join("run");
    succeed(&train_arguments(&recipe, data.path(), &run));
    let report = json(&run.join("report.json"));
    assert_eq!(report["measured_on"], "test");
    assert_eq!(report["n"], 8);
    for field in
        ["leaky", "accuracy_ci95", "class_ci95", "roc", "environment", "recipe", "data_fingerprint", "mistakes"]
    {
        assert!(!report[field].is_null(), "{field} is missing");
    }
    let table = fs::read_to_string(run.join("predictions.csv")).unwrap();
    let of = |part: &str| table.lines().filter(|line| line.contains(part)).count() as u64;
    let sum = |counts: &Value| counts.as_array().unwrap().iter().filter_map(Value::as_u64).sum::<u64>();
    assert_eq!((of(",test,"), of(",validation,")), (8, sum(&report["split"]["validation"])));
    let page = fs::read_to_string(run.join("report.html")).unwrap();
    for part in ["Confusion matrix", "ROC", "Learning rate", "CPU", "class_weights", "<svg"] {
        assert!(page.contains(part), "{part} is missing");
    }
    assert!(!page.contains("http") && !page.contains("<script"), "the page must need nothing but itself");

    for name in ["report.json", "report.html", "predictions.csv"] {
        fs::remove_file(run.join(name)).unwrap();
    }
    let [run_text, data_text] = [&run, data.path()].map(|path: &Path| path.to_str().unwrap());
    succeed(&["report", "--run", run_text, "--data", data_text]);
    assert_eq!(json(&run.join("report.json")), report);
    assert_eq!(fs::read_to_string(run.join("predictions.csv")).unwrap(), table);

    fs::copy(data.path().join("glioma/1.png"), data.path().join("glioma/0.png")).unwrap();
    let refused = sulcus(&["report", "--run", run_text, "--data", data_text]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("not the scans"), "other scans must be refused");
}

#[test]
fn keeping_the_output_of_frozen_blocks_changes_nothing_but_rounding() {
    let (data, runs) = (scans(), tempfile::tempdir().unwrap());
    let plain =
        RECIPE.split_once("[augmentation]").unwrap().0.to_owned() + &RECIPE[RECIPE.find("[[stage]]").unwrap()..];
    let cached = plain.replacen("[[stage]]", "[cache]\nblock = 14\nvariants = 1\n\n[[stage]]", 1);
    let curves = [("plain", plain), ("cached", cached)].map(|(name, text)| {
        let (recipe, out) = (runs.path().join(format!("{name}.toml")), runs.path().join(name));
        fs::write(&recipe, text).unwrap();
        succeed(&train_arguments(&recipe, data.path(), &out));
        curve(&out)
    });
    for (plain, cached) in curves[0].iter().zip(&curves[1]) {
        for loss in ["train_loss", "validation_loss"] {
            let [plain, cached] = [plain, cached].map(|epoch| epoch[loss].as_f64().unwrap());
            assert!((plain - cached).abs() < 0.01 * plain, "{loss}: {plain} and {cached}");
        }
    }
    assert_eq!((curves[0].len(), curves[1].len()), (3, 3));
}

/// The spot of every slice with a tumour, as an outline.
fn outlines(folder: &Path) -> PathBuf {
    let corners = |class: usize, number: u32| -> Vec<[f64; 2]> {
        let angle = class as f64 * FRAC_PI_2 + f64::from(number) * 0.05;
        let (x, y) = (45.0 * (1.0 + 0.4 * angle.cos()), 45.0 * (1.0 + 0.4 * angle.sin()));
        [0.0, FRAC_PI_2, PI, PI + FRAC_PI_2].map(|turn: f64| [x + 9.0 * turn.cos(), y + 9.0 * turn.sin()]).to_vec()
    };
    let line = |class: usize, number: u32| {
        let path = format!("{}/{number}.png", CLASSES[class]);
        serde_json::json!({ "path": path, "polygon_xy": corners(class, number) }).to_string()
    };
    let lines: Vec<String> =
        [0, 1, 3].iter().flat_map(|&class| (0..8).map(move |number| line(class, number))).collect();
    let path = folder.join("outlines.jsonl");
    fs::write(&path, lines.join("\n")).unwrap();
    path
}

#[test]
fn a_recipe_with_grafts_trains_and_its_model_is_tried_on_another_source() {
    let (data, runs) = (scans(), tempfile::tempdir().unwrap());
    let changes = "mixup = 0.2\n[data]\ndraw = { notumor = 2.0 }";
    let grafts = "[transplant]\nhealthy = \"notumor\"\ngrow = 0.5\nrepair = 0.5\nsham = 0.5\n\n[[stage]]";
    let recipe = runs.path().join("recipe.toml");
    let text = RECIPE.replace("[data]", changes).replacen("[[stage]]", grafts, 1).replace("epochs = 2", "epochs = 1");
    // A key before the first table belongs to the whole recipe.
    fs::write(&recipe, text.replace("mixup = 0.2\n", "").replacen("batch", "mixup = 0.2\nbatch", 1)).unwrap();
    let outlines = outlines(runs.path());
    let healthy = runs.path().join("healthy");
    fs::create_dir(&healthy).unwrap();
    for number in 0..3_u32 {
        let grey = |x, y| image::Luma([pixel(x, y, 2, number + 20) / 2 + 40]);
        image::GrayImage::from_fn(90, 90, grey).save(healthy.join(format!("{number}.png"))).unwrap();
    }
    let names = ["run", "model.safetensors", "transfer.json", "preview.png", "sheet.png"];
    let [run, file, findings, preview, sheet] = names.map(|name| runs.path().join(name));
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let [data_text, outlines, healthy] = [data.path(), &outlines, &healthy].map(text);
    let [run_text, file_text, findings_text, preview_text, sheet_text] =
        [&run, &file, &findings, &preview, &sheet].map(|path| text(path));

    let train = [&train_arguments(&recipe, data.path(), &run)[..], &["--outlines", &outlines]].concat();
    succeed(&[&train[..], &["--preview", &preview_text]].concat());
    assert!(image::open(&preview).unwrap().width() > 71);
    assert!(!run.join("last").exists(), "a preview must not train");
    assert!(succeed(&train).contains("can lend a tumour"));
    succeed(&["export", "--run", &run_text, "--data", &data_text, "--out", &file_text]);
    let transfer = ["transfer", "--weights", &file_text, "--data", &data_text, "--healthy", &healthy];
    let more = ["--outlines", &outlines, "--json", &findings_text, "--sheet", &sheet_text];
    assert!(succeed(&[&transfer[..], &more].concat()).contains("AUROC"));

    let findings = json(&findings);
    assert_eq!(findings["healthy"]["n"], 3);
    assert!(findings["with_tumour"]["n"].as_u64().unwrap() > 3 && sheet.exists());
    let slices = findings["slices"].as_array().unwrap();
    let of = |part: &str| findings[part]["n"].as_u64().unwrap();
    assert_eq!(slices.len() as u64, of("healthy") + of("with_tumour") + of("with_sham"));
    let called = findings["with_tumour"]["called"].as_object().unwrap();
    assert_eq!(called.values().filter_map(Value::as_u64).sum::<u64>(), of("with_tumour"));
}

/// Three classes of known patients, with two slices each.
fn folds_recipe(folder: &Path) -> PathBuf {
    let path = folder.join("folds.toml");
    let chosen = "protocol = \"grouped\"\nclasses = [\"glioma\", \"meningioma\", \"pituitary\"]\nknown_patients = true";
    fs::write(&path, RECIPE.replace("protocol = \"random\"", chosen).replace("epochs = 2", "epochs = 1")).unwrap();
    path
}

fn name_patients(data: &Path) {
    let rows = CLASSES[..2]
        .iter()
        .chain(&CLASSES[3..])
        .flat_map(|class| (0..8).map(move |number| format!("{class}/{number}.png,{class}-{},\n", number / 2)));
    let csv: String = std::iter::once("path,patient_group,dup_group\n".to_owned()).chain(rows).collect();
    fs::write(data.join("index.csv"), csv).unwrap();
}

#[test]
fn folds_go_on_after_a_kill_and_test_every_known_patient_once() {
    let (data, runs) = (scans(), tempfile::tempdir().unwrap());
    name_patients(data.path());
    let recipe = folds_recipe(runs.path());
    let out = runs.path().join("folds");
    let mut arguments = train_arguments(&recipe, data.path(), &out);
    arguments.extend(["--folds", "3"]);
    kill_once_there(&arguments, &out.join("fold-2/last/progress.json"), "epoch");
    let first = fs::read(out.join("fold-1/report.json")).unwrap();
    assert!(!sulcus(&arguments).status.success(), "a second run into the same folder must ask for --resume");
    let mut others = train_arguments(&recipe, data.path(), &out);
    others.extend(["--folds", "4", "--resume"]);
    assert!(!sulcus(&others).status.success(), "another number of folds must be refused");
    arguments.push("--resume");
    let printed = succeed(&arguments);
    assert!(printed.contains("fold 1 of 3 is done") && printed.contains("all folds together"), "{printed}");
    assert_eq!(fs::read(out.join("fold-1/report.json")).unwrap(), first, "a fold that is done is left alone");

    let report = json(&out.join("folds.json"));
    assert_eq!(report["classes"], serde_json::json!(["glioma", "meningioma", "pituitary"]));
    assert_eq!((&report["n"], &report["clusters"]), (&24.into(), &12.into()));
    let folds = report["folds"].as_array().unwrap();
    assert_eq!(folds.len(), 3);
    for fold in folds {
        assert_eq!(fold["leakage"]["test_with_patient_in_train"], 0);
    }
    assert_eq!((&report["protocol"], &report["leaky"]), (&"grouped-3fold".into(), &false.into()));
    for field in ["accuracy_ci95", "macro_f1", "confusion", "reliability", "weights_sha256", "environment", "command"] {
        assert!(!report[field].is_null(), "{field} is missing: the page shows it as it does other reports");
    }
    assert!(fs::read_to_string(out.join("folds.html")).unwrap().contains("fold-3/report.html"));

    let [fold, data, file, report] =
        [&out.join("fold-2"), data.path(), &runs.path().join("model.safetensors"), &runs.path().join("evaluated.json")]
            .map(|path: &Path| path.to_str().unwrap().to_owned());
    succeed(&["export", "--run", &fold, "--data", &data, "--out", &file]);
    succeed(&["evaluate", "--weights", &file, "--data", &data, "--split", "grouped", "--json", &report]);
    let evaluated = json(Path::new(&report));
    assert_eq!(
        (&evaluated["n"], &evaluated["leaky"]),
        (&folds[1]["n"], &false.into()),
        "a fold's model knows its fold"
    );
}

#[test]
fn an_ablation_says_what_each_ingredient_gives_and_goes_on_where_it_was() {
    let (data, runs) = (scans(), tempfile::tempdir().unwrap());
    let recipe = runs.path().join("recipe.toml");
    let text = RECIPE.replacen("[[stage]]", "[cache]\nblock = 14\nvariants = 1\n\n[[stage]]", 1);
    fs::write(&recipe, text.replace("epochs = 2", "epochs = 1")).unwrap();
    let [out, findings] = ["ablation", "ablation.json"].map(|name| runs.path().join(name));
    let mut arguments = train_arguments(&recipe, data.path(), &out);
    arguments[0] = "ablate";
    let refused = sulcus(&[&arguments[..], &["--without", "mixup"]].concat());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("does not have it"), "the recipe mixes no slices");

    arguments.extend(["--without", "average,cosine", "--json", findings.to_str().unwrap()]);
    kill_once_there(&arguments, &out.join("without-average/last/progress.json"), "epoch");
    let whole = fs::read(out.join("whole/report.json")).unwrap();
    assert!(succeed(&arguments).contains("without"));
    assert_eq!(fs::read(out.join("whole/report.json")).unwrap(), whole, "a run that is done is left alone");
    let findings = json(&findings);
    let without = findings["without"].as_array().unwrap();
    assert_eq!(
        without.iter().map(|one| one["ingredient"].as_str().unwrap()).collect::<Vec<_>>(),
        ["average", "cosine"]
    );
    for one in without {
        let difference = |part: &str| {
            findings["whole"][part]["accuracy"].as_f64().unwrap() - one[part]["accuracy"].as_f64().unwrap()
        };
        for (part, gain) in [("validation", "gain_on_validation"), ("test", "gain_on_test")] {
            assert!((one[gain]["accuracy"].as_f64().unwrap() - difference(part)).abs() < 1e-12);
            assert!(one[gain]["macro_f1_ci95"].is_array());
        }
    }
    assert!(findings["protocol"].is_null(), "the page takes what has a protocol for an evaluation");
}

#[test]
fn a_probe_reports_every_step_of_preparation() {
    let (data, runs) = (scans(), tempfile::tempdir().unwrap());
    let (recipe, findings) = (recipe(runs.path()), runs.path().join("probe.json"));
    let [recipe, data, findings_text] = [&recipe, data.path(), &findings].map(|path: &Path| path.to_str().unwrap());
    succeed(&["probe", "--recipe", recipe, "--data", data, "--json", findings_text]);
    let findings = json(&findings);
    let steps = findings["steps"].as_array().unwrap();
    let after: Vec<&str> = steps.iter().map(|step| step["after"].as_str().unwrap()).collect();
    assert_eq!(after, ["resizing", "the crop", "scaling intensities", "random changes"]);
    for step in steps {
        let groups: Vec<&str> =
            step["probes"].as_array().unwrap().iter().map(|probe| probe["group"].as_str().unwrap()).collect();
        assert_eq!(groups, ["borders", "air", "sharpness", "all"]);
    }
    assert_eq!(findings["slices"], 32);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_stops_the_run_with_the_file_and_a_hint() {
    let (data, runs) = (scans(), tempfile::tempdir().unwrap());
    let recipe = recipe(runs.path());
    let run = runs.path().join("run");
    fs::create_dir(&run).unwrap();
    // Every write into this device fails as on a full disk.
    std::os::unix::fs::symlink("/dev/full", run.join("network.part")).unwrap();
    let stopped = sulcus(&train_arguments(&recipe, data.path(), &run));
    assert_eq!(stopped.status.code(), Some(1));
    let said = String::from_utf8_lossy(&stopped.stderr);
    assert!(said.contains("network.safetensors") && said.contains("make room"), "{said}");
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
    assert_eq!(findings["foreign"]["chosen"], methods[4]["name"]);
    for method in methods {
        for figure in ["limit", "auroc", "foreign_refused", "held_out_refused"] {
            assert!(method[figure].is_number(), "{figure} is missing: {method}");
        }
    }
    let (curve, error) = (findings["abstention"]["curve"].as_array().unwrap(), &findings["calibration_error"]);
    assert_eq!(curve.last().unwrap()["coverage"], 1.0);
    for diagram in ["reliability_before", "reliability"] {
        assert_eq!(error[diagram].as_array().unwrap().len(), 15);
    }

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

    let row = |class: &str, number: u32| format!("{class}/{number}.png,{class}-{},\n", number / 2);
    let rows = CLASSES.map(|class| (0..8).map(|number| row(class, number)).collect::<Vec<_>>().concat()).concat();
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
    let with_training = ["audit", "probe", "train", "ablate", "report", "bench"];
    let with_a_file = ["evaluate", "export", "calibrate", "transfer", "classify"];
    for command in with_training.into_iter().chain(with_a_file) {
        assert!(succeed(&[command, "--help"]).contains("Example"), "{command}");
    }
}
