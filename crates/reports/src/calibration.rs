//! What a weights file's probabilities, its "unsure" and its "not a brain MRI" are worth.

use metrics::{Bin, ByChance, RiskPoint};
use serde::{Deserialize, Serialize};

use crate::Nothing;

/// What was found of one weights file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration<M = Nothing> {
    /// Of the weights file.
    pub weights_sha256: String,
    /// What repeats it.
    pub command: String,
    /// How many slices temperature and threshold were fitted on.
    pub fitted_on: Parts,
    /// How many slices and pictures the rest was measured on.
    pub measured_on: Parts,
    /// What logits are divided by (Guo et al. 2017).
    pub temperature: f64,
    /// Probability against share of right answers.
    pub calibration_error: CalibrationError,
    /// When the model says "unsure", and what that gives.
    pub abstention: Abstention,
    /// When it says "not a brain MRI", and what that gives.
    pub foreign: Foreign,
    /// What the writer adds.
    #[serde(flatten)]
    pub more: M,
}

/// How many slices, and of which part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parts {
    /// Each looked at as it is, and once more with the recipe's changes for the cloud; so are those of `validation`.
    pub training: usize,
    /// Slices that training stopped by.
    pub validation: usize,
    /// Slices that were held out.
    pub held_out: usize,
    /// Pictures that are no brain MRI.
    pub foreign: usize,
}

/// Expected calibration error over 15 bins of the held-out part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CalibrationError {
    /// Without the temperature.
    pub before: f64,
    /// Its 95 % interval.
    pub before_ci95: [f64; 2],
    /// With it, as the model ships.
    pub after: f64,
    /// Its 95 % interval.
    pub after_ci95: [f64; 2],
    /// What so many slices would show if every probability were exact.
    pub exact: ByChance,
    /// The bins of the diagram without the temperature.
    pub reliability_before: Vec<Bin>,
    /// With it, each slice by a fit that had not seen it.
    pub reliability: Vec<Bin>,
}

/// When the model abstains, and what that gives on the held-out part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Abstention {
    /// The share of wrong answers that was to be kept to.
    pub wanted_risk: f64,
    /// Below this probability no class is named.
    pub abstain_below: f32,
    /// Of the held-out slices, the part that is answered.
    pub coverage: f64,
    /// Of these answers, the part that is wrong.
    pub risk: f64,
    /// Risk against coverage on the held-out part, from little to full coverage.
    pub curve: Vec<RiskPoint>,
}

/// Ways to tell brain MRI from other pictures side by side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Foreign {
    /// The way that was taken, and travels with the weights file.
    pub chosen: String,
    /// The stage of the network whose activations it looks at.
    pub stage: String,
    /// Of the validation slices, the part within the limit of every way.
    #[serde(rename = "familiar")]
    pub in_distribution: f64,
    /// The limit of the way that was taken.
    #[serde(rename = "familiar_up_to")]
    pub ood_threshold: f64,
    /// All ways; the last one is the one that was taken.
    pub methods: Vec<Method>,
}

/// What one way gives, with its limit at the same part of the validation slices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Method {
    /// Its name.
    pub name: String,
    /// The score beyond which a picture is refused.
    pub limit: f64,
    /// How well it tells held-out slices from foreign pictures, 0.5 to guess; `None` without foreign pictures.
    #[serde(deserialize_with = "Option::deserialize")]
    pub auroc: Option<f64>,
    /// Of the foreign pictures, the part that is refused.
    #[serde(deserialize_with = "Option::deserialize")]
    pub foreign_refused: Option<f64>,
    /// Of the held-out slices, the part that is refused.
    pub held_out_refused: f64,
}
