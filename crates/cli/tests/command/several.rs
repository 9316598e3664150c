//! Several trainings beside one another: folds and ablations.

use super::written::is_like;
use super::*;

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
    is_like("reports/train-folds.json", &report);
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

    // As tasks of an array: a fold by itself, and the sum when all are done.
    fs::remove_dir_all(out.join("fold-2")).unwrap();
    let sum_up = ["report", "--run", out.to_str().unwrap(), "--data", data.path().to_str().unwrap()];
    let incomplete = sulcus(&sum_up);
    let said = String::from_utf8_lossy(&incomplete.stderr);
    assert!(said.contains("these are not trained: 2") && said.contains("--folds 3 --fold I"), "{said}");
    let mut alone = train_arguments(&recipe, data.path(), &out);
    alone.extend(["--folds", "3", "--fold", "2"]);
    succeed(&alone);
    succeed(&sum_up);
    assert_eq!(json(&out.join("folds.json")), report);

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
    is_like("reports/ablate.json", &findings);
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

    // As tasks of an array: a component by itself, and the comparison when all are done.
    fs::remove_dir_all(out.join("without-cosine")).unwrap();
    let mut alone = train_arguments(&recipe, data.path(), &out);
    alone[0] = "ablate";
    succeed(&[&alone[..], &["--without", "cosine", "--alone"]].concat());
    succeed(&["report", "--run", out.to_str().unwrap(), "--data", data.path().to_str().unwrap()]);
    assert_eq!(json(&out.join("ablation.json")), findings);
}
