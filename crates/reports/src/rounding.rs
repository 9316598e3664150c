//! What int8 kernels cost.

use serde::{Deserialize, Serialize};

use crate::Nothing;

/// How an int8 file's answers differ from the float network's on the same held-out slices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rounding<M = Nothing> {
    /// Of the int8 weights file.
    pub weights_sha256: String,
    /// Slices compared.
    pub n: usize,
    /// Share that gets the same class.
    pub same_class: f64,
    /// What the writer adds.
    #[serde(flatten)]
    pub more: M,
}
