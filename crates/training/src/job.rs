//! What a run is made from: a recipe, scans, and what else is named, in memory.

use std::path::PathBuf;

use anyhow::Context;
use burn::tensor::FloatDType;
use scans::{Scans, ScansConfig};

use crate::device::{DeviceName, Precision};
use crate::feature_cache::Kept;
use crate::others::OtherScans;
use crate::recipe::Recipe;
use crate::tumour_masks::TumourMasks;

/// What to train on what, and where to leave it.
#[derive(Debug, Clone)]
pub struct TrainConfig {
    /// The recipe, a TOML file.
    pub recipe: PathBuf,
    /// The folder of scans.
    pub scans: ScansConfig,
    /// The run folder.
    pub out: PathBuf,
    /// Outlines of tumours, a JSON object a line; where there are none, `tumor_polygons.jsonl` in the folder of scans or
    /// beside it. Only recipes with a map or transplants need them.
    pub outlines: Option<PathBuf>,
    /// Weights to start from; where there are none, those of `ImageNet` that ship.
    pub start: Option<PathBuf>,
    /// Where to train.
    pub device: DeviceName,
    /// How exactly to compute.
    pub precision: Precision,
    /// Go on after the last whole epoch in the run folder.
    pub resume: bool,
    /// Where to show some slices as training sees them, as a PNG, instead of training.
    pub preview: Option<PathBuf>,
    /// What repeats it, for its report.
    pub command: String,
}

/// A [`TrainConfig`] with what it names in memory.
#[derive(Clone)]
pub struct Job {
    /// The recipe.
    pub recipe: Recipe,
    /// The folder of scans, with its groups where they are known.
    pub scans: Scans,
    /// Outlines of tumours; none where the recipe needs none.
    pub outlines: TumourMasks,
    /// Scans of other sources.
    pub others: Vec<OtherScans>,
    /// ImageNet weights to start from.
    pub start: PathBuf,
    /// What activations are made of.
    pub precision: FloatDType,
    /// What repeats it.
    pub command: String,
    /// The run folder.
    pub out: PathBuf,
    /// Go on where an earlier run stopped.
    pub resume: bool,
    /// Where to show what training sees, instead of training.
    pub preview: Option<PathBuf>,
    /// Whose activations are kept, where the recipe says so and runs share them; those of its own split otherwise.
    pub kept: Option<Kept>,
}

impl Job {
    /// Reads what the configuration names.
    ///
    /// # Errors
    /// The recipe, the data or the starting weights can't be used.
    pub fn open(config: &TrainConfig) -> anyhow::Result<Self> {
        let recipe = Recipe::open(&config.recipe)?;
        let start = match &config.start {
            Some(start) => start.clone(),
            None => storage::find_shipped(&format!("start/imagenet-{}.safetensors", recipe.architecture))?,
        };
        let scans = recipe.scans(&config.scans)?;
        Ok(Self {
            outlines: outlines(config, &recipe)?,
            others: OtherScans::open(&recipe, &config.scans, &scans)?,
            scans,
            recipe,
            start,
            precision: config.device.activations(config.precision)?,
            command: config.command.clone(),
            out: config.out.clone(),
            resume: config.resume,
            preview: config.preview.clone(),
            kept: None,
        })
    }
}

/// The outlines that a recipe with transplants needs.
fn outlines(config: &TrainConfig, recipe: &Recipe) -> anyhow::Result<TumourMasks> {
    if recipe.transplant.is_none() && recipe.map.is_none() {
        return Ok(TumourMasks::default());
    }
    TumourMasks::find(config.outlines.as_deref(), &config.scans)
        .context("the recipe needs outlines of tumours; without [map] and [transplant] it needs none")
}
