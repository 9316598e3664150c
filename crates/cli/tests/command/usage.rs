//! Words on the command line, and the probe of slices.

use super::written::is_like;
use super::*;

#[test]
fn a_probe_reports_every_step_of_preparation() {
    let (data, runs) = (scans(), tempfile::tempdir().unwrap());
    let (recipe, findings) = (recipe(runs.path()), runs.path().join("probe.json"));
    let [recipe, data, findings_text] = [&recipe, data.path(), &findings].map(|path: &Path| path.to_str().unwrap());
    succeed(&["probe", "--recipe", recipe, "--data", data, "--json", findings_text]);
    let findings = json(&findings);
    is_like("reports/probe.json", &findings);
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

#[test]
fn an_audit_of_the_scans_is_a_report() {
    let data = scans();
    let findings = succeed(&["audit", data.path().to_str().unwrap(), "--json"]);
    is_like("reports/audit.json", &serde_json::from_str(&findings).unwrap());
}

#[test]
fn a_measurement_of_training_says_how_many_images_a_second_it_takes() {
    let folder = tempfile::tempdir().unwrap();
    let findings = folder.path().join("bench.json");
    let small = ["bench", "--size", "71", "--batch", "2", "--train-from", "15", "--warm-up", "1", "--steps", "2"];
    succeed(&[&small[..], &["--json", findings.to_str().unwrap()]].concat());
    let findings = json(&findings);
    is_like("reports/bench.json", &findings);
    let seconds: Vec<f64> =
        findings["seconds_a_step"].as_array().unwrap().iter().map(|step| step.as_f64().unwrap()).collect();
    let best = 2.0 / seconds[0].min(seconds[1]);
    assert!((findings["images_a_second_best"].as_f64().unwrap() - best).abs() < 1e-9 * best);
}

#[cfg(target_os = "linux")]
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

#[test]
fn a_processor_does_not_train_in_bf16() {
    let output = sulcus(&["bench", "--precision", "bf16"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--device cuda"), "{output:?}");
}
