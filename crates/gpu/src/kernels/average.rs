//! The mean of each channel over the picture, each pixel counting as much, or by a map.

use cubecl::prelude::*;

use super::cube_row;

/// `output[image, channel] = mean of input[image, .., channel]`.
///
/// Lengths count vectors. Sums are taken row by row first, so that their length does not cost precision.
#[cube(launch_unchecked)]
pub(crate) fn take_mean<N: Size>(
    input: &[Vector<f32, N>],
    output: &mut [Vector<f32, N>],
    images: usize,
    height: usize,
    width: usize,
    channels: usize,
) {
    let channel = ABSOLUTE_POS_X as usize;
    let image = cube_row() * CUBE_DIM_Y as usize + UNIT_POS_Y as usize;
    if channel >= channels || image >= images {
        terminate!();
    }
    let mut sum = Vector::<f32, N>::new(0.0);
    for y in 0..height {
        let row = (image * height + y) * width;
        let mut row_sum = Vector::<f32, N>::new(0.0);
        for x in 0..width {
            row_sum += input[(row + x) * channels + channel];
        }
        sum += row_sum;
    }
    let area = f32::cast_from(height * width);
    output[image * channels + channel] = sum / Vector::new(area);
}

/// As [`take_mean`], each pixel weighed by the sigmoid of the first channel of `map`, which has four channels.
#[cube(launch_unchecked)]
pub(crate) fn take_weighted_mean<N: Size>(
    input: &[Vector<f32, N>],
    map: &[Vector<f32, Const<4>>],
    output: &mut [Vector<f32, N>],
    images: usize,
    area: usize,
    channels: usize,
) {
    let channel = ABSOLUTE_POS_X as usize;
    let image = cube_row() * CUBE_DIM_Y as usize + UNIT_POS_Y as usize;
    if channel >= channels || image >= images {
        terminate!();
    }
    let mut sum = Vector::<f32, N>::new(0.0);
    let mut total = f32::new(0.0);
    for pixel in image * area..(image + 1) * area {
        let logit: f32 = map[pixel].extract(0usize);
        let weight = 1.0 / (1.0 + (-logit).exp());
        sum += input[pixel * channels + channel] * Vector::new(weight);
        total += weight;
    }
    output[image * channels + channel] = sum / Vector::new(total);
}
