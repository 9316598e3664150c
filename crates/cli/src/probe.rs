//! `sulcus probe`: what tells the classes apart besides anatomy, after each step of a recipe's preparation.

use audit::{ProbeConfig, probe};
use storage::write_json;

use crate::arguments::ProbeArguments;

/// Runs `sulcus probe`.
///
/// # Errors
/// The recipe, the scans or the outlines can't be used, a class has too few slices, or the findings can't be written.
pub fn run(arguments: &ProbeArguments) -> anyhow::Result<()> {
    let ProbeArguments { recipe, data, outlines, json } = arguments;
    let findings = probe(&ProbeConfig { recipe: recipe.clone(), scans: data.config(), outlines: outlines.clone() })?;
    print!("{findings}");
    let Some(path) = json else { return Ok(()) };
    write_json(path, &findings)
}
