//! What a weights file says of brains from elsewhere, as they are and with a tumour put in.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Nothing;

/// What one weights file says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Transfer<M = Nothing> {
    /// Of the weights file.
    pub weights_sha256: String,
    /// What repeats it.
    pub command: String,
    /// Of the model's held-out part, the slices that lend their tumours.
    pub donors: usize,
    /// Slices as they are.
    pub healthy: Answers,
    /// With a tumour of a held-out patient.
    pub with_tumour: Answers,
    /// With a graft that is no tumour.
    pub with_sham: Answers,
    /// How well the probability of a tumour tells `with_tumour` from `healthy` and `with_sham`; 0.5 is a guess.
    #[serde(deserialize_with = "Option::deserialize")]
    pub auroc: Option<f64>,
    /// What the writer adds.
    #[serde(flatten)]
    pub more: M,
}

/// What the model says of some slices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answers {
    /// How many slices.
    pub n: usize,
    /// How often each class is the most probable one, named or not.
    pub called: BTreeMap<String, usize>,
    /// Of these, how many the model abstains on.
    pub abstained: usize,
    /// How many it refuses as no brain MRI.
    pub refused: usize,
    /// Mean probability of the healthy class.
    pub mean_healthy: f64,
}
