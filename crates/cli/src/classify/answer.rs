//! What is printed of a file.

use classifier::{Classifier, Evidence, Prediction, Verdict};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::maps::MapFiles;

/// One answered file; the fields of a line of JSON.
#[derive(Serialize)]
pub struct Answer<'a> {
    file: String,
    verdict: &'a str,
    probabilities: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<Evidence>,
    #[serde(skip_serializing_if = "Option::is_none")]
    map: Option<MapFiles>,
    engine: &'a str,
    /// First digits of the SHA-256 of the weights file.
    weights: &'a str,
    milliseconds: f64,
}

/// A file that could not be read.
#[derive(Serialize)]
pub struct Refusal<'a> {
    pub file: String,
    pub error: &'a str,
}

/// What answers, and how long it took.
pub struct Source<'a> {
    pub classifier: &'a Classifier,
    pub weights: &'a str,
    pub milliseconds: f64,
}

impl<'a> Answer<'a> {
    pub fn new(file: String, prediction: Prediction, map: Option<MapFiles>, source: &Source<'a>) -> Self {
        let classifier = source.classifier;
        let verdict = match prediction.verdict {
            Verdict::Class(class) => classifier.class_name(class),
            Verdict::Abstain => "abstain",
            Verdict::NotBrainMri => "not_brain_mri",
        };
        let names = classifier.manifest().classes.iter().cloned();
        Self {
            file,
            verdict,
            probabilities: names.zip(prediction.probabilities.into_iter().map(|value| json!(value))).collect(),
            evidence: prediction.evidence,
            map,
            engine: classifier.engine_name(),
            weights: source.weights,
            milliseconds: (source.milliseconds * 100.0).round() / 100.0,
        }
    }
}

/// An answer for people: `glioma 0.98`.
pub fn in_words(prediction: &Prediction, class: &str) -> String {
    let probability = prediction.probability();
    match prediction.verdict {
        Verdict::Class(_) => format!("{class} {probability:.2}"),
        Verdict::Abstain => format!("unsure, nearest {class} {probability:.2}"),
        Verdict::NotBrainMri => "not a brain MRI".to_owned(),
    }
}
