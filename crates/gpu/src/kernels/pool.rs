//! The largest of a window.

use cubecl::prelude::*;

use super::{Geometry, cube_row, locate};

/// A square of pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Square {
    /// Height and width.
    pub(crate) size: usize,
}

/// `output = largest of each window of the input`, windows `geometry.stride` pixels apart.
///
/// A window begins `padding_y` rows above and `padding_x` columns left of its place. What lies outside the input is
/// replaced by the nearest pixel inside: it lies in the same window, so it changes nothing.
#[cube(launch_unchecked)]
pub(crate) fn max_pool<N: Size>(
    input: &[Vector<f32, N>],
    output: &mut [Vector<f32, N>],
    geometry: Geometry,
    padding_y: usize,
    padding_x: usize,
    #[comptime] window: Square,
) {
    let channels = geometry.output_channels;
    let channel = ABSOLUTE_POS_X as usize;
    let number = cube_row() * CUBE_DIM_Y as usize + UNIT_POS_Y as usize;
    if channel >= channels || number >= geometry.output_pixels {
        terminate!();
    }
    let pixel = locate(number, &geometry);
    let mut largest = Vector::<f32, N>::min_value();
    #[unroll]
    for ky in 0..window.size {
        let y = clamp_max(max(pixel.y * geometry.stride + ky, padding_y) - padding_y, geometry.input_height - 1);
        #[unroll]
        for kx in 0..window.size {
            let x = clamp_max(max(pixel.x * geometry.stride + kx, padding_x) - padding_x, geometry.input_width - 1);
            let position = (pixel.image * geometry.input_height + y) * geometry.input_width + x;
            largest = max(largest, input[position * channels + channel]);
        }
    }
    output[number * channels + channel] = largest;
}
