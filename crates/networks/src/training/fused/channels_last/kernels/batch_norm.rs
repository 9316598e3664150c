//! Batch normalisation.

use cubecl::prelude::*;

use super::activation::not_below_zero;
use super::sums::{share, write_sums};

/// The sums of every channel's values less its first value, and of their squares: `[part, 2, channels]`.
///
/// The first value stands in for the mean, so that the squares do not swamp the deviations.
#[cube(launch_unchecked)]
pub fn moments<F: Float, N: Size>(
    input: &[Vector<F, N>],
    parts: &mut [Vector<f32, N>],
    channels: usize,
    pixels: usize,
    #[define(F)] _precision: ElemType,
) {
    let share = share();
    let channel = share.channel;
    let mut sums = Array::<Vector<f32, N>>::new(2usize);
    sums[0] = Vector::new(0.0);
    sums[1] = Vector::new(0.0);
    if channel < channels {
        let about = Vector::<f32, N>::cast_from(input[channel]);
        let mut pixel = share.first;
        while pixel < pixels {
            let value = Vector::<f32, N>::cast_from(input[pixel * channels + channel]) - about;
            sums[0] += value;
            sums[1] += value * value;
            pixel += share.step;
        }
    }
    write_sums(&sums, parts, channel, channels, 2usize);
}

/// Mean and biased variance from the `parts` of [`moments`].
#[cube(launch_unchecked)]
pub fn finish_moments<F: Float, N: Size>(
    input: &[Vector<F, N>],
    parts: &[Vector<f32, N>],
    mean: &mut [Vector<f32, N>],
    variance: &mut [Vector<f32, N>],
    count: usize,
    channels: usize,
    pixels: f32,
    #[define(F)] _precision: ElemType,
) {
    let channel = ABSOLUTE_POS;
    if channel >= channels {
        terminate!();
    }
    let mut sum = Vector::<f32, N>::new(0.0);
    let mut squares = Vector::<f32, N>::new(0.0);
    for part in 0..count {
        sum += parts[part * 2 * channels + channel];
        squares += parts[(part * 2 + 1) * channels + channel];
    }
    let pixels = Vector::new(pixels);
    let offset = sum / pixels;
    mean[channel] = Vector::<f32, N>::cast_from(input[channel]) + offset;
    variance[channel] = not_below_zero(squares / pixels - offset * offset);
}

/// `output = (input - mean) / sqrt(variance + epsilon) * gamma + beta`.
#[cube(launch_unchecked)]
pub fn normalise<F: Float, N: Size>(
    input: &[Vector<F, N>],
    mean: &[Vector<f32, N>],
    variance: &[Vector<f32, N>],
    gamma: &[Vector<f32, N>],
    beta: &[Vector<f32, N>],
    output: &mut [Vector<F, N>],
    epsilon: f32,
    channels: usize,
    units: usize,
    #[define(F)] _precision: ElemType,
) {
    if ABSOLUTE_POS >= units {
        terminate!();
    }
    let channel = ABSOLUTE_POS % channels;
    let scale = gamma[channel] / (variance[channel] + Vector::new(epsilon)).sqrt();
    let value = Vector::<f32, N>::cast_from(input[ABSOLUTE_POS]);
    output[ABSOLUTE_POS] = Vector::cast_from((value - mean[channel]) * scale + beta[channel]);
}

/// The sums of every channel's gradients, and of their products with the normalised values: `[part, 2, channels]`.
#[cube(launch_unchecked)]
pub fn normalise_sums<F: Float, N: Size>(
    input: &[Vector<F, N>],
    gradient: &[Vector<F, N>],
    mean: &[Vector<f32, N>],
    variance: &[Vector<f32, N>],
    parts: &mut [Vector<f32, N>],
    epsilon: f32,
    channels: usize,
    pixels: usize,
    #[define(F)] _precision: ElemType,
) {
    let share = share();
    let channel = share.channel;
    let mut sums = Array::<Vector<f32, N>>::new(2usize);
    sums[0] = Vector::new(0.0);
    sums[1] = Vector::new(0.0);
    if channel < channels {
        let deviation = (variance[channel] + Vector::new(epsilon)).sqrt();
        let mut pixel = share.first;
        while pixel < pixels {
            let value = Vector::<f32, N>::cast_from(input[pixel * channels + channel]) - mean[channel];
            let gradient = Vector::<f32, N>::cast_from(gradient[pixel * channels + channel]);
            sums[0] += gradient;
            sums[1] += gradient * value;
            pixel += share.step;
        }
        sums[1] /= deviation;
    }
    write_sums(&sums, parts, channel, channels, 2usize);
}

/// The gradient of [`normalise`]'s input (Ioffe and Szegedy 2015, section 3).
#[cube(launch_unchecked)]
pub fn normalise_gradient<F: Float, N: Size>(
    input: &[Vector<F, N>],
    gradient: &[Vector<F, N>],
    mean: &[Vector<f32, N>],
    variance: &[Vector<f32, N>],
    gamma: &[Vector<f32, N>],
    of_gamma: &[Vector<f32, N>],
    of_beta: &[Vector<f32, N>],
    output: &mut [Vector<F, N>],
    epsilon: f32,
    pixels: f32,
    channels: usize,
    units: usize,
    #[define(F)] _precision: ElemType,
) {
    if ABSOLUTE_POS >= units {
        terminate!();
    }
    let channel = ABSOLUTE_POS % channels;
    let deviation = (variance[channel] + Vector::new(epsilon)).sqrt();
    let value = (Vector::<f32, N>::cast_from(input[ABSOLUTE_POS]) - mean[channel]) / deviation;
    let common = (of_beta[channel] + value * of_gamma[channel]) / Vector::new(pixels);
    let gradient = Vector::<f32, N>::cast_from(gradient[ABSOLUTE_POS]);
    output[ABSOLUTE_POS] = Vector::cast_from((gradient - common) * gamma[channel] / deviation);
}
