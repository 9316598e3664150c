//! Adding a model to the catalogue that the page offers.

use std::path::Path;

use anyhow::Context;
use model::Hinted;
use storage::write_whole;
use weights::{Catalogue, CatalogueEntry, Manifest};

/// Adds a weights file to the catalogue beside it, in place of an entry with the same id.
///
/// The first model of a catalogue is its default. The report is expected at `reports/ID-PROTOCOL.json`.
///
/// # Errors
/// The catalogue can't be read or written, or the weights file lies outside its folder.
pub fn add(catalogue: &Path, id: &str, title: &str, file: &Path, manifest: &Manifest) -> anyhow::Result<()> {
    let bytes = std::fs::read(file).with_context(|| format!("cannot read \"{}\"", file.display()))?;
    let mut models = if catalogue.exists() { read(catalogue)?.models } else { Vec::new() };
    let protocol = serde_json::to_value(manifest.split)?;
    let entry = CatalogueEntry {
        id: id.to_owned(),
        title: title.to_owned(),
        architecture: manifest.architecture.clone(),
        input_size: manifest.input.size,
        file: file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        bytes: bytes.len() as u64,
        sha256: weights::sha256(&bytes),
        report: format!("reports/{id}-{}.json", protocol.as_str().unwrap_or_default()),
        default: models.iter().all(|model| !model.default || model.id == id),
    };
    match models.iter_mut().find(|model| model.id == id) {
        Some(model) => *model = entry,
        None => models.push(entry),
    }
    write(catalogue, models)
}

/// Enters the size and the checksum of a weights file that was written anew.
///
/// # Errors
/// The catalogue can't be read or written, or does not name the file.
pub fn refresh(catalogue: &Path, file: &Path) -> anyhow::Result<()> {
    let bytes = std::fs::read(file).with_context(|| format!("cannot read \"{}\"", file.display()))?;
    let mut models = read(catalogue)?.models;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let model = models.iter_mut().find(|model| model.file == name).with_context(|| {
        let message = format!("\"{}\" names no file {name}.", catalogue.display());
        Hinted::new(message, "`sulcus export --catalogue` adds one")
    })?;
    (model.bytes, model.sha256) = (bytes.len() as u64, weights::sha256(&bytes));
    write(catalogue, models)
}

fn write(catalogue: &Path, models: Vec<CatalogueEntry>) -> anyhow::Result<()> {
    let text = Catalogue { schema: weights::CATALOGUE_SCHEMA, models }.to_json()?;
    write_whole(catalogue, text.as_bytes())
}

fn read(catalogue: &Path) -> anyhow::Result<Catalogue> {
    let text = std::fs::read_to_string(catalogue)?;
    Catalogue::parse(&text).with_context(|| format!("\"{}\" cannot be used", catalogue.display()))
}
