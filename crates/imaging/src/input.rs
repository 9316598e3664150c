//! How a slice becomes the input of a network. Travels inside the weights file.

use serde::{Deserialize, Serialize};

/// The input a model was trained with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InputSpec {
    /// Side of the square input, in pixels; zero counts as one.
    pub size: u32,
    /// What is cut out of the slice.
    pub crop: Crop,
    /// Width of the rim of air put around the head, as a fraction of the head's longer side; 0 to 1.
    pub margin: f32,
    /// How values are scaled.
    pub intensity: Intensity,
}

/// What is cut out of a slice before it is resized.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Crop {
    /// The head, by [`head_bounds`](crate::head_bounds).
    Head,
    /// Nothing: the whole slice.
    None,
}

/// The percentiles of the cropped pixels that become -1 and 1; what lies beyond is clamped.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Intensity {
    /// Percentile that becomes -1, in percent.
    pub low: f32,
    /// Percentile that becomes 1, in percent.
    pub high: f32,
}

impl Default for InputSpec {
    /// 299 x 299 pixels around the head with a rim of air of 2 %, scaled from the 0.5th to the 99.5th percentile.
    fn default() -> Self {
        Self { size: 299, crop: Crop::Head, margin: 0.02, intensity: Intensity { low: 0.5, high: 99.5 } }
    }
}
