//! What is made of a trained network: a file, its calibration, its evaluation.

use super::written::is_like;
use super::*;

#[test]
fn a_trained_network_is_exported_evaluated_and_classifies() {
    let (data, runs) = (scans(), tempfile::tempdir().unwrap());
    let recipe = recipe(runs.path());
    let [run, file, comparison, report] =
        ["run", "model.safetensors", "comparison.json", "report.json"].map(|name| runs.path().join(name));
    let [run_text, data_text, file_text, comparison_text, report_text] =
        [&run, data.path(), &file, &comparison, &report].map(|path: &Path| path.to_str().unwrap());
    let trained = sulcus(&train_arguments(&recipe, data.path(), &run));
    assert!(String::from_utf8_lossy(&trained.stderr).contains("broken.png"), "the broken file must be named");

    let catalogue = runs.path().join("manifest.json");
    let export = ["export", "--run", run_text, "--data", data_text, "--out", file_text, "--json", comparison_text];
    let entered = ["--catalogue", catalogue.to_str().unwrap(), "--title", "Xception"];
    let exported = succeed(&[&export[..], &entered].concat());
    let comparison = json(&comparison);
    is_like("reports/export.json", &comparison);
    is_like("manifest.json", &json(&catalogue));
    assert!(comparison["same_class"].as_f64().unwrap() > 0.8, "{comparison}");
    let said = format!("same class {:.4}", comparison["same_class"].as_f64().unwrap());
    assert!(exported.contains(&said), "{exported}");

    let evaluate =
        ["evaluate", "--weights", file_text, "--data", data_text, "--split", "random", "--json", report_text];
    let printed = succeed(&evaluate);
    assert!(printed.contains("accuracy"), "{printed}");
    let report = json(&report);
    is_like("reports/evaluate.json", &report);
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
    is_like("reports/classify.json", &lines[0]);
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

    let findings = json(Path::new(&findings));
    is_like("reports/calibrate.json", &findings);
    assert_eq!(findings["weights_sha256"].as_str().unwrap(), weights::sha256(&fs::read(&calibrated).unwrap()));
    let methods = findings["foreign"]["methods"].as_array().unwrap();
    assert_eq!(methods.len(), 1);
    assert_eq!(methods[0]["foreign_refused"], 1.0, "{methods:?}");
    assert_eq!(findings["foreign"]["chosen"], methods[0]["name"]);
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
    is_like("reports/transfer.json", &findings);
    assert_eq!(findings["healthy"]["n"], 3);
    assert!(findings["with_tumour"]["n"].as_u64().unwrap() > 3 && sheet.exists());
    let slices = findings["slices"].as_array().unwrap();
    let of = |part: &str| findings[part]["n"].as_u64().unwrap();
    assert_eq!(slices.len() as u64, of("healthy") + of("with_tumour") + of("with_sham"));
    let called = findings["with_tumour"]["called"].as_object().unwrap();
    assert_eq!(called.values().filter_map(Value::as_u64).sum::<u64>(), of("with_tumour"));
}
