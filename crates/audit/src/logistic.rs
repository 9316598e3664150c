//! Multinomial logistic regression: the plainest model that turns numbers into probabilities of classes.
//!
//! Few weights, one optimum, no chance: what it finds is in the numbers, and not in the training.

use faer::linalg::solvers::LltError;
use faer::prelude::Solve;
use faer::{Mat, MatMut, MatRef, Side};

/// Steps after which a fit ends, converged or not.
const STEPS: usize = 500;
/// A fit has converged when no weight moves further than this in a step.
const STILL: f64 = 1e-7;

/// A fitted regression.
///
/// Features are standardised to mean 0 and variance 1 over the rows it was fitted to. Every class counts the same,
/// however many rows it has.
#[derive(Debug, Clone, PartialEq)]
pub struct Logistic {
    means: Vec<f64>,
    /// Standard deviations; 1 for a feature that never changes.
    deviations: Vec<f64>,
    /// For every feature, the constant first, a weight for each class: row-major, features by classes.
    weights: Vec<f64>,
    classes: usize,
}

impl Logistic {
    /// Fits rows of features to labels below `classes`.
    ///
    /// Minimised is the sum over the rows of the negative logarithm of the true class's probability, each weighted so
    /// that classes count the same, plus half of `penalty` (above 0) times the squared weights, constants left out:
    /// what scikit-learn minimises with `C = 1 / penalty` and `class_weight="balanced"`.
    ///
    /// # Errors
    /// A feature is infinite or no number.
    ///
    /// # Panics
    /// Where there is no row, rows differ in length, or a label is not below `classes`.
    pub fn fit(rows: &[Vec<f64>], labels: &[usize], classes: usize, penalty: f64) -> Result<Logistic, LltError> {
        let (means, deviations) = moments(rows);
        let mut fitted = Logistic { weights: vec![0.0; (means.len() + 1) * classes], means, deviations, classes };
        let design: Vec<f64> = rows.iter().flat_map(|row| fitted.standardised(row)).collect();
        let problem = Problem { design, labels, emphasis: emphasis(labels, classes), classes, penalty };
        problem.descend(&mut fitted.weights)?;
        Ok(fitted)
    }

    /// The probability of each class; they sum to 1.
    #[must_use]
    pub fn probabilities(&self, row: &[f64]) -> Vec<f64> {
        softmax(&self.standardised(row).collect::<Vec<_>>(), &self.weights, self.classes)
    }

    /// A one for the constant, then the features.
    fn standardised<'a>(&'a self, row: &'a [f64]) -> impl Iterator<Item = f64> + 'a {
        let features = row.iter().zip(&self.means).zip(&self.deviations);
        std::iter::once(1.0).chain(features.map(|((value, mean), deviation)| (value - mean) / deviation))
    }
}

/// Mean and standard deviation of every feature.
fn moments(rows: &[Vec<f64>]) -> (Vec<f64>, Vec<f64>) {
    let count = rows.len() as f64;
    let means: Vec<f64> = (0..rows[0].len()).map(|f| rows.iter().map(|row| row[f]).sum::<f64>() / count).collect();
    let deviation = |(feature, mean): (usize, &f64)| {
        let variance = rows.iter().map(|row| (row[feature] - mean).powi(2)).sum::<f64>() / count;
        // A feature that never changes still varies by rounding.
        if variance > 1e-18 * (1.0 + mean * mean) { variance.sqrt() } else { 1.0 }
    };
    let deviations = means.iter().enumerate().map(deviation).collect();
    (means, deviations)
}

/// How much a row counts, so that the rows of each class together count the same, and a row 1 on average.
fn emphasis(labels: &[usize], classes: usize) -> Vec<f64> {
    let mut counts = vec![0_usize; classes];
    for &label in labels {
        counts[label] += 1;
    }
    labels.iter().map(|&label| labels.len() as f64 / (classes * counts[label]) as f64).collect()
}

fn softmax(row: &[f64], weights: &[f64], classes: usize) -> Vec<f64> {
    let mut values = vec![0.0; classes];
    for (feature, weights) in row.iter().zip(weights.chunks_exact(classes)) {
        for (value, weight) in values.iter_mut().zip(weights) {
            *value += feature * weight;
        }
    }
    let highest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    for value in &mut values {
        *value = (*value - highest).exp();
    }
    let sum: f64 = values.iter().sum();
    values.iter().map(|value| value / sum).collect()
}

/// What is minimised.
struct Problem<'a> {
    /// Standardised rows with a leading 1, row-major.
    design: Vec<f64>,
    labels: &'a [usize],
    emphasis: Vec<f64>,
    classes: usize,
    penalty: f64,
}

impl Problem<'_> {
    fn width(&self) -> usize {
        self.design.len() / self.labels.len()
    }

    /// Accelerated descent (Nesterov 1983, restarted after O'Donoghue and Candes 2015) in the metric of the bound that
    /// Böhning (1992) puts on the curvature, in which a step of length 1 never overshoots.
    fn descend(&self, weights: &mut Vec<f64>) -> Result<(), LltError> {
        let bound = self.curvature_bound().llt(Side::Lower)?;
        let mut ahead = weights.clone();
        let mut momentum = 1.0_f64;
        for _ in 0..STEPS {
            let gradient = self.gradient(&ahead);
            let mut step = gradient.clone();
            bound.solve_in_place(MatMut::from_row_major_slice_mut(&mut step, self.width(), self.classes));
            let next: Vec<f64> = ahead.iter().zip(&step).map(|(at, step)| at - step).collect();
            let uphill: f64 =
                gradient.iter().zip(next.iter().zip(&*weights)).map(|(g, (new, old))| g * (new - old)).sum();
            let grown = if uphill > 0.0 { 1.0 } else { 0.5 + (0.25 + momentum * momentum).sqrt() };
            let carry = if uphill > 0.0 { 0.0 } else { (momentum - 1.0) / grown };
            ahead = next.iter().zip(&*weights).map(|(new, old)| new + carry * (new - old)).collect();
            (*weights, momentum) = (next, grown);
            if step.iter().all(|step| step.abs() < STILL) {
                break;
            }
        }
        Ok(())
    }

    /// The gradient by features and classes.
    fn gradient(&self, weights: &[f64]) -> Vec<f64> {
        let penalised = |(index, weight): (usize, &f64)| if index < self.classes { 0.0 } else { self.penalty * weight };
        let mut gradient: Vec<f64> = weights.iter().enumerate().map(penalised).collect();
        let rows = self.design.chunks_exact(self.width());
        for ((row, &label), &emphasis) in rows.zip(self.labels).zip(&self.emphasis) {
            let mut excess = softmax(row, weights, self.classes);
            excess[label] -= 1.0;
            for (feature, sums) in row.iter().zip(gradient.chunks_exact_mut(self.classes)) {
                for (sum, excess) in sums.iter_mut().zip(&excess) {
                    *sum += emphasis * feature * excess;
                }
            }
        }
        gradient
    }

    /// Half the weighted products of the features, and the penalty: no class's curvature is larger, whatever the weights.
    fn curvature_bound(&self) -> Mat<f64> {
        let design = MatRef::from_row_major_slice(&self.design, self.labels.len(), self.width());
        let weighted = Mat::from_fn(design.nrows(), design.ncols(), |row, feature| {
            0.5 * self.emphasis[row] * design[(row, feature)]
        });
        let mut bound = design.transpose() * weighted;
        for feature in 1..self.width() {
            bound[(feature, feature)] += self.penalty;
        }
        bound
    }
}
