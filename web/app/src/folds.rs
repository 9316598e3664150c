//! A report of several folds, as `sulcus train --folds` writes it: every slice answered by a network that had not seen it.

use protocol::Class;
use serde::Deserialize;

use crate::report::{Figures, Leakage};
use crate::wording;

/// What the folds came to.
#[derive(Deserialize, Clone, Debug, PartialEq)]
pub struct FoldsReport {
    /// Fold by fold.
    pub folds: Vec<FoldFigures>,
    /// Mean and spread of the folds' accuracies.
    pub accuracy_over_folds: Spread,
    /// All slices together.
    #[serde(flatten)]
    pub pooled: Figures,
    /// What the folds were trained by.
    pub recipe: Recipe,
    /// Side of the networks' input in pixels.
    pub input_size: u32,
    /// What repeats it.
    pub command: String,
}

/// One fold.
#[derive(Deserialize, Clone, Debug, PartialEq)]
pub struct FoldFigures {
    /// Counted from 1.
    pub fold: u64,
    /// Its slices.
    pub n: u64,
    /// Share of right answers, 0 to 1.
    pub accuracy: f64,
    /// Its 95 % interval.
    pub accuracy_ci95: [f64; 2],
    /// What its slices share with those it was trained on.
    pub leakage: Leakage,
}

/// Mean and standard deviation.
#[derive(Deserialize, Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The mean.
    pub mean: f64,
    /// The standard deviation of a sample.
    pub standard_deviation: f64,
}

/// As far as the page reads it.
#[derive(Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Recipe {
    /// Its name.
    pub name: String,
    /// Which network was trained.
    pub architecture: String,
}

impl FoldsReport {
    /// Whether the figures of any fold flatter.
    pub fn leaky(&self) -> bool {
        self.folds.iter().any(|fold| fold.leakage.leaky)
    }

    /// Which classes were told apart, in a sentence, where it was not all that the page knows.
    pub fn only(&self) -> Option<String> {
        let names: Vec<&str> =
            self.pooled.confusion.classes().iter().map(|&class| wording::class_name(class)).collect();
        (names.len() < Class::ALL.len()).then(|| format!("Only these classes were in it: {}.", names.join(", ")))
    }
}
