//! What a probe tells of the classes from what is no anatomy, after each step of a recipe's preparation.

use std::fmt::{self, Display, Formatter};
use std::path::PathBuf;

use anyhow::Context;
use imaging::{Crop, InputSpec, Intensity, Slice};
use metrics::FOLDS;
use rayon::prelude::*;
use scans::{Scans, ScansConfig, Slices};
use serde::Serialize;
use training::{Augmentation, Changes, CopyPaste, LabelledSlices, Recipe, TumourMasks, chance};

use crate::acquisition_features::AcquisitionFeatures;
use crate::shortcuts::{Probed, Sample, best_told};

/// What was probed, and what is told after each step.
#[derive(Serialize)]
pub struct ProbeFindings {
    recipe: String,
    command: String,
    input: InputSpec,
    augmentation: Augmentation,
    /// Different pictures that were probed: one of each group of copies.
    slices: usize,
    /// Parts that each probe was cross-validated in.
    folds: usize,
    /// Balanced accuracy of a guess.
    chance: f64,
    steps: Vec<Step>,
    data_fingerprint: String,
}

/// What is still told after a step.
#[derive(Serialize)]
struct Step {
    /// What was done to the slices up to here.
    after: &'static str,
    /// Borders, air, sharpness, and all together.
    probes: Vec<Probed>,
}

/// What to probe.
#[derive(Debug, Clone)]
pub struct ProbeConfig {
    /// The recipe, a TOML file.
    pub recipe: PathBuf,
    /// The folder of scans.
    pub scans: ScansConfig,
    /// Outlines of tumours; where there are none, `tumor_polygons.jsonl` in the folder of scans or beside it. Only recipes
    /// that transplant need them.
    pub outlines: Option<PathBuf>,
}

/// Finds out what a probe tells of the classes from what is no anatomy, after each step of a recipe's preparation.
///
/// # Errors
/// The recipe, the scans or the outlines can't be used, or a class has too few slices.
pub fn probe(config: &ProbeConfig) -> anyhow::Result<ProbeFindings> {
    let recipe = Recipe::open(&config.recipe)?;
    let outlines = match &recipe.transplant {
        Some(_) => TumourMasks::find(config.outlines.as_deref(), &config.scans)?,
        None => TumourMasks::default(),
    };
    let scans = recipe.scans(&config.scans)?;
    let (slices, steps) = steps(&recipe, &scans, &outlines)?;
    Ok(ProbeFindings {
        command: format!("sulcus probe --recipe {}.toml --data DIR", recipe.name),
        recipe: recipe.name,
        input: recipe.input,
        augmentation: recipe.augmentation,
        slices,
        folds: FOLDS,
        chance: 1.0 / scans.dataset().classes.len() as f64,
        steps,
        data_fingerprint: scans.fingerprint().to_owned(),
    })
}

/// How many slices there are, and what they tell step by step.
fn steps(recipe: &Recipe, scans: &Scans, outlines: &TumourMasks) -> anyhow::Result<(usize, Vec<Step>)> {
    let all: Vec<usize> = (0..scans.dataset().records.len()).collect();
    let labels: Vec<usize> = scans.dataset().records.iter().map(|record| record.label).collect();
    let prepared = Slices::prepare(scans, &all, &recipe.input)?;
    let indices = prepared.readable(&dataset::unique(scans.dataset(), &all));
    let cropped = InputSpec { intensity: Intensity { low: 0.0, high: 100.0 }, ..recipe.input };
    let whole = InputSpec { crop: Crop::None, margin: 0.0, ..cropped };
    let inputs = LabelledSlices { slices: &prepared, labels: &labels, indices: &indices };
    let grafts = CopyPaste::of(recipe, scans.dataset(), outlines, inputs)?;
    let probe = |after, slices: &Slices, changes: Changes<'_>| {
        let probes = probed(scans, LabelledSlices { slices, ..inputs }, changes, recipe.seed)?;
        anyhow::Ok(Step { after, probes })
    };
    let as_they_are = Changes { grafts: None, augmentation: Augmentation::default() };
    let changed = Changes { grafts: None, augmentation: recipe.augmentation };
    let mut steps = vec![
        probe("resizing", &Slices::prepare(scans, &all, &whole)?, as_they_are)?,
        probe("the crop", &Slices::prepare(scans, &all, &cropped)?, as_they_are)?,
        probe("scaling intensities", &prepared, as_they_are)?,
        probe("random changes", &prepared, changed)?,
    ];
    if grafts.is_some() {
        steps.push(probe("grafts", &prepared, Changes { grafts: grafts.as_ref(), ..changed })?);
    }
    Ok((indices.len(), steps))
}

/// Probes slices as a network would see them in an epoch.
fn probed(scans: &Scans, inputs: LabelledSlices<'_>, changes: Changes<'_>, seed: u64) -> anyhow::Result<Vec<Probed>> {
    let LabelledSlices { slices, labels, indices } = inputs;
    let clusters = dataset::clusters(scans.dataset());
    let look = |&index: &usize| {
        let slice = slices.get(index).context("a slice that was readable is gone")?;
        let (pixels, label) = changes.apply(index, slice.pixels(), labels[index], &mut chance(seed, index));
        anyhow::Ok((AcquisitionFeatures::of(&Slice::new(slice.size(), slice.size(), pixels)?), label))
    };
    let looked: Vec<(AcquisitionFeatures, usize)> = indices.par_iter().map(look).collect::<anyhow::Result<_>>()?;
    let sample = Sample {
        classes: &scans.dataset().classes,
        labels: looked.iter().map(|(_, label)| *label).collect(),
        clusters: indices.iter().map(|&index| clusters[index]).collect(),
    };
    let features: Vec<&AcquisitionFeatures> = looked.iter().map(|(features, _)| features).collect();
    sample.probe_inputs(&features)
}

/// As a table for a terminal.
impl Display for ProbeFindings {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        writeln!(to, "{} different slices; a guess has a balanced accuracy of {:.3}", self.slices, self.chance)?;
        writeln!(
            to,
            "{:<22} {:<14} {:>9}  {:<16} told best, and its AUROC",
            "after", "probe", "accuracy", "95 % interval"
        )?;
        for step in &self.steps {
            for Probed { group, report } in &step.probes {
                let [low, high] = report.balanced_accuracy_ci95;
                let best =
                    best_told(report).map(|(class, area)| format!("{} {area:.3}", class.class)).unwrap_or_default();
                writeln!(
                    to,
                    "{:<22} {:<14} {:>9.3}  {low:.3} to {high:.3}   {best}",
                    step.after,
                    group.title(),
                    report.balanced_accuracy
                )?;
            }
        }
        Ok(())
    }
}
