//! Features at another size.

use cubecl::prelude::*;

use super::{Geometry, cube_row, locate};

/// Every pixel of the output is the nearest one of the input: row `y` is row `floor(y * input_height / output_height)`.
#[cube(launch_unchecked)]
pub(crate) fn take_nearest<N: Size>(input: &[Vector<f32, N>], output: &mut [Vector<f32, N>], geometry: Geometry) {
    let channels = geometry.output_channels;
    let channel = ABSOLUTE_POS_X as usize;
    let number = cube_row() * CUBE_DIM_Y as usize + UNIT_POS_Y as usize;
    if channel >= channels || number >= geometry.output_pixels {
        terminate!();
    }
    let pixel = locate(number, &geometry);
    let y = pixel.y * geometry.input_height / geometry.output_height;
    let x = pixel.x * geometry.input_width / geometry.output_width;
    let position = (pixel.image * geometry.input_height + y) * geometry.input_width + x;
    output[number * channels + channel] = input[position * channels + channel];
}
