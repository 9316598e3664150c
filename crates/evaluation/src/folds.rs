//! Cross-validation: a network for every fold, and what they come to together.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use burn::tensor::Device;
use dataset::{Fold, Leakage};
use metrics::{Bootstrap, Report};
use model::Hinted;
use reports::{FoldFigures, Header, Spread, Summary, tagged};
use scans::Scans;
use training::{Job, Kept, Recipe, RunFolder, TumourMasks, check_begun, prepare_split, train};

use crate::folds_page;
use crate::folds_report::{FoldsDetails, FoldsReport, INTERVALS};
use crate::measured::Curves;
use crate::predictions_file::{self, HeldOut, Part};
use crate::report;
use crate::truth::against_truth;

/// Which networks of a cross-validation to train.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Folds {
    /// How many there are.
    pub count: usize,
    /// The one to train, counted from 1; without this, all, one after the other.
    pub only: Option<usize>,
}

impl Folds {
    fn asks_for(self, number: usize) -> bool {
        self.only.is_none_or(|only| only == number)
    }
}

/// Trains the folds into their own folders of `job.out`, or goes on with the one it was in. All of them are summed up.
///
/// # Errors
/// The data can't be divided so, a fold in the folder is by another recipe, or training failed.
pub fn train_folds(job: &Job, folds: Folds, device: &Device) -> anyhow::Result<()> {
    let count = folds.count;
    let mut jobs: Vec<Job> = (1..=count).map(|number| fold_job(job, Fold { number, of: count })).collect();
    let mut kept = Kept { train: Vec::new(), validation: Vec::new() };
    for fold in &jobs {
        let split = prepare_split(fold)?;
        // A fold that another process trains may be half begun.
        if fold.recipe.data.fold.is_some_and(|fold| folds.asks_for(fold.number)) {
            check_begun(fold, &split)?;
        }
        kept = Kept { train: joined(kept.train, split.train), validation: joined(kept.validation, split.validation) };
    }
    // What the frozen blocks make of a slice is the same in every fold, but for grafts, which come from training slices.
    if job.recipe.cache.is_some() && job.recipe.transplant.is_none() {
        for fold in &mut jobs {
            fold.kept = Some(kept.clone());
        }
    }
    for (number, fold) in (1..).zip(&jobs).filter(|(number, _)| folds.asks_for(*number)) {
        if fold.out.join("report.json").exists() {
            log::info!("fold {number} of {count} is done");
            continue;
        }
        log::info!("fold {number} of {count}");
        train(fold, device)?;
        report::write(&fold.out, &fold.scans, &fold.outlines, device)?;
    }
    if folds.only.is_some() {
        return Ok(());
    }
    sum_up(&job.out, &job.scans)
}

/// Both lists in one, ascending, without repetitions.
fn joined(mut some: Vec<usize>, others: Vec<usize>) -> Vec<usize> {
    some.extend(others);
    some.sort_unstable();
    some.dedup();
    some
}

/// Makes the reports of all folds again, and sums up.
///
/// # Errors
/// A fold is not done, the data are not those it was trained on, or the disk refuses.
pub fn report_again(run: &Path, scans: &Scans, outlines: &TumourMasks, device: &Device) -> anyhow::Result<()> {
    check_complete(run)?;
    folders(run).iter().try_for_each(|fold| report::again(fold, scans, outlines, device))?;
    sum_up(run, scans)
}

/// The folders of the folds in a run folder, in order; none in that of a single run.
#[must_use]
pub fn folders(run: &Path) -> Vec<PathBuf> {
    (1..=u8::MAX.into()).map(|number| fold_folder(run, number)).filter(|folder| folder.exists()).collect()
}

/// The folder of a fold, whether it is there or not.
#[must_use]
pub fn fold_folder(run: &Path, number: usize) -> PathBuf {
    run.join(format!("fold-{number}"))
}

/// Refuses a run of which folds are missing: what is left would pass for a cross-validation of fewer folds.
fn check_complete(run: &Path) -> anyhow::Result<()> {
    let first = folders(run).into_iter().next().context("there are no folds to sum up")?;
    let fold = Recipe::open(&first.join("recipe.toml"))?.data.fold;
    let count = fold.with_context(|| format!("\"{}\" is of no cross-validation", first.display()))?.of;
    let is_missing = |number: &usize| !fold_folder(run, *number).join("network.safetensors").exists();
    let missing: Vec<String> = (1..=count).filter(is_missing).map(|number| number.to_string()).collect();
    ensure!(
        missing.is_empty(),
        Hinted::new(
            format!("of the {count} folds in \"{}\", these are not trained: {}", run.display(), missing.join(", ")),
            format!("train each with `sulcus train --folds {count} --fold I --resume`")
        )
    );
    Ok(())
}

fn fold_job(job: &Job, fold: Fold) -> Job {
    let mut recipe = job.recipe.clone();
    recipe.data.fold = Some(fold);
    let out = fold_folder(&job.out, fold.number);
    Job {
        recipe,
        out,
        scans: job.scans.clone(),
        others: job.others.clone(),
        outlines: job.outlines.clone(),
        start: job.start.clone(),
        command: job.command.clone(),
        preview: None,
        kept: None,
        ..*job
    }
}

fn sum_up(run: &Path, scans: &Scans) -> anyhow::Result<()> {
    let folders = folders(run);
    let first = folders.first().context("there are no folds to sum up")?;
    let recipe = Recipe::open(&first.join("recipe.toml"))?;
    let (mut indices, mut probabilities, mut folds) = (Vec::new(), Vec::new(), Vec::new());
    for (number, folder) in (1..).zip(&folders) {
        let part = predictions_file::read(&folder.join("predictions.csv"), scans.dataset(), HeldOut::Test)?;
        folds.push(figures(number, folder, scans, &part)?);
        indices.extend(part.indices);
        probabilities.extend(part.probabilities);
    }
    let leakage = total(&folds);
    let networks: Vec<&str> = folds.iter().map(|fold| fold.network_sha256.as_str()).collect();
    let environment = report::environment(&RunFolder::open(first)?)?;
    let predictions = against_truth(scans.dataset(), &indices, &probabilities)?;
    let report = FoldsReport {
        header: Header {
            protocol: format!("{}-{}fold", recipe.data.protocol, folds.len()),
            leaky: Some(leakage.leaky),
            leakage: Some(leakage),
            architecture: recipe.architecture.to_string(),
            input_size: recipe.input.size,
            weights_sha256: weights::sha256(networks.join("\n").as_bytes()),
            trained_on_these_data: true,
            data_fingerprint: scans.fingerprint().to_owned(),
            command: report::command(environment.as_ref(), &recipe, &format!(" --folds {}", folders.len())),
        },
        accuracy_over_folds: spread(folds.iter().map(|fold| fold.summary.accuracy)),
        macro_f1_over_folds: spread(folds.iter().map(|fold| fold.summary.macro_f1)),
        folds,
        classes: predictions.classes().to_vec(),
        report: Report::new(&predictions, Bootstrap::default()),
        more: FoldsDetails { environment, intervals: INTERVALS, curves: Curves::new(&predictions), recipe },
    };
    print(&report);
    let folder = RunFolder::open(run)?;
    folder.write("folds.html", folds_page::whole_page(&report).as_bytes())?;
    folder.write("folds.json", &serde_json::to_vec_pretty(&tagged(&report))?)
}

/// What one fold came to.
fn figures(number: usize, folder: &Path, scans: &Scans, part: &Part) -> anyhow::Result<FoldFigures> {
    let predictions = against_truth(scans.dataset(), &part.indices, &part.probabilities)?;
    let report = Report::new(&predictions, Bootstrap::default());
    let split = dataset::split(scans.dataset(), &Recipe::open(&folder.join("recipe.toml"))?.split_spec())?;
    let network = folder.join("network.safetensors");
    let network = std::fs::read(&network).with_context(|| format!("cannot read \"{}\"", network.display()))?;
    Ok(FoldFigures {
        fold: number,
        summary: Summary::from(&report),
        leakage: dataset::leakage(scans.dataset(), &split),
        network_sha256: weights::sha256(&network),
    })
}

/// What the folds share with training, all together. Duplicate groups with conflicting labels are the same in every fold.
fn total(folds: &[FoldFigures]) -> Leakage {
    let sum = |count: fn(&Leakage) -> usize| folds.iter().map(|fold| count(&fold.leakage)).sum();
    Leakage {
        test_with_twin_in_train: sum(|found| found.test_with_twin_in_train),
        test_with_patient_in_train: sum(|found| found.test_with_patient_in_train),
        test_without_patient: sum(|found| found.test_without_patient),
        test_without_groups: sum(|found| found.test_without_groups),
        conflicting_twins: folds.iter().map(|fold| fold.leakage.conflicting_twins).max().unwrap_or(0),
        leaky: folds.iter().any(|fold| fold.leakage.leaky),
    }
}

fn spread(values: impl Iterator<Item = f64> + Clone) -> Spread {
    let count = values.clone().count().max(1) as f64;
    let mean = values.clone().sum::<f64>() / count;
    let squares: f64 = values.map(|value| (value - mean).powi(2)).sum();
    Spread { mean, standard_deviation: (squares / (count - 1.0).max(1.0)).sqrt() }
}

fn print(report: &FoldsReport) {
    for fold in &report.folds {
        let Summary { n, accuracy, macro_f1, .. } = fold.summary;
        log::info!("fold {}: {n} slices, accuracy {accuracy:.4}, macro-F1 {macro_f1:.4}", fold.fold);
    }
    let Spread { mean, standard_deviation } = report.accuracy_over_folds;
    log::info!("mean of the folds: accuracy {mean:.4}, standard deviation {standard_deviation:.4}");
    let pooled = &report.report;
    let [low, high] = pooled.accuracy_ci95;
    log::info!("all folds together: accuracy {:.4} (95 % interval {low:.4} to {high:.4})", pooled.accuracy);
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
