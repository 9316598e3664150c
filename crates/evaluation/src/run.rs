//! Training and what it came to, in one: the run, or a run a fold, and then the reports.

use std::path::Path;

use anyhow::bail;
use burn::tensor::Device;
use dataset::SplitProtocol;
use model::Hinted;
use reports::tagged;
use scans::ScansConfig;
use storage::write_json;
use training::{Job, OtherScans, Recipe, TrainConfig, TumourMasks, has_state, train};

use crate::folds::Folds;
use crate::{ablate, folds, report, sources};

/// Trains as `config` says, and reports; with `folds`, a network for each, and what they come to together.
/// Where the configuration asks for a preview alone, there is nothing to report.
///
/// # Errors
/// The recipe, the data or the starting weights can't be used, the folder holds another run, or training failed.
pub fn train_and_report(config: &TrainConfig, folds: Option<Folds>) -> anyhow::Result<()> {
    if !config.resume && is_begun(&config.out, folds) {
        bail!(Hinted::new(
            format!("\"{}\" already holds a training run.", config.out.display()),
            "go on with --resume, or name another folder with --out"
        ));
    }
    let job = Job::open(config)?;
    let device = config.device.open()?;
    if let Some(folds) = folds {
        return folds::train_folds(&job, folds, &device);
    }
    if job.recipe.data.protocol == SplitProtocol::LeaveSourceOut && job.recipe.data.leave_out.is_none() {
        return sources::train_all(&job, &device);
    }
    train(&job, &device)?;
    if job.preview.is_some() {
        return Ok(());
    }
    report::write(&job.out, &job.scans, &job.outlines, &device)
}

/// Whether a folder holds a run; where one fold is asked for, that fold.
fn is_begun(out: &Path, folds: Option<Folds>) -> bool {
    match folds.and_then(|folds| folds.only) {
        Some(fold) => has_state(&folds::fold_folder(out, fold)),
        None => has_state(out) || !folds::folders(out).is_empty() || !sources::folders(out).is_empty(),
    }
}

/// Makes the report of a run folder again, or of every fold or source in it and of all together. Of the runs of an
/// ablation it compares those that are there.
///
/// # Errors
/// The run folder is incomplete, the data are not those it was trained on, or the disk refuses.
pub fn report_again(run: &Path, folder: &ScansConfig, device: &Device) -> anyhow::Result<()> {
    if let Some(fold) = folds::folders(run).first() {
        let recipe = Recipe::open(&fold.join("recipe.toml"))?;
        return folds::report_again(run, &recipe.scans(folder)?, &outlines(&recipe, folder), device);
    }
    if let Some(first) = sources::folders(run).first() {
        let recipe = Recipe::open(&first.join("recipe.toml"))?;
        let scans = recipe.scans(folder)?;
        let others = OtherScans::open(&recipe, folder, &scans)?;
        return sources::report_again(run, &scans, &others, &outlines(&recipe, folder), device);
    }
    if ablate::is_ablation(run) {
        let scans = Recipe::open(&run.join(ablate::WHOLE).join("recipe.toml"))?.scans(folder)?;
        let ablation = ablate::join(run, &scans)?;
        return write_json(&run.join("ablation.json"), &tagged(&ablation));
    }
    let recipe = Recipe::open(&run.join("recipe.toml"))?;
    report::again(run, &recipe.scans(folder)?, &outlines(&recipe, folder), device)
}

/// The outlines that lie with the scans, for a network with a map; without them a report has no figures of the map.
fn outlines(recipe: &Recipe, folder: &ScansConfig) -> TumourMasks {
    if recipe.map.is_none() {
        return TumourMasks::default();
    }
    TumourMasks::find(None, folder).unwrap_or_else(|error| {
        log::warn!("the map is not measured: {error:#}");
        TumourMasks::default()
    })
}
