//! A kernel of its own for every channel.

use cubecl::prelude::*;

use super::{Geometry, cube_row, locate};

/// Neighbouring output pixels of a row that a unit computes: they share most of what they read.
pub(crate) const RUN: usize = 4;

/// What a depthwise convolution is compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Depthwise {
    /// Height and width of the kernel.
    pub(crate) size: usize,
    /// Pixels from one place to the next.
    pub(crate) stride: usize,
    /// Whether a bias is added and bounds are kept; else sums are written as they are.
    pub(crate) ends: bool,
}

/// Sizes and bounds of a depthwise convolution that its [`Geometry`] has no place for.
#[derive(CubeLaunch, CubeType, Clone, Copy)]
pub(crate) struct Border {
    /// Rows of zeros above the input.
    pub(crate) above: usize,
    /// Columns of zeros before the input.
    pub(crate) left: usize,
    /// Width of the output in pixels.
    pub(crate) columns: usize,
    /// The least that is written.
    pub(crate) least: f32,
    /// The most that is written.
    pub(crate) most: f32,
}

/// `output = depthwise(max(input, geometry.least)) + bias`; zeros lie around the input.
///
/// `weights` is `[size * size + 1, channels]`, the bias after the kernel. `geometry.output_width` counts runs instead of
/// pixels, and `geometry.output_pixels` the runs of the batch.
#[cube(launch_unchecked)]
pub(crate) fn convolve_channels<N: Size>(
    input: &[Vector<f32, N>],
    weights: &[Vector<f32, N>],
    output: &mut [Vector<f32, N>],
    geometry: Geometry,
    border: Border,
    #[comptime] filter: Depthwise,
) {
    let channels = geometry.output_channels;
    let channel = ABSOLUTE_POS_X as usize;
    let number = cube_row() * CUBE_DIM_Y as usize + UNIT_POS_Y as usize;
    if channel >= channels || number >= geometry.output_pixels {
        terminate!();
    }
    let run = locate(number, &geometry);
    let first = run.x * RUN;
    let width = geometry.input_width;

    let mut sums = Array::<Vector<f32, N>>::new(RUN);
    #[unroll]
    for ky in 0..filter.size {
        // Above the first row it wraps around.
        let y = run.y * filter.stride + ky - border.above;
        if y < geometry.input_height {
            let row = (run.image * geometry.input_height + y) * width;
            let mut values = Sequence::<Vector<f32, N>>::new();
            #[unroll]
            for kx in 0..comptime!((RUN - 1) * filter.stride + filter.size) {
                let x = first * filter.stride + kx - border.left;
                let value = input[(row + clamp_max(x, width - 1)) * channels + channel];
                let inside = select(x < width, value, Vector::new(0.0));
                values.push(max(inside, Vector::new(geometry.least)));
            }
            #[unroll]
            for kx in 0..filter.size {
                let weight = weights[(ky * filter.size + kx) * channels + channel];
                #[unroll]
                for x in 0..RUN {
                    sums[x] += values[comptime!(x * filter.stride + kx)] * weight;
                }
            }
        }
    }
    let row = (run.image * geometry.output_height + run.y) * border.columns;
    #[unroll]
    for x in 0..RUN {
        if first + x < border.columns {
            let position = (row + first + x) * channels + channel;
            if comptime!(filter.ends) {
                let sum = sums[x] + weights[comptime!(filter.size * filter.size) * channels + channel];
                output[position] = min(max(sum, Vector::new(border.least)), Vector::new(border.most));
            } else {
                output[position] = sums[x];
            }
        }
    }
}
