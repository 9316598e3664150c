//! The regression against scikit-learn's, on rows and probabilities of `logistic.py`; what a probe promises.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Fixture {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    penalty: f64,
    classes: usize,
    rows: Vec<Vec<f64>>,
    labels: Vec<usize>,
    probabilities: Vec<Vec<f64>>,
}

#[test]
fn probabilities_equal_scikit_learn() {
    let fixture: Fixture = serde_json::from_str(include_str!("../../tests/fixtures/logistic.json")).unwrap();
    assert_eq!(fixture.cases.len(), 3);
    for case in fixture.cases {
        let fitted = Logistic::fit(&case.rows, &case.labels, case.classes, case.penalty).unwrap();
        for (row, expected) in case.rows.iter().zip(&case.probabilities) {
            for (got, expected) in fitted.probabilities(row).iter().zip(expected) {
                assert!((got - expected).abs() < 1e-5, "{}: {got} instead of {expected}", case.name);
            }
        }
    }
}

fn classes() -> [String; 3] {
    ["glioma", "meningioma", "notumor"].map(str::to_owned)
}

/// 300 rows of two features in clusters of 3, whose last feature leans towards class 2 by `lean`.
fn rows(lean: f64) -> (Vec<Vec<f64>>, Vec<usize>, Vec<usize>) {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let labels: Vec<usize> = (0..300).map(|item| item / 3 % 3).collect();
    let row = |&label: &usize| {
        let told = if label == 2 { lean } else { 0.0 };
        vec![random.random::<f64>(), random.random::<f64>() + told]
    };
    let rows = labels.iter().map(row).collect();
    (rows, labels, (0..300).map(|item| item / 3).collect())
}

#[test]
fn what_tells_a_class_is_found_and_only_for_that_class() {
    let (rows, labels, clusters) = rows(2.0);
    let found = probe(&classes(), &rows, &labels, &clusters).unwrap();
    assert!(found.per_class[2].roc_auc.unwrap() > 0.99, "{found:?}");
    assert!(found.per_class[2].balanced_accuracy > 0.99, "{found:?}");
    // The class is known, and the other two remain a guess: 1/3 and half of 2/3.
    assert!((found.balanced_accuracy - 2.0 / 3.0).abs() < 0.1, "{found:?}");
}

#[test]
fn noise_tells_no_more_than_chance() {
    let (rows, labels, clusters) = rows(0.0);
    let found = probe(&classes(), &rows, &labels, &clusters).unwrap();
    let [low, high] = found.balanced_accuracy_ci95;
    assert!(low < 1.0 / 3.0 && high < 0.45, "{found:?}");
}

#[test]
fn a_probe_does_not_profit_from_siblings_in_its_training_part() {
    // Noise shared within a cluster: a probe that tears clusters apart recognises the siblings.
    let mut random = ChaCha8Rng::seed_from_u64(8);
    let labels: Vec<usize> = (0..300).map(|item| item / 10 % 2).collect();
    let clusters: Vec<usize> = (0..300).map(|item| item / 10).collect();
    let drawn: Vec<Vec<f64>> = (0..30).map(|_| (0..25).map(|_| random.random()).collect()).collect();
    let rows: Vec<Vec<f64>> = clusters.iter().map(|&cluster| drawn[cluster].clone()).collect();
    let names = &classes()[..2];
    let whole = probe(names, &rows, &labels, &clusters).unwrap();
    let torn = probe(names, &rows, &labels, &(0..300).collect::<Vec<_>>()).unwrap();
    assert!(torn.balanced_accuracy > 0.95, "{torn:?}");
    assert!(whole.balanced_accuracy < 0.75, "{whole:?}");
}

#[test]
fn a_class_of_too_few_patients_is_refused_by_name() {
    let (rows, labels, _) = rows(0.0);
    let clusters: Vec<usize> =
        labels.iter().enumerate().map(|(i, &label)| if label == 1 { i % 4 } else { i }).collect();
    let error = probe(&classes(), &rows, &labels, &clusters).unwrap_err().to_string();
    // Clusters 0 to 3 hold all of class 1.
    assert_eq!(error, "cannot measure: class \"meningioma\" has 4 independent item(s); at least 5 are needed.");
}
