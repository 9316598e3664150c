//! How well one thing is told from none, where a classifier may also not answer.

use std::collections::{BTreeMap, BTreeSet};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::bootstrap::middle_95;
use crate::{Bootstrap, mean_interval, separation};

/// What was said of one slice, and what is true.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Detected {
    /// Whether there is one.
    pub is_there: bool,
    /// How sure the classifier is that there is one; any scale.
    pub score: f64,
    /// Whether the most probable answer is that there is one.
    pub is_called: bool,
    /// Whether the answer was given: not held back.
    pub is_answered: bool,
    /// Slices of one patient share it.
    pub cluster: usize,
}

/// A figure with its 95 % percentile interval over whole clusters, lower and upper end.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The figure.
    pub value: f64,
    /// Its interval.
    pub ci95: [f64; 2],
}

/// How well one thing is told from none. A figure of nothing is `None`: recall where it is nowhere, specificity where it
/// is everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DetectionReport {
    /// Slices.
    pub n: usize,
    /// Of these, how many have it.
    pub positives: usize,
    /// Clusters of patients and copies.
    pub clusters: usize,
    /// Area under the ROC curve of the score; 0.5 is a guess.
    pub auroc: Option<Estimate>,
    /// Of the slices that have it, the share that is called so, answered or not.
    pub recall: Option<Estimate>,
    /// Of the slices without it, the share that is called so, answered or not.
    pub specificity: Option<Estimate>,
    /// Share of slices whose answer was given.
    pub answered: Option<Estimate>,
    /// Of the answers that were given, the share that is wrong.
    pub wrong_among_answered: Option<Estimate>,
}

impl DetectionReport {
    /// Measures what was said.
    #[must_use]
    pub fn new(slices: &[Detected], bootstrap: Bootstrap) -> Self {
        let share = |of: fn(&Detected) -> bool, is: fn(&Detected) -> bool| {
            let of = slices.iter().filter(|slice| of(slice));
            let (values, clusters): (Vec<f64>, Vec<usize>) =
                of.map(|slice| (f64::from(u8::from(is(slice))), slice.cluster)).unzip();
            mean_interval(&values, &clusters, bootstrap).map(|(value, ci95)| Estimate { value, ci95 })
        };
        Self {
            n: slices.len(),
            positives: slices.iter().filter(|slice| slice.is_there).count(),
            clusters: slices.iter().map(|slice| slice.cluster).collect::<BTreeSet<_>>().len(),
            auroc: auroc(slices, bootstrap),
            recall: share(|slice| slice.is_there, |slice| slice.is_called),
            specificity: share(|slice| !slice.is_there, |slice| !slice.is_called),
            answered: share(|_| true, |slice| slice.is_answered),
            wrong_among_answered: share(|slice| slice.is_answered, |slice| slice.is_called != slice.is_there),
        }
    }
}

fn auroc(slices: &[Detected], bootstrap: Bootstrap) -> Option<Estimate> {
    let mut clusters: BTreeMap<usize, Vec<&Detected>> = BTreeMap::new();
    for slice in slices {
        clusters.entry(slice.cluster).or_default().push(slice);
    }
    let clusters: Vec<Vec<&Detected>> = clusters.into_values().collect();
    let area = |drawn: &[&[&Detected]]| {
        let scores = |is_there| {
            let slices = drawn.iter().copied().flatten();
            slices.filter(|slice| slice.is_there == is_there).map(|slice| slice.score).collect::<Vec<_>>()
        };
        separation(&scores(true), &scores(false))
    };
    let all: Vec<&[&Detected]> = clusters.iter().map(Vec::as_slice).collect();
    let value = area(&all)?;
    let mut random = ChaCha8Rng::seed_from_u64(bootstrap.seed);
    let mut draw = || area(&all.iter().map(|_| all[random.random_range(0..all.len())]).collect::<Vec<_>>());
    // A resample of one kind alone has no area.
    let drawn: Vec<f64> = (0..bootstrap.resamples.max(1)).filter_map(|_| draw()).collect();
    Some(Estimate { value, ci95: if drawn.is_empty() { [0.0, 1.0] } else { middle_95(drawn) } })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slice(is_there: bool, score: f64, is_answered: bool, cluster: usize) -> Detected {
        Detected { is_there, score, is_called: score > 0.5, is_answered, cluster }
    }

    fn value(estimate: Option<Estimate>) -> f64 {
        let Estimate { value, ci95: [low, high] } = estimate.unwrap();
        assert!(low <= value && value <= high, "{low} {value} {high}");
        value
    }

    #[test]
    fn figures_are_the_shares_that_they_are_named_for() {
        let slices = [
            slice(true, 0.9, true, 0),
            slice(true, 0.8, false, 0),
            slice(true, 0.2, true, 1),
            slice(false, 0.1, true, 2),
            slice(false, 0.7, true, 3),
        ];
        let detection = DetectionReport::new(&slices, Bootstrap::default());
        assert_eq!((detection.n, detection.positives, detection.clusters), (5, 3, 4));
        assert!((value(detection.recall) - 2.0 / 3.0).abs() < 1e-12);
        assert!((value(detection.specificity) - 0.5).abs() < 1e-12);
        assert!((value(detection.answered) - 0.8).abs() < 1e-12);
        assert!((value(detection.wrong_among_answered) - 0.5).abs() < 1e-12);
        // Of six pairs, five are in the right order.
        assert!((value(detection.auroc) - 5.0 / 6.0).abs() < 1e-12);
    }

    #[test]
    fn a_figure_of_nothing_is_none() {
        let healthy = DetectionReport::new(&[slice(false, 0.1, false, 0)], Bootstrap::default());
        assert_eq!((healthy.auroc, healthy.recall, healthy.wrong_among_answered), (None, None, None));
        assert!((value(healthy.specificity) - 1.0).abs() < 1e-12);
        assert_eq!(DetectionReport::new(&[], Bootstrap::default()).answered, None);
    }

    #[test]
    fn a_resample_draws_whole_patients() {
        let slices = |patients: usize| -> Vec<Detected> {
            (0..120).map(|i| slice(i % 2 == 0, (i * 37 % 101) as f64 / 100.0, true, i % patients)).collect()
        };
        let width = |patients| {
            let [low, high] = DetectionReport::new(&slices(patients), Bootstrap::default()).auroc.unwrap().ci95;
            high - low
        };
        assert!(width(1) < 1e-12 && width(120) > 0.05, "{} {}", width(1), width(120));
    }
}
