//! `sulcus train --folds`: a network for every fold, and what they come to together.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use burn::tensor::Device;
use dataset::{Dataset, Fold, Leakage};
use metrics::{Bootstrap, Report};
use serde::Serialize;

use crate::checkpoint::RunFolder;
use crate::folds_page;
use crate::measured::Measured;
use crate::predict;
use crate::predictions_file::{self, HeldOut};
use crate::recipe::Recipe;
use crate::report;
use crate::train::{Job, train};

/// What `folds.json` holds.
#[derive(Serialize)]
pub struct FoldsReport {
    /// Fold by fold.
    pub folds: Vec<FoldFigures>,
    /// Of the folds' accuracies.
    pub accuracy_over_folds: Spread,
    /// Of the folds' macro-averaged F1.
    pub macro_f1_over_folds: Spread,
    /// How the intervals come about.
    pub intervals: &'static str,
    /// Of all slices, each by the network that had not seen it.
    #[serde(flatten)]
    pub pooled: Measured,
    /// Of the first fold; the others differ in the fold's number.
    pub recipe: Recipe,
    pub data_fingerprint: String,
}

/// What one fold came to.
#[derive(Serialize)]
pub struct FoldFigures {
    /// Counted from 1.
    pub fold: usize,
    pub n: usize,
    pub clusters: usize,
    pub accuracy: f64,
    pub accuracy_ci95: [f64; 2],
    pub macro_f1: f64,
    pub macro_f1_ci95: [f64; 2],
    pub leakage: Leakage,
}

/// Mean and standard deviation over the folds.
#[derive(Serialize)]
pub struct Spread {
    pub mean: f64,
    /// With one less than the folds below the line.
    pub standard_deviation: f64,
}

/// How the 95 % intervals come about; no unbiased one can be had from the spread over folds, which share most of
/// their training slices (Bengio and Grandvalet 2004).
pub const INTERVALS: &str = "95 % intervals are percentiles of resamples of whole clusters of patients and copies. Those \
     of all folds together resample the pooled predictions, each by the network that had not seen the slice. They say \
     how the figures vary with the patients, not with the training.";

/// Trains every fold into its own folder of `job.out`, or goes on with the one it was in, and sums up.
///
/// # Errors
/// The data can't be divided so, a fold in the folder is by another recipe, or training failed.
pub fn train_all(job: &Job, count: usize, device: &Device) -> anyhow::Result<()> {
    let jobs: Vec<Job> = (1..=count).map(|number| fold_job(job, Fold { number, of: count })).collect();
    for fold in &jobs {
        dataset::split(&fold.dataset, &fold.recipe.split_spec())?;
        check_recipe(fold)?;
    }
    for (number, fold) in (1..).zip(&jobs) {
        if fold.out.join("report.json").exists() {
            println!("fold {number} of {count} is done");
            continue;
        }
        println!("fold {number} of {count}");
        train(fold, device)?;
        report::write(&fold.out, &fold.dataset, device)?;
    }
    sum_up(&job.out, &job.dataset)
}

/// Makes the reports of all folds again, and sums up.
///
/// # Errors
/// A fold is not done, the data are not those it was trained on, or the disk refuses.
pub fn report_again(run: &Path, dataset: &Dataset, device: &Device) -> anyhow::Result<()> {
    folders(run).iter().try_for_each(|fold| report::again(fold, dataset, device))?;
    sum_up(run, dataset)
}

/// The folders of the folds in a run folder, in order; none in that of a single run.
#[must_use]
pub fn folders(run: &Path) -> Vec<PathBuf> {
    (1..=u8::MAX.into()).map(|number| fold_folder(run, number)).take_while(|folder| folder.exists()).collect()
}

fn fold_folder(run: &Path, number: usize) -> PathBuf {
    run.join(format!("fold-{number}"))
}

fn fold_job(job: &Job, fold: Fold) -> Job {
    let mut recipe = job.recipe.clone();
    recipe.data.fold = Some(fold);
    let out = fold_folder(&job.out, fold.number);
    Job {
        recipe,
        out,
        dataset: job.dataset.clone(),
        outlines: job.outlines.clone(),
        start: job.start.clone(),
        preview: None,
        ..*job
    }
}

/// Folds by different recipes, or of another number, are not to be summed up.
fn check_recipe(fold: &Job) -> anyhow::Result<()> {
    let path = fold.out.join("recipe.toml");
    if path.exists() && Recipe::open(&path)? != fold.recipe {
        bail!(
            "\"{}\" was trained by another recipe, or as one of another number of folds.\n\
             hint: go on with the recipe and --folds it was begun with, or name another folder with --out",
            fold.out.display()
        );
    }
    Ok(())
}

fn sum_up(run: &Path, dataset: &Dataset) -> anyhow::Result<()> {
    let (mut indices, mut probabilities, mut folds) = (Vec::new(), Vec::new(), Vec::new());
    let folders = folders(run);
    for (number, folder) in (1..).zip(&folders) {
        let part = predictions_file::read(&folder.join("predictions.csv"), dataset, HeldOut::Test)?;
        let report =
            Report::new(&predict::against_truth(dataset, &part.indices, &part.probabilities)?, Bootstrap::default());
        let split = dataset::split(dataset, &Recipe::open(&folder.join("recipe.toml"))?.split_spec())?;
        folds.push(FoldFigures {
            fold: number,
            n: report.n,
            clusters: report.clusters,
            accuracy: report.accuracy,
            accuracy_ci95: report.accuracy_ci95,
            macro_f1: report.macro_f1,
            macro_f1_ci95: report.macro_f1_ci95,
            leakage: dataset::leakage(dataset, &split),
        });
        indices.extend(part.indices);
        probabilities.extend(part.probabilities);
    }
    let first = folders.first().context("there are no folds to sum up")?;
    let report = FoldsReport {
        accuracy_over_folds: spread(folds.iter().map(|fold| fold.accuracy)),
        macro_f1_over_folds: spread(folds.iter().map(|fold| fold.macro_f1)),
        folds,
        intervals: INTERVALS,
        pooled: Measured::new(&predict::against_truth(dataset, &indices, &probabilities)?),
        recipe: Recipe::open(&first.join("recipe.toml"))?,
        data_fingerprint: dataset::fingerprint(dataset)?,
    };
    print(&report);
    let folder = RunFolder::open(run)?;
    folder.write("folds.html", folds_page::page(&report).as_bytes())?;
    folder.write("folds.json", &serde_json::to_vec_pretty(&report)?)
}

fn spread(values: impl Iterator<Item = f64> + Clone) -> Spread {
    let count = values.clone().count().max(1) as f64;
    let mean = values.clone().sum::<f64>() / count;
    let squares: f64 = values.map(|value| (value - mean).powi(2)).sum();
    Spread { mean, standard_deviation: (squares / (count - 1.0).max(1.0)).sqrt() }
}

fn print(report: &FoldsReport) {
    for fold in &report.folds {
        println!("fold {}: {} slices, accuracy {:.4}, macro-F1 {:.4}", fold.fold, fold.n, fold.accuracy, fold.macro_f1);
    }
    let Spread { mean, standard_deviation } = report.accuracy_over_folds;
    println!("mean of the folds: accuracy {mean:.4}, standard deviation {standard_deviation:.4}");
    let pooled = &report.pooled.report;
    let [low, high] = pooled.accuracy_ci95;
    println!("all folds together: accuracy {:.4} (95 % interval {low:.4} to {high:.4})", pooled.accuracy);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spread_is_that_of_a_sample() {
        // numpy.std([0.8, 0.9, 1.0], ddof=1)
        let Spread { mean, standard_deviation } = spread([0.8, 0.9, 1.0].into_iter());
        assert!((mean - 0.9).abs() < 1e-12 && (standard_deviation - 0.1).abs() < 1e-12);
        assert!(spread([0.5].into_iter()).standard_deviation.abs() < 1e-12);
    }
}
