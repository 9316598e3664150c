//! Tumour or none, on scans whose labels say no more than that.

use metrics::DetectionReport;
use serde::{Deserialize, Serialize};

use crate::{Header, Nothing};

/// What one weights file is worth where the question is whether there is a tumour.
///
/// `positives` of the figures are slices with a tumour, and the score is one minus the probability of [`Self::none`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Detection<M = Nothing> {
    /// Which network, on what.
    #[serde(flatten)]
    pub header: Header,
    /// The model's class of slices without a tumour.
    pub none: String,
    /// Slices of which the patient is not known: each counts as a patient of its own, so intervals are too narrow.
    pub without_patient: usize,
    /// Of all slices.
    pub figures: DetectionReport,
    /// Of the slices of each source, sequence and plane that the CSV of labels names.
    pub groups: Vec<DetectionGroup>,
    /// What the writer adds.
    #[serde(flatten)]
    pub more: M,
}

/// The slices that have one value in one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DetectionGroup {
    /// `source`, `sequence` or `plane`.
    pub column: String,
    /// The value; empty for slices without one.
    pub value: String,
    /// What was measured.
    pub figures: DetectionReport,
}
