//! What a few numbers tell about the class, measured on items they were not fitted to.
//!
//! Numbers that should tell nothing (the size of a frame, the noise of the air) and yet do are a shortcut: a network
//! may learn them in place of what it is asked for.

use std::collections::BTreeSet;

use anyhow::{Context, ensure};
use metrics::{Bootstrap, FOLDS, Predictions, folds, intervals, roc_auc};
use serde::Serialize;

use crate::logistic::Logistic;

/// The penalty on squared weights of standardised features, as scikit-learn has it by default.
const PENALTY: f64 = 1.0;
/// Enough for two digits of an interval, and quick.
const BOOTSTRAP: Bootstrap = Bootstrap { resamples: 400, seed: 0 };

/// How well a probe told the classes apart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProbeReport {
    /// The mean over the classes of the part told right; 1 / classes to guess.
    pub balanced_accuracy: f64,
    /// Its 95 % interval, resampled by cluster.
    pub balanced_accuracy_ci95: [f64; 2],
    /// Each class against the rest.
    pub per_class: Vec<ProbedClass>,
}

/// How well a probe told one class from the rest.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProbedClass {
    /// The class's name.
    pub class: String,
    /// The mean of the part of the class given to it and of the part of the rest not given to it; 0.5 to guess.
    pub balanced_accuracy: f64,
    /// Area under the one-against-rest ROC curve, 0.5 to guess; `None` where no item has the class, or all have.
    pub roc_auc: Option<f64>,
}

/// Fits a [`Logistic`] to four fifths of the items, predicts the last fifth, five times over, and scores all predictions.
///
/// A row holds the features of one item. Items of one cluster (slices of one patient) are in the same fifth. The same
/// input gives the same report.
///
/// # Errors
/// There is no item, columns differ in length, a label has no class, a class has fewer than five clusters, or a feature is
/// no number.
pub fn probe(
    classes: &[String],
    rows: &[Vec<f64>],
    labels: &[usize],
    clusters: &[usize],
) -> anyhow::Result<ProbeReport> {
    // Only to have the columns checked before they are indexed.
    let even = vec![vec![1.0 / classes.len() as f32; classes.len()]; rows.len()];
    Predictions::new(classes, labels, &even, clusters)?;
    check_clusters(classes, labels, clusters)?;
    let folds = folds(labels, clusters);
    let mut probabilities = vec![Vec::new(); rows.len()];
    for fold in 0..FOLDS {
        let others: Vec<usize> = (0..rows.len()).filter(|&item| folds[item] != fold).collect();
        let known: Vec<Vec<f64>> = others.iter().map(|&item| rows[item].clone()).collect();
        let known_labels: Vec<usize> = others.iter().map(|&item| labels[item]).collect();
        let fitted = Logistic::fit(&known, &known_labels, classes.len(), PENALTY)
            .context("cannot measure: a feature is infinite or no number")?;
        for item in (0..rows.len()).filter(|&item| folds[item] == fold) {
            probabilities[item] = fitted.probabilities(&rows[item]).into_iter().map(|p| p as f32).collect();
        }
    }
    Ok(report(&Predictions::new(classes, labels, &probabilities, clusters)?))
}

fn report(predictions: &Predictions) -> ProbeReport {
    let confusion = predictions.confusion();
    let per_class = |(index, class): (usize, &String)| {
        let scores = confusion.scores(index);
        let given: u64 = confusion.rows().iter().map(|row| row[index]).sum();
        let wrongly = given - confusion.rows()[index][index];
        let rest = confusion.total() - scores.support;
        let spared = if rest == 0 { 0.0 } else { 1.0 - wrongly as f64 / rest as f64 };
        ProbedClass {
            class: class.clone(),
            balanced_accuracy: f64::midpoint(scores.recall, spared),
            roc_auc: roc_auc(predictions, index),
        }
    };
    ProbeReport {
        balanced_accuracy: confusion.macro_average().recall,
        balanced_accuracy_ci95: intervals(predictions, BOOTSTRAP).macro_recall,
        per_class: predictions.classes().iter().enumerate().map(per_class).collect(),
    }
}

/// Every class must be in every fold.
fn check_clusters(classes: &[String], labels: &[usize], clusters: &[usize]) -> anyhow::Result<()> {
    for (label, class) in classes.iter().enumerate() {
        let of_class = labels.iter().zip(clusters).filter(|(item, _)| **item == label).map(|(_, cluster)| cluster);
        let found = of_class.collect::<BTreeSet<_>>().len();
        ensure!(
            found >= FOLDS,
            "cannot measure: class {class:?} has {found} independent item(s); at least {FOLDS} are needed."
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests;
