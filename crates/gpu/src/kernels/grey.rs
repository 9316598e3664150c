//! The first convolution: a 3x3 kernel over one grey channel.

use cubecl::prelude::*;

use super::{Geometry, cube_row, is_inside, locate};

/// `output = input * weights + bias`, within bounds; `weights` is `[10, channels]`, the bias after nine places of the kernel.
#[cube(launch_unchecked)]
pub(crate) fn convolve_grey<N: Size>(
    input: &[f32],
    weights: &[Vector<f32, N>],
    output: &mut [Vector<f32, N>],
    geometry: Geometry,
    padding: usize,
) {
    let channels = geometry.output_channels;
    let channel = ABSOLUTE_POS_X as usize;
    let number = cube_row() * CUBE_DIM_Y as usize + UNIT_POS_Y as usize;
    if channel >= channels || number >= geometry.output_pixels {
        terminate!();
    }
    let pixel = locate(number, &geometry);
    let mut sum = weights[9 * channels + channel];
    #[unroll]
    for ky in 0..3 {
        #[unroll]
        for kx in 0..3 {
            let y = pixel.y * geometry.stride + ky - padding;
            let x = pixel.x * geometry.stride + kx - padding;
            let inside = is_inside(y, x, geometry.input_height, geometry.input_width);
            let y = clamp_max(y, geometry.input_height - 1);
            let x = clamp_max(x, geometry.input_width - 1);
            let value = input[(pixel.image * geometry.input_height + y) * geometry.input_width + x];
            let value = select(inside, value, 0.0);
            sum += Vector::new(value) * weights[(ky * 3 + kx) * channels + channel];
        }
    }
    output[number * channels + channel] = min(max(sum, Vector::new(geometry.least)), Vector::new(geometry.most));
}
