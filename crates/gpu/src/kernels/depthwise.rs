//! A 3x3 kernel of its own for every channel.

use cubecl::prelude::*;

use super::{Geometry, cube_row, locate};

/// Neighbouring output pixels of a row that a unit computes: they share most of what they read.
pub(crate) const RUN: usize = 4;

/// `output = depthwise(max(input, geometry.least))`; the size stays, zeros lie around the input.
///
/// `weights` is `[3, 3, channels]`. `geometry.output_width` counts runs instead of pixels, and `geometry.output_pixels`
/// the runs of the batch.
#[cube(launch_unchecked)]
pub(crate) fn convolve_channels<N: Size>(
    input: &[Vector<f32, N>],
    weights: &[Vector<f32, N>],
    output: &mut [Vector<f32, N>],
    geometry: Geometry,
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
    let image = run.image * geometry.input_height * width;

    let mut sums = Array::<Vector<f32, N>>::new(RUN);
    #[unroll]
    for ky in 0..3 {
        // Above the first row it wraps around.
        let y = run.y + ky - 1;
        if y < geometry.input_height {
            let row = image + y * width;
            let mut values = Sequence::<Vector<f32, N>>::new();
            #[unroll]
            for kx in 0..RUN + 2 {
                let x = first + kx - 1;
                let value = input[(row + clamp_max(x, width - 1)) * channels + channel];
                let inside = select(x < width, value, Vector::new(0.0));
                values.push(max(inside, Vector::new(geometry.least)));
            }
            #[unroll]
            for kx in 0..3 {
                let weight = weights[(ky * 3 + kx) * channels + channel];
                #[unroll]
                for x in 0..RUN {
                    sums[x] += values[comptime!(x + kx)] * weight;
                }
            }
        }
    }
    #[unroll]
    for x in 0..RUN {
        if first + x < width {
            output[(image + run.y * width + first + x) * channels + channel] = sums[x];
        }
    }
}
