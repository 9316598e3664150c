//! How a slice becomes the input of a network. Travels inside recipes and weights files.

use serde::{Deserialize, Serialize};

/// The input a model was trained with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputSpec {
    /// Side of the square input in pixels, 1 to 4096.
    pub size: u32,
    /// What is cut out of the slice.
    pub crop: Crop,
    /// Width of the rim of air put around the head, as a fraction of the head's longer side, 0 to 1.
    pub margin: f32,
    /// How values are scaled.
    pub intensity: Intensity,
}

/// What is cut out of a slice before it is resized.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Crop {
    /// The bounding box of the head.
    Head,
    /// Nothing: the whole slice.
    None,
}

/// The percentiles of the cropped pixels that become -1 and 1; what lies beyond is clamped.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intensity {
    /// Percentile that becomes -1, 0 to below `high`.
    pub low: f32,
    /// Percentile that becomes 1, to 100.
    pub high: f32,
}

/// A field of an [`InputSpec`] out of its range.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("input.{field} is {found}; accepted is {accepted}")]
pub struct InvalidInput {
    /// Its name within the input.
    pub field: &'static str,
    /// Its value.
    pub found: f32,
    /// Which values there may be.
    pub accepted: &'static str,
}

impl Default for InputSpec {
    /// 299 x 299 pixels around the head with a rim of air of 2 %, scaled from the 0.5th to the 99.5th percentile.
    fn default() -> Self {
        Self { size: 299, crop: Crop::Head, margin: 0.02, intensity: Intensity { low: 0.5, high: 99.5 } }
    }
}

impl InputSpec {
    /// Checks that every field is in its range.
    ///
    /// # Errors
    /// The first field that is not.
    pub fn check(&self) -> Result<(), InvalidInput> {
        let Intensity { low, high } = self.intensity;
        let rules = [
            ((1..=4096).contains(&self.size), "size", self.size as f32, "1 to 4096 pixels"),
            ((0.0..=1.0).contains(&self.margin), "margin", self.margin, "a fraction, 0 to 1"),
            ((0.0..100.0).contains(&low), "intensity.low", low, "a percentile, 0 to below 100"),
            (low < high && high <= 100.0, "intensity.high", high, "a percentile above low, to 100"),
        ];
        match rules.into_iter().find(|(holds, ..)| !holds) {
            Some((_, field, found, accepted)) => Err(InvalidInput { field, found, accepted }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_out_of_its_range_is_named() {
        let input = InputSpec::default();
        assert_eq!(input.check(), Ok(()));
        let intensity = |low, high| InputSpec { intensity: Intensity { low, high }, ..input.clone() };
        for (wrong, field) in [
            (InputSpec { size: 0, ..input.clone() }, "size"),
            (InputSpec { size: 4097, ..input.clone() }, "size"),
            (InputSpec { margin: f32::NAN, ..input.clone() }, "margin"),
            (intensity(-1.0, 50.0), "intensity.low"),
            (intensity(50.0, 50.0), "intensity.high"),
            (intensity(0.0, 101.0), "intensity.high"),
        ] {
            assert_eq!(wrong.check().unwrap_err().field, field, "{wrong:?}");
        }
    }
}
