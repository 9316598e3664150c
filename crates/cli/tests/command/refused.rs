//! What can't be done, and is said in time.

use std::process::Stdio;

use super::written::is_like;
use super::*;

pub fn refused(arguments: &[&str], expected: &str) {
    let outcome = sulcus(arguments);
    let error = String::from_utf8_lossy(&outcome.stderr).into_owned();
    assert!(!outcome.status.success() && error.contains(expected), "{error}");
}

#[test]
fn a_run_does_not_go_on_by_another_recipe() {
    let (data, runs) = (scans(), tempfile::tempdir().unwrap());
    let recipe = recipe(runs.path());
    let run = runs.path().join("run");
    let mut arguments = train_arguments(&recipe, data.path(), &run);
    succeed(&arguments);
    fs::write(&recipe, RECIPE.replace("seed = 3", "seed = 4")).unwrap();
    arguments.push("--resume");
    refused(&arguments, "by another recipe");
}

#[test]
fn scans_that_were_changed_are_not_taken_for_those_of_the_run() {
    let (data, runs) = (scans(), tempfile::tempdir().unwrap());
    let recipe = recipe(runs.path());
    let [run, file, report] = ["run", "model.safetensors", "report.json"].map(|name| runs.path().join(name));
    let mut train = train_arguments(&recipe, data.path(), &run);
    succeed(&train);
    let [run, scans, file, report_text] = [&run, data.path(), &file, &report].map(|path: &Path| path.to_str().unwrap());
    let export = ["export", "--run", run, "--data", scans, "--out", file];
    succeed(&export);
    let evaluate = ["evaluate", "--weights", file, "--data", scans, "--split", "random", "--json", report_text];
    assert!(!succeed(&evaluate).contains("not known"));
    assert_eq!(json(&report)["leaky"], true, "nothing is known of patients and copies");

    fs::copy(data.path().join("glioma/1.png"), data.path().join("glioma/0.png")).unwrap();
    assert!(succeed(&evaluate).contains("is not known"));
    assert!(json(&report)["leaky"].is_null() && json(&report)["leakage"].is_null());
    is_like("reports/evaluate-other-scans.json", &json(&report));
    refused(&export, "not the scans that the run was trained on");
    train.push("--resume");
    refused(&train, "on other scans");
}

#[test]
fn a_validation_loss_that_is_no_number_is_named_with_a_hint() {
    let (data, runs) = (scans(), tempfile::tempdir().unwrap());
    let recipe = runs.path().join("recipe.toml");
    // One step an epoch: the loss of the step is sound, and what the step makes of the network is not.
    fs::write(&recipe, RECIPE.replace("batch = 4", "batch = 16").replace("1e-3", "1e38")).unwrap();
    let arguments = train_arguments(&recipe, data.path(), runs.path());
    refused(&arguments, "lower `learning_rate`");
}

#[test]
fn a_batch_that_makes_no_step_is_refused() {
    let (data, runs) = (scans(), tempfile::tempdir().unwrap());
    let recipe = runs.path().join("recipe.toml");
    fs::write(&recipe, RECIPE.replace("batch = 4", "batch = 80")).unwrap();
    refused(&train_arguments(&recipe, data.path(), runs.path()), "make no step");
}

#[test]
fn a_csv_beside_the_folder_that_is_about_other_files_is_left_aside() {
    let (data, outer) = (scans(), tempfile::tempdir().unwrap());
    let inner = outer.path().join("scans");
    fs::rename(data.path(), &inner).unwrap();
    fs::write(outer.path().join("index.csv"), "name,age\nAda,36\n").unwrap();
    let found = succeed(&["audit", inner.to_str().unwrap()]);
    assert!(found.contains("Patients are not known"), "{found}");
}

#[test]
#[cfg(unix)]
fn a_reader_that_has_seen_enough_ends_the_program_without_a_panic() {
    let data = scans();
    let mut audit = command(&["audit", data.path().to_str().unwrap()]);
    let mut child = audit.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let outcome = child.wait_with_output().unwrap();
    let error = String::from_utf8_lossy(&outcome.stderr).into_owned();
    assert!(!outcome.status.success() && !error.contains("panicked"), "{error}");
}

#[test]
#[cfg(target_os = "linux")]
fn without_a_vulkan_driver_the_graphics_adapter_is_refused_with_a_hint() {
    let bench = ["bench", "--device", "wgpu", "--steps", "1", "--batch", "1", "--size", "71"];
    for (arguments, status) in [(&bench[..], 1), (&["classify", "--device", "wgpu", "nowhere.png"], 2)] {
        let mut command = command(arguments);
        // An adapter of OpenGL may still be there, and is none to compute on.
        let outcome = command.env("VK_DRIVER_FILES", "/nowhere").env("VK_ICD_FILENAMES", "/nowhere").output().unwrap();
        let error = String::from_utf8_lossy(&outcome.stderr).into_owned();
        assert_eq!(outcome.status.code(), Some(status), "{error}");
        assert!(error.contains("Vulkan: no adapter") && error.contains("\nhint: "), "{error}");
    }
}
