//! What holds for any predictions.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]
#![allow(clippy::float_cmp, reason = "these numbers are exact")]

use metrics::{Bootstrap, Confusion, MetricsError, Predictions, Report, intervals};

fn classes() -> [String; 2] {
    ["glioma", "notumor"].map(str::to_owned)
}

/// Predictions of `n` items in clusters of `size`; every fifth cluster is wrong throughout.
fn clustered(n: usize, size: usize, clusters: impl Fn(usize) -> usize) -> Predictions {
    let truth: Vec<usize> = (0..n).map(|item| item / size % 2).collect();
    let wrong = |item: usize| usize::from((item / size).is_multiple_of(5));
    let row = |item: usize| match truth[item] ^ wrong(item) {
        0 => [0.75, 0.25],
        _ => [0.25, 0.75],
    };
    let rows: Vec<[f32; 2]> = (0..n).map(row).collect();
    let clusters: Vec<usize> = (0..n).map(clusters).collect();
    Predictions::new(&classes(), &truth, &rows, &clusters).unwrap()
}

#[test]
fn no_predictions_are_refused() {
    let nothing: [[f32; 2]; 0] = [];
    assert_eq!(Predictions::new(&classes(), &[], &nothing, &[]), Err(MetricsError::Empty));
}

#[test]
fn what_is_no_distribution_is_refused_with_its_item() {
    let nan = [f32::NAN, 1.0];
    let bad: [&[f32]; 6] = [&nan, &[f32::INFINITY, 0.0], &[1.5, -0.5], &[0.5, 0.4], &[1.0], &[0.4, 0.3, 0.3]];
    for row in bad {
        let error = Predictions::new(&classes(), &[0, 1], &[&[0.5, 0.5], row], &[0, 1]).unwrap_err();
        assert!(matches!(&error, MetricsError::NoDistribution { item: 1, .. }), "{error}");
    }
}

#[test]
fn unequal_columns_and_unknown_labels_are_refused() {
    let row = [0.5, 0.5];
    let error = Predictions::new(&classes(), &[0, 1], &[row], &[0, 1]).unwrap_err();
    assert_eq!(error, MetricsError::Length { truth: 2, column: "rows of probabilities", found: 1 });
    let error = Predictions::new(&classes(), &[0], &[row], &[]).unwrap_err();
    assert_eq!(error, MetricsError::Length { truth: 1, column: "clusters", found: 0 });
    let error = Predictions::new(&classes(), &[0, 2], &[row, row], &[0, 1]).unwrap_err();
    assert_eq!(error, MetricsError::UnknownLabel { item: 1, label: 2, classes: 2 });
    assert!(Confusion::from_labels(2, &[0, 1], &[0]).is_err());
    assert!(Confusion::from_labels(2, &[0, 1], &[0, 2]).is_err());
}

#[test]
fn rows_are_the_truth() {
    let confusion = Confusion::from_labels(2, &[0, 0, 0, 1], &[0, 1, 1, 1]).unwrap();
    assert_eq!(confusion.rows(), [[1, 2], [0, 1]]);
    assert_eq!(confusion.total(), 4);
}

#[test]
fn a_ratio_over_nothing_is_zero_and_never_nan() {
    let nothing = Confusion::empty(3);
    let scores = nothing.scores(0);
    let (all, weighted) = (nothing.macro_average(), nothing.weighted_average());
    let values = [nothing.accuracy(), scores.precision, scores.recall, scores.f1, all.f1, weighted.f1];
    assert!(values.iter().all(|&value| value == 0.0), "{values:?}");
}

#[test]
fn a_tie_goes_to_the_first_class() {
    let predictions = Predictions::new(&classes(), &[0], &[[0.5, 0.5]], &[0]).unwrap();
    assert_eq!(predictions.verdicts().collect::<Vec<_>>(), [(0, 0.5)]);
}

#[test]
fn a_class_that_never_occurs_has_no_area_and_a_score_of_zero() {
    let rows = [[0.9, 0.1], [0.8, 0.2]];
    let predictions = Predictions::new(&classes(), &[0, 0], &rows, &[0, 1]).unwrap();
    let report = Report::new(&predictions, Bootstrap::default());
    assert_eq!(report.macro_roc_auc, None);
    assert_eq!((report.per_class[1].support, report.per_class[1].f1), (0, 0.0));
    assert_eq!((report.accuracy, report.macro_f1), (1.0, 0.5));
}

#[test]
fn the_same_seed_gives_the_same_interval_and_another_seed_another() {
    let predictions = clustered(400, 8, |item| item / 8);
    let draw = |seed| intervals(&predictions, Bootstrap { seed, resamples: 300 });
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1), draw(2));
}

#[test]
fn clusters_widen_the_interval() {
    let width = |predictions: &Predictions| {
        let [low, high] = intervals(predictions, Bootstrap::default()).accuracy;
        assert!(low < 0.8 && 0.8 < high, "{low} to {high}");
        high - low
    };
    let alone = width(&clustered(400, 8, |item| item));
    let together = width(&clustered(400, 8, |item| item / 8));
    // Clusters of 8 that agree throughout hold an eighth of the evidence: sqrt(8) = 2.83 times the width.
    assert!((2.4..3.3).contains(&(together / alone)), "{}", together / alone);
}

#[test]
fn what_is_always_right_has_an_interval_of_no_width() {
    let rows = [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]];
    let predictions = Predictions::new(&classes(), &[0, 1, 0], &rows, &[0, 1, 2]).unwrap();
    let intervals = intervals(&predictions, Bootstrap::default());
    assert_eq!(intervals.accuracy, [1.0, 1.0]);
}

#[test]
fn a_report_survives_json() {
    let report = Report::new(&clustered(40, 4, |item| item / 4), Bootstrap::default());
    let text = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);
    assert_eq!((report.n, report.clusters), (40, 10));
}
