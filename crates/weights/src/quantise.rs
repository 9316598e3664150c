//! Floats to int8, symmetric, one scale an output channel.
//!
//! The scale maps a channel's largest magnitude to 127. Clipping outliers to gain a finer step was measured and left
//! out: the best of nine clip points lowered the squared error of the `ImageNet` Xception's kernels by 0.02 %.

use crate::tensor::{LARGEST_SCALE, check_finite, check_shape};
use crate::{Tensor, Values, WeightsError};

/// Largest magnitude of a quantised value. -128 is left out, so that a value and its negative are equally exact.
pub const LEVELS: f64 = 127.0;

/// Quantises `values` of `shape`, row-major, to int8 with one scale for each index of the first dimension.
///
/// A channel with largest magnitude `m` has the scale `m / 127`, so no value is off by more than half of that. A channel
/// of zeros, or of magnitudes too small for a scale (below about 1.5e-36), has the scale 0. The same values give the same
/// bytes everywhere.
///
/// # Errors
/// [`WeightsError::Shape`] where the shape is empty, holds a zero or does not give the number of values;
/// [`WeightsError::NotFinite`] where a value is infinite or not a number. The name in either is empty.
pub fn quantise(shape: &[usize], values: &[f32]) -> Result<Tensor, WeightsError> {
    check_shape("", shape, values.len())?;
    check_finite("", values)?;
    let Some(&channels) = shape.first() else {
        return Err(WeightsError::Shape { name: String::new(), shape: Vec::new(), values: values.len() });
    };
    let mut quantised = Vec::with_capacity(values.len());
    let mut scales = Vec::with_capacity(channels);
    for channel in values.chunks_exact(values.len() / channels) {
        let scale = scale_of(channel);
        quantised.extend(channel.iter().map(|&value| level(value, scale)));
        scales.push(scale);
    }
    Ok(Tensor { shape: shape.to_vec(), values: Values::Int8 { values: quantised, scales } })
}

/// The largest magnitude over 127; 0 where that is no normal float, and kept to what any int8 value may be multiplied by.
fn scale_of(channel: &[f32]) -> f32 {
    let largest = channel.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
    let scale = (largest / LEVELS as f32).min(LARGEST_SCALE);
    if scale.is_normal() { scale } else { 0.0 }
}

/// The nearest level, ties away from zero, clipped to -127..=127; 0 for the scale 0.
fn level(value: f32, scale: f32) -> i8 {
    if scale == 0.0 {
        return 0;
    }
    (value / scale).round().clamp(-LEVELS as f32, LEVELS as f32) as i8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn int8(tensor: &Tensor) -> (&[i8], &[f32]) {
        match &tensor.values {
            Values::Int8 { values, scales } => (values, scales),
            Values::Float(_) => panic!("expected int8"),
        }
    }

    /// 288 values between -0.5 and 0.5, as a 3 x 3 convolution of 32 channels has them.
    fn channel() -> Vec<f32> {
        (0..288_u16).map(|index| (f32::from(index) * 12.9898).sin() * 0.5).collect()
    }

    #[test]
    fn every_value_comes_back_within_half_a_step() {
        let values = channel();
        let tensor = quantise(&[1, 32, 3, 3], &values).unwrap();
        let half_a_step = int8(&tensor).1[0] * 0.500_01;
        for (before, after) in values.iter().zip(tensor.to_f32()) {
            assert!((before - after).abs() <= half_a_step, "{before} came back as {after}");
        }
    }

    #[test]
    fn the_largest_magnitude_of_a_channel_becomes_127() {
        let tensor = quantise(&[2, 3], &[0.1, -0.5, 0.2, 3.0, 6.0, -1.0]).unwrap();
        let (levels, scales) = int8(&tensor);
        assert_eq!(levels, [25, -127, 51, 64, 127, -21]);
        assert_eq!(scales, [0.5 / 127.0, 6.0 / 127.0]);
    }

    #[test]
    fn channels_of_different_magnitude_keep_the_same_relative_precision() {
        let small = channel();
        let values: Vec<f32> = small.iter().copied().chain(small.iter().map(|value| value * 1024.0)).collect();
        let tensor = quantise(&[2, 32, 3, 3], &values).unwrap();
        let (levels, _) = int8(&tensor);
        assert_eq!(levels[..288], levels[288..]);
    }

    #[test]
    fn a_channel_of_zeros_comes_back_as_zeros() {
        let tensor = quantise(&[2, 2], &[0.0, -0.0, 1.0, -1.0]).unwrap();
        assert_eq!(tensor.to_f32()[..2], [0.0, 0.0]);
        assert_eq!(int8(&tensor).1[0].to_bits(), 0);
        tensor.check("zeros").unwrap();
    }

    #[test]
    fn the_smallest_and_largest_floats_give_finite_scales_and_values() {
        let values = [f32::from_bits(1), -f32::MIN_POSITIVE, f32::MAX, f32::MIN];
        let tensor = quantise(&[2, 2], &values).unwrap();
        tensor.check("extremes").unwrap();
        assert!(tensor.to_f32().iter().all(|value| value.is_finite()));
    }

    #[test]
    fn a_wrong_shape_or_a_number_that_is_none_is_refused() {
        assert!(matches!(quantise(&[], &[1.0]), Err(WeightsError::Shape { .. })));
        assert!(matches!(quantise(&[2, 2], &[1.0; 3]), Err(WeightsError::Shape { .. })));
        assert!(matches!(quantise(&[0, 4], &[]), Err(WeightsError::Shape { .. })));
        assert!(matches!(quantise(&[usize::MAX, 2], &[1.0; 3]), Err(WeightsError::Shape { .. })));
        let bad = quantise(&[1, 3], &[0.0, f32::NAN, 1.0]);
        assert!(matches!(bad, Err(WeightsError::NotFinite { index: 1, .. })));
    }
}
