//! The weights as the page serves them: the catalogue, the files it names, and the reports behind every number.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::{copy_into, files_in};

/// The part of `weights/manifest.json` that says which files are served; the crate `weights` has the whole of it.
#[derive(Deserialize)]
struct Catalogue {
    models: Vec<Model>,
}

#[derive(Deserialize)]
struct Model {
    file: String,
}

/// Copies what the page loads, and lists the reports in `reports/index.json`, since a web server lists no folder.
///
/// # Errors
/// If the catalogue can't be read, or names a file that is not beside it.
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    let manifest = from.join("manifest.json");
    if !manifest.exists() {
        println!("  {} does not exist: the page will have no model", manifest.display());
        return Ok(());
    }
    for model in read(&manifest)?.models {
        let plain = Path::new(&model.file).file_name().is_some_and(|name| name == model.file.as_str());
        ensure!(plain, "{} names \"{}\"; the name of a file beside it is expected", manifest.display(), model.file);
        copy_into(&from.join(model.file), to)?;
    }
    copy_into(&manifest, to)?;
    copy_reports(&from.join("reports"), &to.join("reports"))
}

fn read(manifest: &Path) -> Result<Catalogue> {
    let text = fs::read_to_string(manifest)?;
    serde_json::from_str(&text).with_context(|| format!("{} is not a catalogue of models", manifest.display()))
}

fn copy_reports(from: &Path, to: &Path) -> Result<()> {
    let reports = if from.is_dir() { files_in(from)? } else { Vec::new() };
    let mut names = Vec::new();
    for report in reports.iter().filter(|file| file.extension().is_some_and(|end| end == "json")) {
        copy_into(report, to)?;
        names.extend(report.file_name().map(|name| name.to_string_lossy()));
    }
    fs::create_dir_all(to)?;
    Ok(fs::write(to.join("index.json"), serde_json::to_vec(&names)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights_with(manifest: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("manifest.json"), manifest).unwrap();
        fs::write(folder.path().join("xception.safetensors"), b"weights").unwrap();
        fs::write(folder.path().join("imagenet.safetensors"), b"where training starts").unwrap();
        fs::create_dir(folder.path().join("reports")).unwrap();
        for name in ["official.json", "grouped.json", "notes.md"] {
            fs::write(folder.path().join("reports").join(name), "{}").unwrap();
        }
        folder
    }

    #[test]
    fn only_what_the_catalogue_names_is_served() {
        let from = weights_with(r#"{"models": [{"id": "x", "file": "xception.safetensors", "bytes": 7}]}"#);
        let to = tempfile::tempdir().unwrap();
        copy(from.path(), to.path()).unwrap();
        assert!(to.path().join("manifest.json").is_file());
        assert!(to.path().join("xception.safetensors").is_file());
        assert!(!to.path().join("imagenet.safetensors").exists());
    }

    #[test]
    fn the_index_lists_the_reports() {
        let from = weights_with(r#"{"models": []}"#);
        let to = tempfile::tempdir().unwrap();
        copy(from.path(), to.path()).unwrap();
        let index = fs::read_to_string(to.path().join("reports/index.json")).unwrap();
        assert_eq!(index, r#"["grouped.json","official.json"]"#);
        assert!(to.path().join("reports/grouped.json").is_file());
    }

    #[test]
    fn a_missing_model_is_named() {
        let from = weights_with(r#"{"models": [{"file": "vgg16.safetensors"}]}"#);
        let error = copy(from.path(), tempfile::tempdir().unwrap().path()).unwrap_err();
        assert!(format!("{error:#}").contains("vgg16.safetensors"), "{error:#}");
    }

    #[test]
    fn a_file_outside_the_folder_is_refused() {
        let from = weights_with(r#"{"models": [{"file": "../secret"}]}"#);
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
