//! How sure a figure is, when items come in clusters.

use std::collections::BTreeMap;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::calibration::{confidences, sorted_into};
use crate::{Confusion, MetricsError, Predictions, Scores, expected_calibration_error};

/// How a bootstrap is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bootstrap {
    /// How many times the set is drawn anew; 0 counts as 1.
    pub resamples: usize,
    /// The same seed gives the same intervals.
    pub seed: u64,
}

impl Default for Bootstrap {
    /// 2000 resamples, seed 0.
    fn default() -> Self {
        Bootstrap { resamples: 2000, seed: 0 }
    }
}

/// 95 % percentile intervals, lower and upper end.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Intervals {
    /// Of the accuracy.
    pub accuracy: [f64; 2],
    /// Of the macro-averaged F1.
    pub macro_f1: [f64; 2],
    /// Of the macro-averaged recall, which is the balanced accuracy.
    pub macro_recall: [f64; 2],
}

/// 95 % percentile intervals of one class's scores, lower and upper end.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ClassIntervals {
    /// Of the precision.
    pub precision: [f64; 2],
    /// Of the recall.
    pub recall: [f64; 2],
    /// Of the F1.
    pub f1: [f64; 2],
}

/// Draws whole clusters with replacement, as many as there are, and takes the middle 95 % of the figures so got
/// (cluster bootstrap, after Field and Welsh 2007).
///
/// Slices of one patient resemble each other: drawn one by one they would pass for more evidence than they are.
#[must_use]
pub fn intervals(predictions: &Predictions, bootstrap: Bootstrap) -> Intervals {
    let drawn = resamples(predictions, bootstrap);
    Intervals {
        accuracy: middle_95(drawn.iter().map(Confusion::accuracy).collect()),
        macro_f1: middle_95(drawn.iter().map(|confusion| confusion.macro_average().f1).collect()),
        macro_recall: middle_95(drawn.iter().map(|confusion| confusion.macro_average().recall).collect()),
    }
}

/// As [`intervals`], of the scores of every class, in the order of the classes. In a resample without the class a score
/// is 0, as everywhere.
#[must_use]
pub fn class_intervals(predictions: &Predictions, bootstrap: Bootstrap) -> Vec<ClassIntervals> {
    let drawn = resamples(predictions, bootstrap);
    let of = |class: usize, score: fn(&Scores) -> f64| {
        middle_95(drawn.iter().map(|confusion| score(&confusion.scores(class))).collect())
    };
    let classes = 0..predictions.classes().len();
    let intervals = |class| ClassIntervals {
        precision: of(class, |scores| scores.precision),
        recall: of(class, |scores| scores.recall),
        f1: of(class, |scores| scores.f1),
    };
    classes.map(intervals).collect()
}

/// A mean with its 95 % percentile interval over whole clusters, as [`intervals`] draws them; `None` of nothing.
///
/// `clusters` says of each value to which it belongs.
#[must_use]
pub fn mean_interval(values: &[f64], clusters: &[usize], bootstrap: Bootstrap) -> Option<(f64, [f64; 2])> {
    // Sum and count of every cluster.
    let mut sums: BTreeMap<usize, [f64; 2]> = BTreeMap::new();
    for (value, &cluster) in values.iter().zip(clusters) {
        let [sum, count] = sums.entry(cluster).or_default();
        *sum += value;
        *count += 1.0;
    }
    let sums: Vec<[f64; 2]> = sums.into_values().collect();
    let mean = |drawn: &mut dyn Iterator<Item = &[f64; 2]>| {
        let [sum, count] = drawn.fold([0.0; 2], |[sum, count], of| [sum + of[0], count + of[1]]);
        sum / count
    };
    let mut random = ChaCha8Rng::seed_from_u64(bootstrap.seed);
    let mut draw = || mean(&mut (0..sums.len()).map(|_| &sums[random.random_range(0..sums.len())]));
    (!sums.is_empty()).then(|| {
        let drawn = (0..bootstrap.resamples.max(1)).map(|_| draw()).collect();
        (mean(&mut sums.iter()), middle_95(drawn))
    })
}

/// As [`intervals`], of the expected calibration error over `bins` bins: a basic bootstrap interval (Davison and Hinkley
/// 1997, section 5.2), the resamples mirrored about what was measured.
///
/// Chance makes the error too large, and resampling adds chance once more, so that percentiles of resamples lie above what
/// they are to enclose: in simulations with 1,407 slices they hardly ever did.
#[must_use]
pub fn calibration_interval(predictions: &Predictions, bins: usize, bootstrap: Bootstrap) -> [f64; 2] {
    let mut clusters: BTreeMap<usize, Vec<(f64, bool)>> = BTreeMap::new();
    for (&cluster, item) in predictions.clusters().iter().zip(confidences(predictions)) {
        clusters.entry(cluster).or_default().push(item);
    }
    let clusters: Vec<_> = clusters.into_values().collect();
    let mut random = ChaCha8Rng::seed_from_u64(bootstrap.seed);
    let mut draw = || {
        let drawn: Vec<&[(f64, bool)]> =
            (0..clusters.len()).map(|_| clusters[random.random_range(0..clusters.len())].as_slice()).collect();
        expected_calibration_error(&sorted_into(bins, drawn.into_iter().flatten().copied()))
    };
    let measured = expected_calibration_error(&sorted_into(bins, confidences(predictions)));
    let [low, high] = middle_95((0..bootstrap.resamples.max(1)).map(|_| draw()).collect());
    [(2.0 * measured - high).max(0.0), (2.0 * measured - low).min(1.0)]
}

/// What chance alone makes of a measure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ByChance {
    /// On average.
    pub mean: f64,
    /// In 95 of 100 cases, lower and upper end.
    pub ci95: [f64; 2],
}

/// The expected calibration error that the same confidences would have if each were exactly the chance to be right, each
/// item by itself.
///
/// It is not 0: in a bin of few items the share of right ones is off by chance, and the error adds up how far, whatever
/// the direction (Brocker and Smith 2007). A measured error within the interval is no evidence of a wrong probability.
#[must_use]
pub fn calibration_by_chance(predictions: &Predictions, bins: usize, bootstrap: Bootstrap) -> ByChance {
    let confidences: Vec<f64> = confidences(predictions).map(|(confidence, _)| confidence).collect();
    let mut random = ChaCha8Rng::seed_from_u64(bootstrap.seed);
    let mut draw = || {
        let items = confidences.iter().map(|&confidence| (confidence, random.random::<f64>() < confidence));
        expected_calibration_error(&sorted_into(bins, items))
    };
    let drawn: Vec<f64> = (0..bootstrap.resamples.max(1)).map(|_| draw()).collect();
    ByChance { mean: drawn.iter().sum::<f64>() / drawn.len() as f64, ci95: middle_95(drawn) }
}

/// What one set of predictions has more than another, with 95 % percentile intervals.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Of the accuracies.
    pub accuracy: f64,
    /// Of the accuracies, lower and upper end.
    pub accuracy_ci95: [f64; 2],
    /// Of the macro-averaged F1.
    pub macro_f1: f64,
    /// Of the macro-averaged F1, lower and upper end.
    pub macro_f1_ci95: [f64; 2],
}

/// `a` less `b`, two sets of predictions of the same items. Each resample draws the same clusters for both, so what is hard
/// for both does not widen the interval.
///
/// # Errors
/// [`MetricsError::Unpaired`] where the items, their truth or their clusters are not the same.
pub fn difference(a: &Predictions, b: &Predictions, bootstrap: Bootstrap) -> Result<Difference, MetricsError> {
    if a.classes() != b.classes() || a.truth() != b.truth() || a.clusters() != b.clusters() {
        return Err(MetricsError::Unpaired);
    }
    // Resamples depend on the clusters and the seed alone: the n-th is of the same items in both.
    let (drawn_a, drawn_b) = (resamples(a, bootstrap), resamples(b, bootstrap));
    let apart = |score: fn(&Confusion) -> f64| {
        middle_95(drawn_a.iter().zip(&drawn_b).map(|(a, b)| score(a) - score(b)).collect())
    };
    let f1 = |confusion: &Confusion| confusion.macro_average().f1;
    Ok(Difference {
        accuracy: a.confusion().accuracy() - b.confusion().accuracy(),
        accuracy_ci95: apart(Confusion::accuracy),
        macro_f1: f1(&a.confusion()) - f1(&b.confusion()),
        macro_f1_ci95: apart(f1),
    })
}

/// The confusion matrices of sets of clusters drawn with replacement.
fn resamples(predictions: &Predictions, bootstrap: Bootstrap) -> Vec<Confusion> {
    let clusters = outcomes_by_cluster(predictions);
    let mut random = ChaCha8Rng::seed_from_u64(bootstrap.seed);
    let mut draw = || {
        let mut confusion = Confusion::empty(predictions.classes().len());
        for _ in 0..clusters.len() {
            for &(truth, verdict) in &clusters[random.random_range(0..clusters.len())] {
                confusion.add(truth, verdict);
            }
        }
        confusion
    };
    (0..bootstrap.resamples.max(1)).map(|_| draw()).collect()
}

/// Truth and verdict of every item, gathered by cluster.
fn outcomes_by_cluster(predictions: &Predictions) -> Vec<Vec<(usize, usize)>> {
    let mut clusters: BTreeMap<usize, Vec<(usize, usize)>> = BTreeMap::new();
    let outcomes = predictions.truth().iter().zip(predictions.verdicts());
    for (cluster, (&truth, (verdict, _))) in predictions.clusters().iter().zip(outcomes) {
        clusters.entry(*cluster).or_default().push((truth, verdict));
    }
    clusters.into_values().collect()
}

/// The 2.5th and the 97.5th percentile.
pub(crate) fn middle_95(mut values: Vec<f64>) -> [f64; 2] {
    values.sort_by(f64::total_cmp);
    [quantile(&values, 0.025), quantile(&values, 0.975)]
}

/// A quantile of ascending values, interpolated between neighbours (NumPy's default). There must be at least one value,
/// and `part` lies from 0 to 1.
#[must_use]
pub fn quantile(ascending: &[f64], part: f64) -> f64 {
    let place = part * (ascending.len() - 1) as f64;
    let below = place as usize;
    let above = (below + 1).min(ascending.len() - 1);
    ascending[below] + (place - below as f64) * (ascending[above] - ascending[below])
}

#[cfg(test)]
mod tests {
    use super::{Bootstrap, calibration_by_chance, difference, mean_interval, quantile};
    use crate::Predictions;

    #[test]
    fn the_interval_of_a_mean_is_as_wide_as_clusters_are_few() {
        let values: Vec<f64> = (0..100).map(|index| f64::from(index % 2)).collect();
        let alone: Vec<usize> = (0..100).collect();
        let (mean, [low, high]) = mean_interval(&values, &alone, Bootstrap::default()).unwrap();
        // The normal interval of 100 tosses of a coin: 0.5 -+ 1.96 * 0.05.
        assert!((mean - 0.5).abs() < 1e-12 && (low - 0.402).abs() < 0.02 && (high - 0.598).abs() < 0.02);
        let halves: Vec<usize> = (0..100).map(|index| index % 2).collect();
        let (mean, ends) = mean_interval(&values, &halves, Bootstrap::default()).unwrap();
        assert!((mean - 0.5).abs() < 1e-12 && ends[0].abs() < 1e-12 && (ends[1] - 1.0).abs() < 1e-12);
        assert_eq!(mean_interval(&[], &[], Bootstrap::default()), None);
    }

    /// Items of two classes, each a cluster of its own; `right` says which of them get their class.
    fn predictions(right: &[bool]) -> Predictions {
        let classes = ["a".to_owned(), "b".to_owned()];
        let truth: Vec<usize> = (0..right.len()).map(|item| item % 2).collect();
        let sure = |(item, &right): (usize, &bool)| if right == (item % 2 == 0) { [0.9, 0.1] } else { [0.1, 0.9] };
        let rows: Vec<[f32; 2]> = right.iter().enumerate().map(sure).collect();
        Predictions::new(&classes, &truth, &rows, &(0..right.len()).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn a_paired_interval_is_as_wide_as_the_items_that_only_one_gets_right() {
        // Of 400 items both miss 80; a alone gets 30 right, b alone 10.
        let of = |only: std::ops::Range<usize>| {
            (0..400).map(|item| item >= 120 || only.contains(&item)).collect::<Vec<bool>>()
        };
        let (a, b) = (predictions(&of(0..30)), predictions(&of(30..40)));
        let found = difference(&a, &b, Bootstrap::default()).unwrap();
        assert!((found.accuracy - 0.05).abs() < 1e-12);
        // The variance of a paired difference (McNemar 1947): (30 + 10) / n^2 - (30 - 10)^2 / n^3.
        let deviation = (40.0 / 400.0_f64.powi(2) - 400.0 / 400.0_f64.powi(3)).sqrt();
        let [low, high] = found.accuracy_ci95;
        assert!((low - (0.05 - 1.96 * deviation)).abs() < 0.004, "{low}");
        assert!((high - (0.05 + 1.96 * deviation)).abs() < 0.004, "{high}");
        assert!(found.macro_f1_ci95[0] <= found.macro_f1 && found.macro_f1 <= found.macro_f1_ci95[1]);
    }

    #[test]
    fn the_same_predictions_differ_by_nothing_and_others_are_no_pair() {
        let a = predictions(&[true, false, true, true]);
        let same = difference(&a, &a, Bootstrap::default()).unwrap();
        assert_eq!((same.accuracy_ci95, same.macro_f1_ci95), ([0.0; 2], [0.0; 2]));
        assert!(difference(&a, &predictions(&[true; 6]), Bootstrap::default()).is_err());
    }

    #[test]
    fn exact_probabilities_have_the_error_of_a_coin_thrown_so_often() {
        // All say 0.9, so one bin holds all: the error is how far a share of 400 throws lies from 0.9, on average
        // sqrt(2 / pi) of the standard deviation.
        let chance = calibration_by_chance(&predictions(&[true; 400]), 15, Bootstrap::default());
        let deviation = (0.9 * 0.1 / 400.0_f64).sqrt();
        assert!((chance.mean - (2.0 / std::f64::consts::PI).sqrt() * deviation).abs() < 0.0005, "{chance:?}");
        assert!((chance.ci95[1] - 2.24 * deviation).abs() < 0.003, "{chance:?}");
    }

    #[test]
    fn quantiles_interpolate_as_numpy_does() {
        // numpy.quantile([1, 2, 4, 8], [0, 0.025, 0.5, 0.975, 1])
        let expected = [1.0, 1.075, 3.0, 7.7, 8.0];
        for (part, expected) in [0.0, 0.025, 0.5, 0.975, 1.0].into_iter().zip(expected) {
            let got = quantile(&[1.0, 2.0, 4.0, 8.0], part);
            assert!((got - expected).abs() < 1e-12, "{part}: {got} instead of {expected}");
        }
    }
}
