//! A calibration report, as `sulcus calibrate --json` writes it: what the model's probabilities, its "unsure" and its
//! "not a brain MRI" are worth.

use serde::Deserialize;

/// What was found of one weights file.
#[derive(Deserialize, Clone, Debug, PartialEq)]
pub struct CalibrationReport {
    /// The weights file.
    pub weights_sha256: String,
    /// What repeats it.
    pub command: String,
    /// How many slices and pictures it was measured on.
    pub measured_on: Parts,
    /// Probability against share of right answers.
    pub calibration_error: CalibrationError,
    /// When it says "unsure", and what that gives.
    pub abstention: Abstention,
    /// When it says "not a brain MRI", and what that gives.
    pub foreign: Foreign,
}

/// How many slices of each kind.
#[derive(Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// Slices that were held out.
    pub held_out: u64,
    /// Pictures that are no brain MRI.
    pub foreign: u64,
}

/// The expected calibration error.
#[derive(Deserialize, Clone, Debug, PartialEq)]
pub struct CalibrationError {
    /// As the model ships.
    pub after: f64,
    /// Its 95 % interval.
    pub after_ci95: [f64; 2],
    /// What exact probabilities would show on so many slices.
    pub exact: ByChance,
    /// Probability against share of right answers, by the temperatures of fits that had not seen the slices.
    pub reliability: Vec<Bin>,
}

/// The answers whose probability lies in one interval.
#[derive(Deserialize, Clone, Copy, Debug, PartialEq)]
pub struct Bin {
    /// Above this probability.
    pub from: f64,
    /// Up to this one.
    pub to: f64,
    /// How many answers.
    pub count: u64,
    /// Their mean probability.
    pub confidence: f64,
    /// The share of them that is right.
    pub accuracy: f64,
}

/// What chance alone would show.
#[derive(Deserialize, Clone, Copy, Debug, PartialEq)]
pub struct ByChance {
    /// On average.
    pub mean: f64,
}

/// The rule of "unsure".
#[derive(Deserialize, Clone, Debug, PartialEq)]
pub struct Abstention {
    /// Below this probability no class is named.
    pub abstain_below: f64,
    /// The share of slices that gets a class.
    pub coverage: f64,
    /// The share of these that is wrong.
    pub risk: f64,
    /// The same for other rules, the widest first.
    pub curve: Vec<RiskPoint>,
}

/// What one rule would give.
#[derive(Deserialize, Clone, Copy, Debug, PartialEq)]
pub struct RiskPoint {
    /// The share that is answered.
    pub coverage: f64,
    /// The share of the answers that is wrong.
    pub risk: f64,
    /// The lowest probability that is answered.
    pub confidence: f64,
}

/// The rule of "not a brain MRI" against others; the last one is the model's.
#[derive(Deserialize, Clone, Debug, PartialEq)]
pub struct Foreign {
    /// All that were compared.
    pub methods: Vec<Method>,
}

/// One way to tell brain MRI from other pictures.
#[derive(Deserialize, Clone, Debug, PartialEq)]
pub struct Method {
    /// Its name.
    pub name: String,
    /// How well it tells them apart, 0.5 to guess.
    #[serde(deserialize_with = "Option::deserialize")]
    pub auroc: Option<f64>,
    /// Of the foreign pictures, the share it refuses.
    #[serde(deserialize_with = "Option::deserialize")]
    pub foreign_refused: Option<f64>,
    /// Of the held-out slices, the share it refuses.
    pub held_out_refused: f64,
}
