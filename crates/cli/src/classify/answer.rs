//! What is printed of a file.

use std::ops::Not;

use batch::{Place, Source};
use classifier::{Classifier, Evidence, Prediction, Verdict};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::maps::MapFiles;

/// Where a slice is; the first fields of a line of JSON.
#[derive(Serialize)]
pub struct PlaceLine<'a> {
    file: String,
    /// The file in an archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<&'a str>,
    /// The slice's number, counted from 1, in a file of several.
    #[serde(skip_serializing_if = "Option::is_none")]
    slice: Option<usize>,
    /// Whether lines of the same file follow.
    #[serde(skip_serializing_if = "Not::not")]
    more: bool,
}

impl<'a> PlaceLine<'a> {
    pub fn new(place: &'a Place) -> Self {
        let Place { file, entry, slice, more } = place;
        Self { file: file.display().to_string(), entry: entry.as_deref(), slice: *slice, more: *more }
    }
}

/// One answered slice; the fields of a line of JSON.
#[derive(Serialize)]
pub struct Answer<'a> {
    #[serde(flatten)]
    place: PlaceLine<'a>,
    /// DICOM's Series Instance UID.
    #[serde(skip_serializing_if = "Option::is_none")]
    series: Option<String>,
    /// Why the slice may be no brain MRI, by what its file says.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
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

/// What could not be read.
#[derive(Serialize)]
pub struct Refusal<'a> {
    #[serde(flatten)]
    pub place: PlaceLine<'a>,
    pub error: &'a str,
}

/// What answers, and how long it took.
pub struct AnsweredBy<'a> {
    pub classifier: &'a Classifier,
    pub weights: &'a str,
    pub milliseconds: f64,
}

impl<'a> Answer<'a> {
    pub fn new(
        place: &'a Place,
        source: Source,
        prediction: Prediction,
        map: Option<MapFiles>,
        by: &AnsweredBy<'a>,
    ) -> Self {
        let classifier = by.classifier;
        let verdict = match prediction.verdict {
            Verdict::Class(class) => classifier.class_name(class),
            Verdict::Abstain => "abstain",
            Verdict::NotBrainMri => "not_brain_mri",
        };
        let names = classifier.manifest().classes.iter().cloned();
        Self {
            place: PlaceLine::new(place),
            series: source.series,
            warnings: source.warnings,
            verdict,
            probabilities: names.zip(prediction.probabilities.into_iter().map(|value| json!(value))).collect(),
            evidence: prediction.evidence,
            map,
            engine: classifier.engine_name(),
            weights: by.weights,
            milliseconds: (by.milliseconds * 100.0).round() / 100.0,
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
