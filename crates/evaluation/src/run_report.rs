//! What `report.json` of a run folder holds.

use reports::Evaluation;
use serde::Serialize;
use training::{Environment, Recipe};

use crate::map_figures::MapFigures;
use crate::measured::Curves;
use crate::predictions_file::HeldOut;

/// A report as `report.json` has it.
pub type RunReport = Evaluation<RunDetails>;

/// What is known of the run, beside the fields that every reader knows.
#[derive(Serialize)]
pub struct RunDetails {
    /// The part of the data it is about.
    pub measured_on: HeldOut,
    #[serde(flatten)]
    pub curves: Curves,
    /// How the data were divided.
    pub split: Sizes,
    /// How well the map points at tumours, of a network that has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub map: Option<MapFigures>,
    /// Wrong answers, the surest first.
    pub mistakes: Vec<Mistake>,
    /// What it was trained on; unknown for run folders older than this field.
    pub environment: Option<Environment>,
    pub recipe: Recipe,
    /// Files that could not be read.
    pub unreadable: Vec<String>,
}

/// How many slices each part has, class by class.
#[derive(Serialize)]
pub struct Sizes {
    pub train: Vec<usize>,
    pub validation: Vec<usize>,
    pub test: Vec<usize>,
}

/// A slice that got the wrong class.
#[derive(Serialize)]
pub struct Mistake {
    pub path: String,
    pub truth: String,
    pub verdict: String,
    /// The verdict's.
    pub probability: f32,
    pub probability_of_truth: f32,
    #[serde(skip)]
    pub index: usize,
}
