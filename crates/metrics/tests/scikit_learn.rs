//! Every measure against scikit-learn's, on predictions and results of `fixtures/scikit_learn.py`.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

use metrics::{Average, Bootstrap, ClassIntervals, Predictions, Report, class_intervals, roc_curve};
use serde::Deserialize;

#[derive(Deserialize)]
struct Fixture {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    truth: Vec<usize>,
    probabilities: Vec<Vec<f32>>,
    clusters: Vec<usize>,
    confusion: Vec<Vec<u64>>,
    accuracy: f64,
    precision: Vec<f64>,
    recall: Vec<f64>,
    f1: Vec<f64>,
    support: Vec<u64>,
    #[serde(rename = "macro")]
    macro_average: Average,
    weighted: Average,
    roc_auc: Vec<Option<f64>>,
    roc_curve: Vec<Option<Curve>>,
    log_loss: f64,
    /// Counts of all 15 bins, the rest of those that hold something.
    reliability: Reliability,
    expected_calibration_error: f64,
    accuracy_ci95: [f64; 2],
    macro_f1_ci95: [f64; 2],
    class_ci95: Vec<ClassIntervals>,
}

#[derive(Deserialize)]
struct Curve {
    false_positive_rate: Vec<f64>,
    true_positive_rate: Vec<f64>,
    threshold: Vec<Option<f64>>,
}

#[derive(Deserialize)]
struct Reliability {
    count: Vec<u64>,
    accuracy: Vec<f64>,
    confidence: Vec<f64>,
}

fn predictions(case: &Case) -> Predictions {
    let classes = ["glioma", "meningioma", "notumor", "pituitary"].map(str::to_owned);
    Predictions::new(&classes, &case.truth, &case.probabilities, &case.clusters).unwrap()
}

fn cases() -> Vec<(Case, Report)> {
    let fixture: Fixture = serde_json::from_str(include_str!("fixtures/scikit_learn.json")).unwrap();
    let measured = |case: Case| {
        let report = Report::new(&predictions(&case), Bootstrap::default());
        (case, report)
    };
    let cases: Vec<_> = fixture.cases.into_iter().map(measured).collect();
    assert_eq!(cases.len(), 3);
    cases
}

#[track_caller]
fn assert_close(case: &str, got: f64, expected: f64, tolerance: f64) {
    assert!((got - expected).abs() <= tolerance, "{case}: {got} instead of {expected}");
}

#[track_caller]
fn assert_average(case: &str, got: Average, expected: Average) {
    assert_close(case, got.precision, expected.precision, 1e-9);
    assert_close(case, got.recall, expected.recall, 1e-9);
    assert_close(case, got.f1, expected.f1, 1e-9);
}

#[test]
fn counts_and_class_scores_equal_scikit_learn() {
    for (case, report) in cases() {
        assert_eq!(report.confusion, case.confusion, "{}", case.name);
        assert_eq!(report.n, case.truth.len());
        assert_close(&case.name, report.accuracy, case.accuracy, 1e-9);
        for (index, class) in report.per_class.iter().enumerate() {
            assert_close(&case.name, class.precision, case.precision[index], 1e-9);
            assert_close(&case.name, class.recall, case.recall[index], 1e-9);
            assert_close(&case.name, class.f1, case.f1[index], 1e-9);
            assert_eq!(class.support, case.support[index], "{}", case.name);
        }
        assert_average(&case.name, report.macro_average, case.macro_average);
        assert_average(&case.name, report.weighted_average, case.weighted);
        assert_close(&case.name, report.macro_f1, case.macro_average.f1, 1e-9);
    }
}

#[test]
fn areas_under_the_curve_equal_scikit_learn() {
    for (case, report) in cases() {
        let areas: Vec<_> = report.per_class.iter().map(|class| class.roc_auc).collect();
        let mut known = Vec::new();
        for (got, expected) in areas.into_iter().zip(case.roc_auc) {
            assert_eq!(got.is_some(), expected.is_some(), "{}", case.name);
            if let (Some(got), Some(expected)) = (got, expected) {
                assert_close(&case.name, got, expected, 1e-9);
                known.push(expected);
            }
        }
        let mean = known.iter().sum::<f64>() / known.len() as f64;
        assert_close(&case.name, report.macro_roc_auc.unwrap(), mean, 1e-9);
    }
}

#[test]
fn curves_equal_scikit_learn_point_by_point() {
    for (case, _) in cases() {
        let predictions = predictions(&case);
        for (class, expected) in case.roc_curve.iter().enumerate() {
            let got = roc_curve(&predictions, class);
            assert_eq!(got.is_some(), expected.is_some(), "{}", case.name);
            let (Some(got), Some(expected)) = (got, expected) else { continue };
            assert_eq!(got.len(), expected.threshold.len(), "{}, class {class}", case.name);
            for (index, point) in got.into_iter().enumerate() {
                assert_eq!(point.threshold, expected.threshold[index], "{}, class {class}", case.name);
                assert_close(&case.name, point.false_positive_rate, expected.false_positive_rate[index], 1e-12);
                assert_close(&case.name, point.true_positive_rate, expected.true_positive_rate[index], 1e-12);
            }
        }
    }
}

#[test]
fn log_loss_and_calibration_equal_scikit_learn() {
    for (case, report) in cases() {
        assert_close(&case.name, report.log_loss, case.log_loss, 1e-9);
        let expected = case.expected_calibration_error;
        assert_close(&case.name, report.expected_calibration_error, expected, 1e-9);
        let counts: Vec<u64> = report.reliability.iter().map(|bin| bin.count).collect();
        assert_eq!(counts, case.reliability.count, "{}", case.name);
        let filled: Vec<_> = report.reliability.iter().filter(|bin| bin.count > 0).collect();
        assert_eq!(filled.len(), case.reliability.accuracy.len());
        for (index, bin) in filled.into_iter().enumerate() {
            assert_close(&case.name, bin.accuracy, case.reliability.accuracy[index], 1e-9);
            assert_close(&case.name, bin.confidence, case.reliability.confidence[index], 1e-9);
        }
    }
}

#[test]
fn intervals_agree_with_an_independent_cluster_bootstrap() {
    for (case, report) in cases() {
        // Two bootstraps of the same set differ by chance, the more the fewer clusters there are.
        let tolerance = if report.clusters < 10 { 0.1 } else { 0.015 };
        for end in 0..2 {
            assert_close(&case.name, report.accuracy_ci95[end], case.accuracy_ci95[end], tolerance);
            assert_close(&case.name, report.macro_f1_ci95[end], case.macro_f1_ci95[end], tolerance);
        }
    }
}

#[test]
fn intervals_of_a_class_agree_with_an_independent_cluster_bootstrap() {
    for (case, report) in cases() {
        // A class has a quarter of the items; see above for the rest.
        let tolerance = if report.clusters < 10 { 0.2 } else { 0.03 };
        for (got, expected) in class_intervals(&predictions(&case), Bootstrap::default()).iter().zip(&case.class_ci95) {
            for end in 0..2 {
                assert_close(&case.name, got.precision[end], expected.precision[end], tolerance);
                assert_close(&case.name, got.recall[end], expected.recall[end], tolerance);
                assert_close(&case.name, got.f1[end], expected.f1[end], tolerance);
            }
        }
    }
}
