//! The weights as the page serves them: the catalogue, the files it names, and the reports behind every number.
//!
//! A weights file is served under a name that holds the first digits of its SHA-256. What lies under such a name never
//! changes, so browsers and servers may keep it for as long as they like.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use model::Hinted;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::{copy_into, files_in, report_index};

/// Digits of the SHA-256 in a name.
const DIGITS: usize = 8;

/// The part of `weights/manifest.json` that says which files are served; the crate `weights` has the whole of it.
#[derive(Serialize, Deserialize)]
struct Catalogue {
    models: Vec<Model>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Serialize, Deserialize)]
struct Model {
    file: String,
    sha256: String,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// Copies what the page loads, and gathers the reports in `reports/index.json`, since a web server lists no folder.
///
/// # Errors
/// If the catalogue or a report can't be read, or the catalogue names a file that is not beside it or has another checksum.
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    let manifest = from.join("manifest.json");
    if !manifest.exists() {
        println!("  {} does not exist: the page will have no model", manifest.display());
        return Ok(());
    }
    let mut catalogue = read(&manifest)?;
    fs::create_dir_all(to)?;
    for model in &mut catalogue.models {
        let plain = Path::new(&model.file).file_name().is_some_and(|name| name == model.file.as_str());
        ensure!(plain, "{} names \"{}\"; the name of a file beside it is expected", manifest.display(), model.file);
        model.file = copy_model(&from.join(&model.file), &model.sha256, to)?;
    }
    fs::write(to.join("manifest.json"), serde_json::to_vec_pretty(&catalogue)?)?;
    copy_reports(&from.join("reports"), &to.join("reports"))
}

fn read(manifest: &Path) -> Result<Catalogue> {
    let text = fs::read_to_string(manifest)?;
    serde_json::from_str(&text).with_context(|| format!("{} is not a catalogue of models", manifest.display()))
}

/// Copies a weights file and returns the name it is served under.
fn copy_model(file: &Path, expected: &str, to: &Path) -> Result<String> {
    let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let found = format!("{:x}", Sha256::digest(&bytes));
    ensure!(
        found == expected,
        Hinted::new(
            format!("{} has the SHA-256 {found}; the catalogue says {expected}.", file.display()),
            "`sulcus export` and `sulcus calibrate` enter what they wrote with --catalogue"
        )
    );
    let name = immutable_name(file, &found);
    fs::write(to.join(&name), bytes).with_context(|| format!("cannot write {name} into {}", to.display()))?;
    Ok(name)
}

/// `xception.safetensors` becomes `xception.521e59c6.safetensors`.
fn immutable_name(file: &Path, sha256: &str) -> String {
    let [stem, end] = [file.file_stem(), file.extension()].map(|part| part.unwrap_or_default().to_string_lossy());
    format!("{stem}.{}.{end}", &sha256[..DIGITS])
}

/// Copies the reports, and gathers in one file what the page shows of those about a network: it asks for nothing later.
fn copy_reports(from: &Path, to: &Path) -> Result<()> {
    let reports = if from.is_dir() { files_in(from)? } else { Vec::new() };
    let mut index = Vec::new();
    for report in reports.iter().filter(|file| file.extension().is_some_and(|end| end == "json")) {
        copy_into(report, to)?;
        let bytes = fs::read(report).with_context(|| format!("cannot read {}", report.display()))?;
        let content =
            serde_json::from_slice(&bytes).with_context(|| format!("{} is not a report", report.display()))?;
        match report_index::entry(&report.file_name().unwrap_or_default().to_string_lossy(), content) {
            Some(entry) => index.push(entry),
            None => println!("  {} is about no weights file: the page does not show it", report.display()),
        }
    }
    fs::create_dir_all(to)?;
    Ok(fs::write(to.join("index.json"), serde_json::to_vec(&index)?)?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Of the text `weights`, by coreutils' sha256sum.
    const SHA256: &str = "9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c";

    fn entry(file: &str, sha256: &str) -> String {
        format!(r#"{{"schema": 1, "models": [{{"id": "x", "file": "{file}", "bytes": 7, "sha256": "{sha256}"}}]}}"#)
    }

    fn weights_with(manifest: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("manifest.json"), manifest).unwrap();
        fs::write(folder.path().join("xception.safetensors"), b"weights").unwrap();
        fs::write(folder.path().join("imagenet.safetensors"), b"where training starts").unwrap();
        fs::create_dir(folder.path().join("reports")).unwrap();
        for name in ["official.json", "grouped.json", "notes.md"] {
            let report = r#"{"weights_sha256": "9a12", "roc": [0, 1]}"#;
            fs::write(folder.path().join("reports").join(name), report).unwrap();
        }
        fs::write(folder.path().join("reports/speed.json"), r#"{"contenders": []}"#).unwrap();
        folder
    }

    #[test]
    fn a_model_is_served_under_a_name_that_its_bytes_decide() {
        let from = weights_with(&entry("xception.safetensors", SHA256));
        let to = tempfile::tempdir().unwrap();
        copy(from.path(), to.path()).unwrap();
        let name = format!("xception.{}.safetensors", &SHA256[..8]);
        assert_eq!(fs::read(to.path().join(&name)).unwrap(), b"weights");
        let catalogue: Value = serde_json::from_slice(&fs::read(to.path().join("manifest.json")).unwrap()).unwrap();
        let model = serde_json::json!({"id": "x", "file": name, "bytes": 7, "sha256": SHA256});
        assert_eq!(catalogue, serde_json::json!({"schema": 1, "models": [model]}));
    }

    #[test]
    fn only_what_the_catalogue_names_is_served() {
        let from = weights_with(&entry("xception.safetensors", SHA256));
        let to = tempfile::tempdir().unwrap();
        copy(from.path(), to.path()).unwrap();
        let served: Vec<_> = files_in(to.path()).unwrap();
        assert_eq!(served.len(), 2, "{served:?}");
    }

    #[test]
    fn a_file_that_is_not_the_one_of_the_catalogue_is_refused() {
        let other = "0".repeat(64);
        let from = weights_with(&entry("xception.safetensors", &other));
        let error = copy(from.path(), tempfile::tempdir().unwrap().path()).unwrap_err().to_string();
        assert!(error.contains(SHA256) && error.contains(&other), "{error}");
    }

    #[test]
    fn the_index_has_what_the_page_shows_of_reports_about_a_network() {
        let from = weights_with(r#"{"models": []}"#);
        let to = tempfile::tempdir().unwrap();
        copy(from.path(), to.path()).unwrap();
        let index: Value = serde_json::from_slice(&fs::read(to.path().join("reports/index.json")).unwrap()).unwrap();
        let listed = |name: &str| json!({ "address": format!("weights/reports/{name}"), "content": { "weights_sha256": "9a12" } });
        assert_eq!(index, json!([listed("grouped.json"), listed("official.json")]));
        assert!(fs::read_to_string(to.path().join("reports/grouped.json")).unwrap().contains("roc"));
        assert!(to.path().join("reports/speed.json").is_file());
    }

    #[test]
    fn a_missing_model_is_named() {
        let from = weights_with(&entry("vgg16.safetensors", SHA256));
        let error = copy(from.path(), tempfile::tempdir().unwrap().path()).unwrap_err();
        assert!(format!("{error:#}").contains("vgg16.safetensors"), "{error:#}");
    }

    #[test]
    fn a_file_outside_the_folder_is_refused() {
        let from = weights_with(&entry("../secret", SHA256));
        let error = copy(from.path(), tempfile::tempdir().unwrap().path()).unwrap_err().to_string();
        assert!(error.contains("../secret"), "{error}");
    }

    #[test]
    fn a_page_without_models_can_be_built() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        copy(from.path(), to.path()).unwrap();
        assert!(!to.path().join("manifest.json").exists());
    }
}
