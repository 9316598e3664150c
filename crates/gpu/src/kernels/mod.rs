//! The kernels, each one `#[cube]` function for every runtime.
//!
//! Features lie channels last, `[batch, height, width, channels]`, in vectors of neighbouring channels. Neighbouring
//! units of a cube take neighbouring vectors, so that a plane reads and writes one run of memory.

mod average;
mod convolution;
mod depthwise;
mod grey;
mod pool;
mod resize;

use cubecl::prelude::*;

pub(crate) use average::{take_mean, take_weighted_mean};
pub(crate) use convolution::convolve;
pub use convolution::{Format, READ};
pub(crate) use depthwise::{BorderLaunch, Depthwise, RUN, convolve_channels};
pub(crate) use grey::convolve_grey;
pub(crate) use pool::{Square, max_pool};
pub(crate) use resize::take_nearest;

/// Sizes of what a kernel reads and writes, in pixels; channels in vectors as the kernel's buffers have them.
#[derive(CubeLaunch, CubeType, Clone, Copy)]
pub(crate) struct Geometry {
    pub(crate) input_height: usize,
    pub(crate) input_width: usize,
    pub(crate) input_channels: usize,
    pub(crate) output_height: usize,
    pub(crate) output_width: usize,
    pub(crate) output_channels: usize,
    /// Pixels of the output, over the whole batch.
    pub(crate) output_pixels: usize,
    /// Input pixels from one output pixel to the next.
    pub(crate) stride: usize,
    /// What lies below becomes this: 0 for a ReLU, the least float for none.
    pub(crate) least: f32,
    /// What lies above becomes this: 6 for a `ReLU6`.
    pub(crate) most: f32,
}

/// An output pixel.
#[derive(CubeType, Clone, Copy)]
pub(crate) struct Pixel {
    pub(crate) image: usize,
    pub(crate) y: usize,
    pub(crate) x: usize,
}

/// The pixel with number `pixel` of the batch.
#[cube]
pub(crate) fn locate(pixel: usize, geometry: &Geometry) -> Pixel {
    let area = geometry.output_height * geometry.output_width;
    let image = pixel / area;
    let within = pixel - image * area;
    let y = within / geometry.output_width;
    Pixel { image, y, x: within - y * geometry.output_width }
}

/// The cube's number along what `y` and `z` of the grid count together.
#[cube]
pub(crate) fn cube_row() -> usize {
    (CUBE_POS_Z * CUBE_COUNT_Y + CUBE_POS_Y) as usize
}

/// Whether a pixel lies within so many rows and columns. A coordinate below zero has wrapped around, and is too large.
#[cube]
pub(crate) fn is_inside(y: usize, x: usize, height: usize, width: usize) -> bool {
    select(y < height, x, width) < width
}
