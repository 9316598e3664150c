//! Ranking: the receiver operating characteristic and the area under it.

use serde::{Deserialize, Serialize};

use crate::Predictions;

/// A point of a one-against-rest ROC curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RocPoint {
    /// Items with at least this probability are taken for the class; `None` at the start, where none is.
    pub threshold: Option<f64>,
    /// The part of the other classes' items that is taken for the class; 0 to 1.
    pub false_positive_rate: f64,
    /// The part of the class's items that is taken for it; 0 to 1.
    pub true_positive_rate: f64,
}

/// The one-against-rest ROC curve of `class` from (0, 0) to (1, 1), as scikit-learn's `roc_curve` gives it: a point for
/// every probability that occurs, but for those in the middle of equal steps, which lie on the line between others.
///
/// `None` where all items are of `class`, or none.
///
/// # Panics
/// Where `class` is not below the number of classes.
#[must_use]
pub fn roc_curve(predictions: &Predictions, class: usize) -> Option<Vec<RocPoint>> {
    let items = items_by_probability(predictions, class);
    let mut counts: Vec<(f64, [i64; 2])> = Vec::new();
    let [mut negatives, mut positives] = [0, 0];
    for tied in items.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()).rev() {
        let positive = tied.iter().filter(|(_, is_class)| *is_class).count() as i64;
        positives += positive;
        negatives += tied.len() as i64 - positive;
        counts.push((tied[0].0, [negatives, positives]));
    }
    if negatives == 0 || positives == 0 {
        return None;
    }
    let point = |&(threshold, [negative, positive]): &(f64, [i64; 2])| RocPoint {
        threshold: Some(threshold),
        false_positive_rate: negative as f64 / negatives as f64,
        true_positive_rate: positive as f64 / positives as f64,
    };
    let start = RocPoint { threshold: None, false_positive_rate: 0.0, true_positive_rate: 0.0 };
    let kept = counts.iter().enumerate().filter(|&(index, _)| is_corner(&counts, index));
    Some(std::iter::once(start).chain(kept.map(|(_, count)| point(count))).collect())
}

/// Whether the curve may bend at a count: the step to it is not the step from it.
fn is_corner(counts: &[(f64, [i64; 2])], index: usize) -> bool {
    let (Some(before), Some(after)) = (index.checked_sub(1).map(|before| counts[before]), counts.get(index + 1)) else {
        return true;
    };
    (0..2).any(|axis| before.1[axis] + after.1[axis] != 2 * counts[index].1[axis])
}

/// The chance that an item of `class` gets a higher probability for it than an item of another class, a tie counting
/// half: the area under the one-against-rest ROC curve, after Hanley and `McNeil` (1982).
///
/// `None` where all items are of `class`, or none.
///
/// # Panics
/// Where `class` is not below the number of classes.
#[must_use]
pub fn roc_auc(predictions: &Predictions, class: usize) -> Option<f64> {
    area(&items_by_probability(predictions, class))
}

/// The chance that a score of `positives` is above one of `negatives`, a tie counting half; `None` where one is empty.
#[must_use]
pub fn separation(positives: &[f64], negatives: &[f64]) -> Option<f64> {
    let labelled = |scores: &[f64], label: bool| scores.iter().map(move |&score| (score, label)).collect::<Vec<_>>();
    let mut items = labelled(positives, true);
    items.extend(labelled(negatives, false));
    items.sort_by(|a, b| a.0.total_cmp(&b.0));
    area(&items)
}

/// The area under the ROC curve of ascending scores and whether each is positive.
fn area(items: &[(f64, bool)]) -> Option<f64> {
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

/// The probability of `class` of every item, ascending, and whether the item is of it.
fn items_by_probability(predictions: &Predictions, class: usize) -> Vec<(f64, bool)> {
    let items = predictions.probabilities().iter().zip(predictions.truth());
    let mut items: Vec<(f64, bool)> = items.map(|(row, &truth)| (row[class], truth == class)).collect();
    items.sort_by(|a, b| a.0.total_cmp(&b.0));
    items
}

#[cfg(test)]
mod tests {
    use super::separation;

    #[test]
    fn separation_is_the_share_of_pairs_in_the_right_order() {
        assert_eq!(separation(&[2.0, 3.0], &[1.0, 2.0]), Some(0.875));
        assert_eq!(separation(&[1.0], &[]), None);
    }
}
