//! A network that says where: trained with outlines and another source, exported, and asked for its maps.

use super::refused::refused;
use super::written::is_like;
use super::*;

/// Scans with outlines of their spots, and two slices of another source beside them: `[root, scans]`.
fn with_outlines() -> (TempDir, PathBuf) {
    let (root, data) = (tempfile::tempdir().unwrap(), scans());
    let (folder, other) = (root.path().join("scans"), root.path().join("other"));
    fs::rename(data.path(), &folder).unwrap();
    let outline = |class: &str, number: u32| {
        format!(r#"{{"path": "{class}/{number}.png", "polygon_xy": [[25, 25], [65, 25], [65, 65], [25, 65]]}}"#)
    };
    let sick = CLASSES.iter().filter(|class| **class != "notumor");
    let lines: Vec<String> = sick.flat_map(|class| (0..6).map(move |number| outline(class, number))).collect();
    fs::write(root.path().join("tumor_polygons.jsonl"), lines.join("\n")).unwrap();
    fs::create_dir(&other).unwrap();
    for (name, shade) in [("sick.png", 3), ("well.png", 5)] {
        let slice = image::GrayImage::from_fn(70, 70, |x, y| image::Luma([pixel(x + 5, y + 5, 2, 40 + shade)]));
        slice.save(other.join(name)).unwrap();
    }
    let csv = "path,label,source,boxes_xywh\nother/sick.png,tumour,elsewhere,20 20 15 15\nother/well.png,notumor,elsewhere,\n";
    fs::write(root.path().join("other.csv"), csv).unwrap();
    (root, folder)
}

const MAP: &str = r#"
[map]
none = "notumor"

[[source]]
data = "other"
labels = "other.csv"

[[stage]]"#;

#[test]
fn a_network_with_a_map_is_trained_exported_and_says_where() {
    let (root, data) = with_outlines();
    let path = |name: &str| root.path().join(name);
    let text = RECIPE.replacen("[[stage]]", MAP, 1).replacen("[data]", "[data]\nothers = 2", 1);
    fs::write(path("recipe.toml"), text).unwrap();
    let (recipe, run) = (path("recipe.toml"), path("run"));
    let said = succeed(&train_arguments(&recipe, &data, &run));
    assert!(said.contains("2 slices of") && said.contains("0 are copies"), "{said}");
    assert_eq!(curve(&run).len(), 3);
    let report = json(&run.join("report.json"));
    assert!(report["map"]["n"].as_u64().unwrap() > 0, "{report}");
    assert!(fs::read_to_string(run.join("report.html")).unwrap().contains("Map of evidence"));

    let [file, onnx, maps] = ["model.safetensors", "model.onnx", "maps"].map(|name| path(name).display().to_string());
    let [run, data_text] = [&run, &data].map(|path| path.display().to_string());
    succeed(&["export", "--run", &run, "--data", &data_text, "--out", &file]);
    succeed(&["export", "--weights", &file, "--format", "onnx-int8", "--out", &onnx]);
    let slices = ["glioma/7.png", "pituitary/7.png"].map(|name| data.join(name).display().to_string());
    let answers = succeed(&["classify", "--json", "--weights", &file, "--maps", &maps, &slices[0], &slices[1]]);
    for line in answers.lines() {
        let answer: Value = serde_json::from_str(line).unwrap();
        let map = &answer["map"];
        let values: Vec<f64> = serde_json::from_value(map["values"].clone()).unwrap();
        let side = usize::try_from(map["side"].as_u64().unwrap()).unwrap();
        assert_eq!((values.len(), side), (side * side, 9), "{answer}");
        assert!(values.iter().all(|value| (0.0..=1.0).contains(value)));
        let png = image::open(map["png"].as_str().unwrap()).unwrap();
        assert_eq!((png.width(), png.height()), (90, 90));
        assert_eq!(fs::metadata(map["nifti"].as_str().unwrap()).unwrap().len(), 352 + 4 * 8100);
    }
    // Files of one name are not written over each other.
    assert_eq!(files_in(Path::new(&maps)), 4);
    scans_from_elsewhere_are_measured_by_whether_there_is_a_tumour(root.path(), &file);
}

fn files_in(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { files_in(&path) } else { 1 }).sum()
}

fn scans_from_elsewhere_are_measured_by_whether_there_is_a_tumour(root: &Path, file: &str) {
    let [other, csv, report] = ["other", "other.csv", "detection.json"].map(|name| root.join(name));
    let [other_text, csv, report_text] = [&other, &csv, &report].map(|path| path.to_str().unwrap());
    let evaluate = ["evaluate", "--weights", file, "--data", other_text, "--json", report_text, "--labels"];
    let by_csv = succeed(&[&evaluate[..], &[csv]].concat());
    assert!(by_csv.contains("2 slices, 1 of them with a tumour") && by_csv.contains("source elsewhere"), "{by_csv}");
    let found = json(&report);
    is_like("reports/evaluate-detection.json", &found);
    assert_eq!((&found["kind"], &found["figures"]["n"]), (&"detection".into(), &2.into()));

    for (label, name) in [("yes", "sick.png"), ("no", "well.png")] {
        fs::create_dir(other.join(label)).unwrap();
        fs::rename(other.join(name), other.join(label).join(name)).unwrap();
    }
    succeed(&[&evaluate[..], &["yes,no"]].concat());
    assert_eq!(json(&report)["figures"], found["figures"], "the same slices in folders");
    refused(&evaluate[..7], "say which label means a tumour");
    let by_split = [&evaluate[..], &["yes,no", "--split", "grouped"]].concat();
    refused(&by_split, "leave --split out");
}

#[test]
fn a_network_is_trained_for_every_source_that_has_seen_nothing_of_it() {
    let (root, data) = with_outlines();
    let out = root.path().join("sources");
    let text = RECIPE.replacen("[[stage]]", MAP, 1).replacen("[data]", "[data]\nothers = 2", 1);
    let text = text.replacen(
        "protocol = \"random\"",
        "protocol = \"leave-source-out\"\nsource_of = { notumor = \"elsewhere\" }",
        1,
    );
    let recipe = root.path().join("recipe.toml");
    fs::write(&recipe, text).unwrap();
    let train = train_arguments(&recipe, &data, &out);
    succeed(&train);
    let report = json(&out.join("sources.json"));
    is_like("reports/train-sources.json", &report);
    let group = &report["groups"][0];
    let healthy = fs::read_dir(data.join("notumor")).unwrap().count() as u64;
    assert_eq!((&report["protocol"], &group["value"]), (&"leave-source-out".into(), &"elsewhere".into()));
    assert_eq!((group["figures"]["n"].as_u64(), group["figures"]["positives"].as_u64()), (Some(healthy + 2), Some(1)));
    let trained_on = fs::read_to_string(out.join("source-1/split.json")).unwrap();
    assert!(trained_on.contains("glioma/") && !trained_on.contains("notumor/"), "{trained_on}");
    assert!(fs::read_to_string(out.join("sources.html")).unwrap().contains("source-1/report.html"));

    let again = ["report", "--run", out.to_str().unwrap(), "--data", data.to_str().unwrap()];
    succeed(&again);
    assert_eq!(json(&out.join("sources.json")), report, "the report made again");
    let resumed = succeed(&[&train[..], &["--resume"]].concat());
    assert!(resumed.contains("the network without elsewhere is done"), "{resumed}");
}

#[test]
fn a_network_without_a_map_is_not_asked_for_one() {
    let slice = scans();
    let weights = concat!(env!("CARGO_MANIFEST_DIR"), "/../../weights/xception.safetensors");
    let file = slice.path().join("glioma/0.png").display().to_string();
    let refused = sulcus(&["classify", "--weights", weights, "--maps", "nowhere", &file]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(said.contains("not where") && said.contains("hint: leave --maps out"), "{said}");
}
