//! `sulcus probe`: what a probe tells of the classes from what is no anatomy, after each step of a recipe's preparation.

use anyhow::Context;
use imaging::{Crop, InputSpec, Intensity, Slice};
use metrics::FOLDS;
use rayon::prelude::*;
use scans::{Scans, Slices};
use serde::Serialize;
use storage::write_json;

use super::acquisition_features::Traces;
use super::shortcuts::{Probed, Sample, best_told};
use crate::batches::{Changes, chance};
use crate::cli::ProbeArguments;
use crate::copy_paste::CopyPaste;
use crate::recipe::{Augmentation, Recipe};
use crate::tumour_masks::TumourMasks;

/// The findings as `--json` writes them.
#[derive(Serialize)]
struct Findings {
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

/// Runs `sulcus probe`.
///
/// # Errors
/// The recipe, the scans or the outlines can't be used, a class has too few slices, or the findings can't be written.
pub fn run(arguments: &ProbeArguments) -> anyhow::Result<()> {
    let recipe = Recipe::open(&arguments.recipe)?;
    let outlines = match &recipe.transplant {
        Some(_) => TumourMasks::find(arguments.outlines.as_deref(), &arguments.data.config())?,
        None => TumourMasks::default(),
    };
    let scans = recipe.scans(&arguments.data.config())?;
    let (slices, steps) = steps(&recipe, &scans, &outlines)?;
    let findings = Findings {
        command: format!("sulcus probe --recipe {}.toml --data DIR", recipe.name),
        recipe: recipe.name,
        input: recipe.input,
        augmentation: recipe.augmentation,
        slices,
        folds: FOLDS,
        chance: 1.0 / scans.classes.len() as f64,
        steps,
        data_fingerprint: scans.fingerprint().to_owned(),
    };
    print(&findings);
    let Some(path) = &arguments.json else { return Ok(()) };
    write_json(path, &findings)
}

/// How many slices there are, and what they tell step by step.
fn steps(recipe: &Recipe, scans: &Scans, outlines: &TumourMasks) -> anyhow::Result<(usize, Vec<Step>)> {
    let all: Vec<usize> = (0..scans.records.len()).collect();
    let labels: Vec<usize> = scans.records.iter().map(|record| record.label).collect();
    let prepared = Slices::prepare(scans, &all, &recipe.input)?;
    let indices = prepared.readable(&dataset::unique(scans, &all));
    let cropped = InputSpec { intensity: Intensity { low: 0.0, high: 100.0 }, ..recipe.input };
    let whole = InputSpec { crop: Crop::None, margin: 0.0, ..cropped };
    let grafts = CopyPaste::of(recipe, scans, outlines, (&prepared, &labels, &indices))?;
    let probe = |after, slices: &Slices, changes: Changes<'_>| {
        let probes = probes(scans, slices, (&indices, &labels), changes, recipe.seed)?;
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
fn probes(
    scans: &Scans,
    slices: &Slices,
    (indices, labels): (&[usize], &[usize]),
    changes: Changes<'_>,
    seed: u64,
) -> anyhow::Result<Vec<Probed>> {
    let clusters = dataset::clusters(scans);
    let look = |&index: &usize| {
        let slice = slices.get(index).context("a slice that was readable is gone")?;
        let (pixels, label) = changes.apply(index, slice.pixels(), labels[index], &mut chance(seed, index));
        anyhow::Ok((Traces::of(&Slice::new(slice.size(), slice.size(), pixels)?), label))
    };
    let looked: Vec<(Traces, usize)> = indices.par_iter().map(look).collect::<anyhow::Result<_>>()?;
    let sample = Sample {
        classes: &scans.classes,
        labels: looked.iter().map(|(_, label)| *label).collect(),
        clusters: indices.iter().map(|&index| clusters[index]).collect(),
    };
    let traces: Vec<&Traces> = looked.iter().map(|(traces, _)| traces).collect();
    Ok(sample.probe_inputs(&traces)?)
}

fn print(findings: &Findings) {
    println!("{} different slices; a guess has a balanced accuracy of {:.3}", findings.slices, findings.chance);
    println!("{:<22} {:<14} {:>9}  {:<16} told best, and its AUROC", "after", "probe", "accuracy", "95 % interval");
    for step in &findings.steps {
        for Probed { group, report } in &step.probes {
            let [low, high] = report.balanced_accuracy_ci95;
            let best = best_told(report).map(|(class, area)| format!("{} {area:.3}", class.class)).unwrap_or_default();
            println!(
                "{:<22} {:<14} {:>9.3}  {low:.3} to {high:.3}   {best}",
                step.after,
                group.title(),
                report.balanced_accuracy
            );
        }
    }
}
