//! A cross-validation: every slice answered by a network that had not seen it.

use model::Leakage;
use serde::{Deserialize, Serialize};

use crate::{Header, Nothing};

/// What the folds came to: the fields of an [`Evaluation`](crate::Evaluation) of all slices together, with those of each
/// fold beside them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Folds<M = Nothing> {
    /// Over all folds. `weights_sha256` is a name for exactly these networks: the SHA-256 over those of
    /// `network.safetensors` of the folds, in their order.
    #[serde(flatten)]
    pub header: Header,
    /// Fold by fold.
    pub folds: Vec<FoldFigures>,
    /// Of the folds' accuracies.
    pub accuracy_over_folds: Spread,
    /// Of the folds' macro-averaged F1.
    pub macro_f1_over_folds: Spread,
    /// Class names, in the order of the confusion matrix.
    pub classes: Vec<String>,
    /// Of all slices.
    #[serde(flatten)]
    pub report: metrics::Report,
    /// What the writer adds.
    #[serde(flatten)]
    pub more: M,
}

/// What one fold came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FoldFigures {
    /// Counted from 1.
    pub fold: usize,
    /// What was measured.
    #[serde(flatten)]
    pub summary: Summary,
    /// What its test shared with its training.
    pub leakage: Leakage,
    /// Of the fold's `network.safetensors`.
    pub network_sha256: String,
}

/// A test's main figures, where many are set side by side.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Slices.
    pub n: usize,
    /// Clusters of patients and copies.
    pub clusters: usize,
    /// Share of right answers.
    pub accuracy: f64,
    /// Its 95 % interval.
    pub accuracy_ci95: [f64; 2],
    /// Mean F1 of the classes.
    pub macro_f1: f64,
    /// Its 95 % interval.
    pub macro_f1_ci95: [f64; 2],
}

impl From<&metrics::Report> for Summary {
    fn from(report: &metrics::Report) -> Self {
        let &metrics::Report { n, clusters, accuracy, accuracy_ci95, macro_f1, macro_f1_ci95, .. } = report;
        Self { n, clusters, accuracy, accuracy_ci95, macro_f1, macro_f1_ci95 }
    }
}

/// Mean and standard deviation over the folds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// The mean.
    pub mean: f64,
    /// With one less than the folds below the line.
    pub standard_deviation: f64,
}

/// Folds with the name of what trained them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithRecipe {
    /// Of the first fold; the others differ in the fold's number.
    pub recipe: RecipeName,
}

/// A recipe, as far as readers know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecipeName {
    /// Its name.
    pub name: String,
}
