//! A test of one network on labelled slices.

use model::Leakage;
use serde::{Deserialize, Serialize};

use crate::Nothing;

/// Which network was tested, on what, and whether to believe it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// By which rule the slices were held out: `grouped`, `official`, `random`; `grouped-5fold` for five parts.
    pub protocol: String,
    /// Whether a patient or a copy of the slices was seen in training; `None` where what the model was trained on is not
    /// known.
    pub leaky: Option<bool>,
    /// How much of it. The field must be there: a report that says nothing of it is not one of other scans.
    #[serde(deserialize_with = "Option::deserialize")]
    pub leakage: Option<Leakage>,
    /// Name of the network.
    pub architecture: String,
    /// Side of its input in pixels.
    pub input_size: u32,
    /// Of the weights file or, of a run, of its `network.safetensors`, in hexadecimal.
    pub weights_sha256: String,
    /// Whether these are the scans the model was trained on, so that its training part is known.
    pub trained_on_these_data: bool,
    /// Of the scans; empty in older reports.
    #[serde(default)]
    pub data_fingerprint: String,
    /// What repeats it.
    pub command: String,
}

/// A test of one network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation<M = Nothing> {
    /// Which network, on what.
    #[serde(flatten)]
    pub header: Header,
    /// Class names, in the order of the confusion matrix.
    pub classes: Vec<String>,
    /// What was measured.
    #[serde(flatten)]
    pub report: metrics::Report,
    /// What the writer adds.
    #[serde(flatten)]
    pub more: M,
}
