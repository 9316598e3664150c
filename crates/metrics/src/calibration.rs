//! Whether a probability means what it says.

use serde::{Deserialize, Serialize};

use crate::Predictions;

/// The items whose highest probability lies in one interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// Above this confidence (the first bin includes it).
    pub from: f64,
    /// Up to this confidence, included.
    pub to: f64,
    /// How many items.
    pub count: u64,
    /// Their mean highest probability; 0 where there are none.
    pub confidence: f64,
    /// The part of them that is right; 0 where there are none.
    pub accuracy: f64,
}

/// Confidence against accuracy in `bins` intervals of equal width from 0 to 1.
#[must_use]
pub fn reliability(predictions: &Predictions, bins: usize) -> Vec<Bin> {
    sorted_into(bins, confidences(predictions))
}

/// The highest probability of every item, and whether its class is the true one.
pub(crate) fn confidences(predictions: &Predictions) -> impl Iterator<Item = (f64, bool)> + '_ {
    predictions.truth().iter().zip(predictions.verdicts()).map(|(&truth, (verdict, sure))| (sure, verdict == truth))
}

/// Bins of confidences and whether they were right.
pub(crate) fn sorted_into(bins: usize, items: impl Iterator<Item = (f64, bool)>) -> Vec<Bin> {
    let edge = |bin: usize| bin as f64 / bins as f64;
    let empty = |bin| Bin { from: edge(bin), to: edge(bin + 1), count: 0, confidence: 0.0, accuracy: 0.0 };
    let mut sums: Vec<Bin> = (0..bins).map(empty).collect();
    for (confidence, right) in items {
        if let Some(bin) = sums.iter_mut().find(|bin| confidence <= bin.to) {
            bin.count += 1;
            bin.confidence += confidence;
            bin.accuracy += f64::from(u8::from(right));
        }
    }
    for bin in sums.iter_mut().filter(|bin| bin.count > 0) {
        bin.confidence /= bin.count as f64;
        bin.accuracy /= bin.count as f64;
    }
    sums
}

/// The mean distance between confidence and accuracy over the bins, each counting as many as it holds, after Naeini
/// et al. (2015) and Guo et al. (2017). 0 is perfect, and also what no bin gives.
#[must_use]
pub fn expected_calibration_error(bins: &[Bin]) -> f64 {
    let total: u64 = bins.iter().map(|bin| bin.count).sum();
    let sum: f64 = bins.iter().map(|bin| bin.count as f64 * (bin.confidence - bin.accuracy).abs()).sum();
    if total == 0 { 0.0 } else { sum / total as f64 }
}

/// The mean negative natural logarithm of the probability of the true class, in nats. A probability of 0 counts as
/// the smallest step from 1 (2.2e-16), as in scikit-learn.
#[must_use]
pub fn log_loss(predictions: &Predictions) -> f64 {
    let items = predictions.probabilities().iter().zip(predictions.truth());
    let sum: f64 = items.map(|(row, &truth)| -row[truth].max(f64::EPSILON).ln()).sum();
    sum / predictions.truth().len() as f64
}

/// What is gained by answering only where the model is sure enough.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RiskPoint {
    /// The part of the items that is answered, the surest first; 0 to 1.
    pub coverage: f64,
    /// The part of these answers that is wrong; 0 to 1.
    pub risk: f64,
    /// The lowest highest probability among them.
    pub confidence: f64,
}

/// Coverage against risk (El-Yaniv and Wiener 2010): a point for every highest probability that occurs, the surest
/// first, so that coverage rises to 1.
#[must_use]
pub fn risk_coverage(predictions: &Predictions) -> Vec<RiskPoint> {
    let mut items: Vec<_> = confidences(predictions).collect();
    items.sort_by(|a, b| b.0.total_cmp(&a.0));
    let total = items.len() as f64;
    let (mut answered, mut wrong) = (0, 0);
    let mut points = Vec::new();
    for tied in items.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
        answered += tied.len();
        wrong += tied.iter().filter(|(_, right)| !right).count();
        let risk = wrong as f64 / answered as f64;
        points.push(RiskPoint { coverage: answered as f64 / total, risk, confidence: tied[0].0 });
    }
    points
}
