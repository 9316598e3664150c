//! Where the files that ship with Sulcus lie.

use std::path::{Path, PathBuf};

use anyhow::Context;
use model::Hinted;
use weights::Catalogue;

/// A file of the `weights` folder: of the working directory or one above it, or of a folder above the program.
///
/// # Errors
/// There is no such file.
pub fn find_shipped(name: &str) -> anyhow::Result<PathBuf> {
    let working = std::env::current_dir().unwrap_or_default();
    let program = std::env::current_exe().unwrap_or_default();
    working
        .ancestors()
        .chain(program.ancestors())
        .map(|folder| folder.join("weights").join(name))
        .find(|path| path.exists())
        .ok_or_else(|| {
            let message = format!("cannot find weights/{name} above the working directory or the program.");
            Hinted::new(message, "name a file instead").into()
        })
}

/// The weights file to use: the one that was named, or the catalogue's default, checked against the catalogue.
///
/// # Errors
/// The file can't be read, or is not the one the catalogue pins.
pub fn read_weights(named: Option<&Path>) -> anyhow::Result<Vec<u8>> {
    if let Some(path) = named {
        return std::fs::read(path).with_context(|| format!("cannot read the weights file \"{}\"", path.display()));
    }
    let manifest = find_shipped("manifest.json")?;
    let text = std::fs::read_to_string(&manifest)?;
    let catalogue = Catalogue::parse(&text).with_context(|| format!("\"{}\" cannot be used", manifest.display()))?;
    let model = catalogue.default_model().context("the catalogue has no default model")?;
    let path = manifest.with_file_name(&model.file);
    let bytes = std::fs::read(&path).with_context(|| format!("cannot read the weights file \"{}\"", path.display()))?;
    catalogue.verify(&model.id, &bytes).with_context(|| format!("\"{}\" is refused", path.display()))?;
    Ok(bytes)
}
