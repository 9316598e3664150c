//! One training: stopped, killed, gone on with, reported.

use super::written::is_like;
use super::*;

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
        // The clock's last digits are chance enough; each moment lies in another tenth of the time that a whole run took,
        // and the first ones so early that a machine that has become less busy is still at work.
        let part = f64::from(began.elapsed().subsec_nanos() % 1000) / 1000.0;
        kills += i32::from(kill_after(&arguments, took.mul_f64((f64::from(attempt) + part) / 10.0)));
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
    is_like("reports/train.json", &report);
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

#[test]
fn a_full_disk_stops_the_run_with_the_file_and_a_hint() {
    let (data, runs) = (scans(), tempfile::tempdir().unwrap());
    let recipe = recipe(runs.path());
    let run = runs.path().join("run");
    fs::create_dir(&run).unwrap();
    // Every write into this device fails as on a full disk.
    std::os::unix::fs::symlink("/dev/full", run.join("network.safetensors")).unwrap();
    let stopped = sulcus(&train_arguments(&recipe, data.path(), &run));
    assert_eq!(stopped.status.code(), Some(1));
    let said = String::from_utf8_lossy(&stopped.stderr);
    assert!(said.contains("network.safetensors") && said.contains("make room"), "{said}");
}
