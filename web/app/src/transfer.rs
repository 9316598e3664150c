//! A report of `sulcus transfer`: what the model says of brains from elsewhere, as they are and with a tumour put in.

use serde::Deserialize;

/// What one weights file says.
#[derive(Deserialize, Clone, Debug, PartialEq)]
pub struct Transfer {
    /// The weights file.
    pub weights_sha256: String,
    /// Healthy slices as they are.
    pub healthy: Answers,
    /// With a tumour of a patient it has not seen.
    pub with_tumour: Answers,
}

/// How some slices were answered.
#[derive(Deserialize, Clone, Debug, PartialEq)]
pub struct Answers {
    /// How many slices.
    pub n: u64,
    /// How often each class was the most probable one, by its name in a weights file.
    pub called: std::collections::BTreeMap<String, u64>,
}

impl Answers {
    /// How many were called "no tumour".
    pub fn healthy(&self) -> u64 {
        self.called.get("notumor").copied().unwrap_or(0)
    }
}
