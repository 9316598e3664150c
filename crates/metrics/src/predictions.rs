//! Predictions that were checked once, so that no measure of them can fail.

use crate::{Confusion, MetricsError};

/// How far a row of probabilities may sum from 1: a softmax in `f16` stays below.
const SUM_TOLERANCE: f64 = 1e-2;

/// What was predicted for a set of items whose truth is known. Never empty, every number finite.
#[derive(Debug, Clone, PartialEq)]
pub struct Predictions {
    classes: Vec<String>,
    truth: Vec<usize>,
    probabilities: Vec<Vec<f64>>,
    clusters: Vec<usize>,
}

impl Predictions {
    /// Checks predictions of one item a row.
    ///
    /// `truth` holds indices into `classes`; a row of `probabilities` one value from 0 to 1 for each class. Items with
    /// the same number in `clusters` (slices of one patient) are not independent and are resampled together; for
    /// independent items give every item its own number.
    ///
    /// # Errors
    /// [`MetricsError`] where there is no item, columns differ in length, a label has no class, or a row is no
    /// distribution (NaN included).
    pub fn new(
        classes: &[String],
        truth: &[usize],
        probabilities: &[impl AsRef<[f32]>],
        clusters: &[usize],
    ) -> Result<Predictions, MetricsError> {
        if truth.is_empty() {
            return Err(MetricsError::Empty);
        }
        let columns = [("rows of probabilities", probabilities.len()), ("clusters", clusters.len())];
        for (column, found) in columns {
            if found != truth.len() {
                return Err(MetricsError::Length { truth: truth.len(), column, found });
            }
        }
        if let Some((item, &label)) = truth.iter().enumerate().find(|(_, label)| **label >= classes.len()) {
            return Err(MetricsError::UnknownLabel { item, label, classes: classes.len() });
        }
        let row = |(item, row)| distribution(item, row, classes.len());
        let rows = probabilities.iter().map(AsRef::as_ref).enumerate().map(row);
        Ok(Predictions {
            classes: classes.to_vec(),
            truth: truth.to_vec(),
            probabilities: rows.collect::<Result<_, _>>()?,
            clusters: clusters.to_vec(),
        })
    }

    /// The names of the classes.
    #[must_use]
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// The true class of every item.
    #[must_use]
    pub fn truth(&self) -> &[usize] {
        &self.truth
    }

    /// One row an item, one column a class.
    #[must_use]
    pub fn probabilities(&self) -> &[Vec<f64>] {
        &self.probabilities
    }

    /// The cluster of every item.
    #[must_use]
    pub fn clusters(&self) -> &[usize] {
        &self.clusters
    }

    /// The most probable class of every item with its probability; the first of equals.
    pub fn verdicts(&self) -> impl Iterator<Item = (usize, f64)> + '_ {
        self.probabilities.iter().map(|row| {
            let first = (0, row[0]);
            row.iter().copied().enumerate().fold(first, |best, next| if next.1 > best.1 { next } else { best })
        })
    }

    /// Truth against verdict.
    #[must_use]
    pub fn confusion(&self) -> Confusion {
        let mut confusion = Confusion::empty(self.classes.len());
        for (&truth, (verdict, _)) in self.truth.iter().zip(self.verdicts()) {
            confusion.add(truth, verdict);
        }
        confusion
    }
}

fn distribution(item: usize, row: &[f32], classes: usize) -> Result<Vec<f64>, MetricsError> {
    let sum: f64 = row.iter().map(|&p| f64::from(p)).sum();
    let valid = row.len() == classes && row.iter().all(|p| (0.0..=1.0).contains(p));
    if valid && (sum - 1.0).abs() <= SUM_TOLERANCE {
        Ok(row.iter().map(|&p| f64::from(p)).collect())
    } else {
        Err(MetricsError::NoDistribution { item, row: row.to_vec(), classes })
    }
}
