//! What every report of a test says first: which network, on what.

use dataset::Leakage;
use serde::Serialize;

/// The fields by which the page tells whose report it is, and whether to believe it.
#[derive(Serialize)]
pub struct Tested {
    /// By which rule the slices were held out: `grouped`, `official`, `random`; `grouped-5fold` for five parts.
    pub protocol: String,
    /// Whether something of the slices, a patient or a copy, was seen in training; `None` where what the model was trained
    /// on is not known.
    pub leaky: Option<bool>,
    /// How much of it.
    pub leakage: Option<Leakage>,
    pub architecture: String,
    pub input_size: u32,
    /// Of the weights file or, of a run, of its `network.safetensors`.
    pub weights_sha256: String,
    /// Whether these are the scans the model was trained on, so that its training part is known.
    pub trained_on_these_data: bool,
    pub data_fingerprint: String,
    /// What repeats it.
    pub command: String,
}
