//! The confusion matrix and what follows from it alone.

use serde::{Deserialize, Serialize};

use crate::MetricsError;

/// How often each class (row) was taken for each class (column).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confusion {
    rows: Vec<Vec<u64>>,
}

/// How well one class is told from the others. A ratio over nothing is 0, as in scikit-learn.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Of the items given this class, the part that has it; 0 to 1.
    pub precision: f64,
    /// Of the items that have this class, the part that was given it; 0 to 1.
    pub recall: f64,
    /// The harmonic mean of precision and recall.
    pub f1: f64,
    /// How many items have this class.
    pub support: u64,
}

/// Scores averaged over the classes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Average {
    /// Mean precision.
    pub precision: f64,
    /// Mean recall.
    pub recall: f64,
    /// Mean F1.
    pub f1: f64,
}

impl Confusion {
    /// A matrix with nothing counted.
    #[must_use]
    pub fn empty(classes: usize) -> Confusion {
        Confusion { rows: vec![vec![0; classes]; classes] }
    }

    /// Counts pairs of truth and prediction, both indices below `classes`.
    ///
    /// # Errors
    /// [`MetricsError::Length`] where the columns differ in length, [`MetricsError::UnknownLabel`] for an index of
    /// `classes` or more.
    pub fn from_labels(classes: usize, truth: &[usize], predicted: &[usize]) -> Result<Confusion, MetricsError> {
        if truth.len() != predicted.len() {
            let (truth, found) = (truth.len(), predicted.len());
            return Err(MetricsError::Length { truth, column: "predictions", found });
        }
        let mut confusion = Confusion::empty(classes);
        for (item, (&truth, &predicted)) in truth.iter().zip(predicted).enumerate() {
            let label = truth.max(predicted);
            if label >= classes {
                return Err(MetricsError::UnknownLabel { item, label, classes });
            }
            confusion.add(truth, predicted);
        }
        Ok(confusion)
    }

    pub(crate) fn add(&mut self, truth: usize, predicted: usize) {
        self.rows[truth][predicted] += 1;
    }

    /// Row by row; a row is a true class, a column a predicted one.
    #[must_use]
    pub fn rows(&self) -> &[Vec<u64>] {
        &self.rows
    }

    /// How many items were counted.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.rows.iter().flatten().sum()
    }

    /// The part of the items on the diagonal; 0 where nothing was counted.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        let correct: u64 = self.rows.iter().enumerate().map(|(class, row)| row[class]).sum();
        ratio(correct, self.total())
    }

    /// One class against the rest.
    ///
    /// # Panics
    /// Where `class` is not below the number of classes.
    #[must_use]
    pub fn scores(&self, class: usize) -> Scores {
        let support = self.rows[class].iter().sum();
        let given: u64 = self.rows.iter().map(|row| row[class]).sum();
        let correct = self.rows[class][class];
        Scores {
            precision: ratio(correct, given),
            recall: ratio(correct, support),
            f1: ratio(2 * correct, given + support),
            support,
        }
    }

    /// The mean over the classes, each counting the same. A class that never occurs counts as 0, as in scikit-learn
    /// when it is told of all classes.
    #[must_use]
    pub fn macro_average(&self) -> Average {
        self.average(|_| 1.0)
    }

    /// The mean over the classes, each counting as often as it occurs.
    #[must_use]
    pub fn weighted_average(&self) -> Average {
        self.average(|scores| scores.support as f64)
    }

    fn average(&self, weight: impl Fn(&Scores) -> f64) -> Average {
        let scores: Vec<Scores> = (0..self.rows.len()).map(|class| self.scores(class)).collect();
        let total: f64 = scores.iter().map(&weight).sum();
        let mean = |score: fn(&Scores) -> f64| {
            let sum: f64 = scores.iter().map(|scores| weight(scores) * score(scores)).sum();
            if total > 0.0 { sum / total } else { 0.0 }
        };
        Average { precision: mean(|s| s.precision), recall: mean(|s| s.recall), f1: mean(|s| s.f1) }
    }
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
