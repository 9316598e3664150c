//! From the network that training left to the files that `sulcus export` writes: every answer, by its value.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../networks/tests/generated/mod.rs"]
mod generated;
#[path = "support/made.rs"]
mod made;
mod support;

use std::fs;
use std::path::Path;

use burn::tensor::activation::softmax;
use classifier::{Classifier, Engine};
use imaging::PreparedSlice;
use networks::Architecture;
use serde_json::Value;

use made::{Made, UNEVEN, numbers};

/// Whether a slice counts, by its label and the probabilities of both.
type Counts<'a> = dyn Fn(usize, &[f32], &[f32]) -> bool + 'a;

/// Floats differ by the order in which they are added.
const FLOAT: f64 = 5e-6;
/// What kernels of 255 levels cost a network of generated weights: rounded by eight drawn slices, or to the nearest.
const INT8: f64 = 0.015;

/// Pooled features and logits of a weights file on disk, as the page's engine for the CPU computes them.
fn answers_of(file: &Path, slices: &[PreparedSlice]) -> (Vec<f32>, Vec<f32>) {
    let classifier = pollster::block_on(Classifier::load(&fs::read(file).unwrap(), Engine::Cpu)).unwrap();
    let stage = if classifier.manifest().architecture == "vgg16" { "block3_pool" } else { "block3_out" };
    let observations = pollster::block_on(classifier.observe(slices, stage)).unwrap();
    let features = observations.iter().flat_map(|observation| observation.features.clone()).collect();
    (features, observations.into_iter().flat_map(|observation| observation.logits).collect())
}

/// The root mean square of what is off, as a part of that of what is expected.
fn off(found: &[f32], expected: &[f32]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let squares = |values: &mut dyn Iterator<Item = f32>| values.map(|value| f64::from(value).powi(2)).sum::<f64>();
    let differences = squares(&mut found.iter().zip(expected).map(|(found, expected)| found - expected));
    (differences / squares(&mut expected.iter().copied())).sqrt()
}

#[test]
fn weights_files_of_floats_and_of_int8_answer_as_the_network_that_was_trained() {
    let made = Made::new(Architecture::Xception, UNEVEN);
    made.export("exported.safetensors", &["--data", &made.text("scans")]);
    is_answered(&made, "exported.safetensors", INT8);
    // Rounding VGG16 by what its kernels meet takes minutes.
    for made in [made, Made::new(Architecture::Vgg16, UNEVEN)] {
        made.write_folded("int8.safetensors", true);
        is_answered(&made, "int8.safetensors", INT8);
        made.write_folded("float.safetensors", false);
        is_answered(&made, "float.safetensors", FLOAT);
    }
}

/// Asserts that a file's features and logits are those of the trained network, but for a part of `allowed`.
fn is_answered(made: &Made, file: &str, allowed: f64) {
    let slices = made.held_out();
    let (features, logits) = made.answers(&slices);
    let (found_features, found_logits) = answers_of(&made.path(file), &slices);
    let off = [off(&found_features, &numbers(features)), off(&found_logits, &numbers(logits))];
    assert!(off.iter().all(|off| *off < allowed), "{file}: features and logits are off by {off:?}");
}

#[test]
fn the_report_of_an_export_counts_what_the_file_answers_and_what_the_network_answered() {
    let made = Made::new(Architecture::Xception, UNEVEN);
    let (slices, json) = (made.held_out(), made.text("int8.json"));
    let bytes = made.export("int8.safetensors", &["--data", &made.text("scans"), "--json", &json]);
    let report: Value = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();

    let float = numbers(softmax(made.answers(&slices).1, 1));
    let classifier = pollster::block_on(Classifier::load(&bytes, Engine::Cpu)).unwrap();
    let int8 = pollster::block_on(classifier.predict(&slices)).unwrap();
    let rows: Vec<_> = float.chunks(4).zip(int8.iter().map(|prediction| &prediction.probabilities)).collect();
    let share = |counts: &Counts| {
        rows.iter().enumerate().filter(|(label, (float, int8))| counts(*label, float, int8)).count() as f64 / 4.0
    };
    let differences: Vec<f32> = rows
        .iter()
        .map(|(float, int8)| float.iter().zip(*int8).map(|(float, int8)| (float - int8).abs()).fold(0.0, f32::max))
        .collect();
    let expected = [
        ("n", 4.0),
        ("same_class", share(&|_, float, int8| class(float) == class(int8))),
        ("float_accuracy", share(&|label, float, _| class(float) == label)),
        ("int8_accuracy", share(&|label, _, int8| class(int8) == label)),
        ("largest_difference", differences.iter().copied().fold(0.0, f32::max).into()),
        ("mean_difference", differences.iter().copied().map(f64::from).sum::<f64>() / 4.0),
    ];
    for (field, expected) in expected {
        let found = report[field].as_f64().unwrap();
        assert!((found - expected).abs() < 1e-6, "{field} is {found} instead of {expected}");
    }
    assert!(report["same_class"] == 1.0 && report["largest_difference"].as_f64().unwrap() < 0.02, "{report}");
}

fn class(probabilities: &[f32]) -> usize {
    (0..probabilities.len()).max_by(|&a, &b| probabilities[a].total_cmp(&probabilities[b])).unwrap()
}
