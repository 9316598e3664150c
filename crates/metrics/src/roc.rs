//! Ranking: the area under the receiver operating characteristic.

use crate::Predictions;

/// The chance that an item of `class` gets a higher probability for it than an item of another class, a tie counting
/// half: the area under the one-against-rest ROC curve, after Hanley and `McNeil` (1982).
///
/// `None` where all items are of `class`, or none.
///
/// # Panics
/// Where `class` is not below the number of classes.
#[must_use]
pub fn roc_auc(predictions: &Predictions, class: usize) -> Option<f64> {
    let items = predictions.probabilities().iter().zip(predictions.truth());
    let mut items: Vec<(f64, bool)> = items.map(|(row, &truth)| (row[class], truth == class)).collect();
    items.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut wins, mut positives, mut negatives) = (0.0, 0.0, 0.0);
    for tied in items.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
        let positive = tied.iter().filter(|(_, is_class)| *is_class).count() as f64;
        let negative = tied.len() as f64 - positive;
        wins += positive * (negatives + negative / 2.0);
        positives += positive;
        negatives += negative;
    }
    let pairs = positives * negatives;
    (pairs > 0.0).then(|| wins / pairs)
}
