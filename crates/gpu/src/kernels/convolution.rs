//! Convolutions that mix channels, 1x1 and 3x3, as one matrix product without an unrolled copy of the input.

use cubecl::prelude::*;

use super::{Geometry, Pixel, cube_row, is_inside, locate};
use crate::tile::Tile;

/// How a weight is stored in words of 32 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// One f32.
    Float,
    /// The int8 weights of [`READ`] input channels, the first in the lowest byte.
    Int8,
}

impl Format {
    /// Words that hold the weights of [`READ`] input channels.
    pub(crate) fn words(self) -> usize {
        match self {
            Self::Float => READ,
            Self::Int8 => 1,
        }
    }
}

/// Input channels of a pixel that are read together; channels come in such groups.
pub const READ: usize = 4;

/// `output = input * weights * scales + bias (+ residual)`.
///
/// A unit computes `tile.rows` neighbouring pixels by `tile.columns` vectors of channels in registers; the vectors lie
/// `CUBE_DIM_X` apart, so that neighbouring units read neighbouring weights. `weights` is `[kernel * kernel * input
/// channels (in words), weight_stride]`, where the stride is the number of output channels, in vectors, rounded up to
/// whole tiles: weights need no check of bounds. `scales_and_bias` is `[2, weight_stride]`, scales and bias.
#[cube(launch_unchecked)]
pub(crate) fn convolve<N: Size>(
    input: &[Vector<f32, Const<4>>],
    weights: &[Vector<i32, N>],
    scales_and_bias: &[Vector<f32, N>],
    residual: ComptimeOption<&[Vector<f32, N>]>,
    output: &mut [Vector<f32, N>],
    geometry: Geometry,
    weight_stride: usize,
    kernel: usize,
    #[comptime] padding: usize,
    #[comptime] format: Format,
    #[comptime] tile: Tile,
) {
    let dim_x = CUBE_DIM_X as usize;
    let first_pixel = (cube_row() * CUBE_DIM_Y as usize + UNIT_POS_Y as usize) * tile.rows;
    let first_column = CUBE_POS_X as usize * dim_x * tile.columns + UNIT_POS_X as usize;

    let mut pixels = Sequence::<Pixel>::new();
    #[unroll]
    for row in 0..tile.rows {
        pixels.push(locate(clamp_max(first_pixel + row, geometry.output_pixels - 1), &geometry));
    }
    let mut sums = Array::<Vector<f32, N>>::new(comptime!(tile.rows * tile.columns));
    let words = comptime!(format.words());
    for ky in 0..kernel {
        for kx in 0..kernel {
            let place = (ky * kernel + kx) * geometry.input_channels * words;
            let weight = place * weight_stride + first_column;
            let starts = starts(&pixels, &geometry, ky, kx, padding);
            let reads = geometry.input_channels;
            add::<N>(input, weights, &starts, &mut sums, reads, weight, weight_stride, padding, format, tile);
        }
    }

    let mut scales = Sequence::<Vector<f32, N>>::new();
    let mut biases = Sequence::<Vector<f32, N>>::new();
    #[unroll]
    for column in 0..tile.columns {
        scales.push(scales_and_bias[first_column + column * dim_x]);
        biases.push(scales_and_bias[weight_stride + first_column + column * dim_x]);
    }
    #[unroll]
    for row in 0..tile.rows {
        if first_pixel + row < geometry.output_pixels {
            #[unroll]
            for column in 0..tile.columns {
                let channel = first_column + column * dim_x;
                if channel < geometry.output_channels {
                    let position = (first_pixel + row) * geometry.output_channels + channel;
                    let value = sums[comptime!(row * tile.columns + column)] * scales[column] + biases[column];
                    let sum = #[comptime]
                    match &residual {
                        ComptimeOption::Some(residual) => value + residual[position],
                        ComptimeOption::None => value,
                    };
                    output[position] = min(max(sum, Vector::new(geometry.least)), Vector::new(geometry.most));
                }
            }
        }
    }
}

/// Where a pixel's channels begin, and whether they count.
#[derive(CubeType, Clone, Copy)]
struct Start {
    position: usize,
    inside: bool,
}

/// What the kernel's place `(ky, kx)` meets for each pixel of the tile. Outside of the input it is some pixel inside.
#[cube]
fn starts(
    pixels: &Sequence<Pixel>,
    geometry: &Geometry,
    ky: usize,
    kx: usize,
    #[comptime] padding: usize,
) -> Sequence<Start> {
    let mut starts = Sequence::<Start>::new();
    #[unroll]
    for row in 0..pixels.len() {
        let pixel = &pixels[row];
        let y = pixel.y * geometry.stride + ky - padding;
        let x = pixel.x * geometry.stride + kx - padding;
        let inside = is_inside(y, x, geometry.input_height, geometry.input_width);
        let y = clamp_max(y, geometry.input_height - 1);
        let x = clamp_max(x, geometry.input_width - 1);
        let position = (pixel.image * geometry.input_height + y) * geometry.input_width + x;
        starts.push(Start { position: position * geometry.input_channels, inside });
    }
    starts
}

/// Adds to `sums` what one place of the kernel contributes; its weights begin at `weight`.
#[cube]
fn add<N: Size>(
    input: &[Vector<f32, Const<4>>],
    weights: &[Vector<i32, N>],
    starts: &Sequence<Start>,
    sums: &mut Array<Vector<f32, N>>,
    reads: usize,
    weight: usize,
    weight_stride: usize,
    #[comptime] padding: usize,
    #[comptime] format: Format,
    #[comptime] tile: Tile,
) {
    let words = comptime!(format.words());
    for read in 0..reads {
        let first = weight + read * words * weight_stride;
        // By columns, and by input channels within.
        let mut factors = Sequence::<Vector<f32, N>>::new();
        #[unroll]
        for column in 0..tile.columns {
            let position = first + column * CUBE_DIM_X as usize;
            push_weights::<N>(&mut factors, weights, position, weight_stride, format);
        }
        #[unroll]
        for row in 0..tile.rows {
            let start = &starts[row];
            let values = input[start.position + read];
            let counted = if comptime!(padding > 0) { select(start.inside, values, Vector::new(0.0)) } else { values };
            #[unroll]
            for column in 0..tile.columns {
                let place = comptime!(row * tile.columns + column);
                // One expression: shader compilers keep a variable that is set four times in memory.
                sums[place] = sums[place]
                    + Vector::new(counted.extract(0usize)) * factors[comptime!(column * READ)]
                    + Vector::new(counted.extract(1usize)) * factors[comptime!(column * READ + 1)]
                    + Vector::new(counted.extract(2usize)) * factors[comptime!(column * READ + 2)]
                    + Vector::new(counted.extract(3usize)) * factors[comptime!(column * READ + 3)];
            }
        }
    }
}

/// Appends the weights of one read's input channels, as floats.
#[cube]
fn push_weights<N: Size>(
    factors: &mut Sequence<Vector<f32, N>>,
    weights: &[Vector<i32, N>],
    position: usize,
    weight_stride: usize,
    #[comptime] format: Format,
) {
    if comptime!(matches!(format, Format::Int8)) {
        let word = weights[position];
        #[unroll]
        for lane in 0..READ {
            // The byte goes to the top, and comes back with its sign.
            let shift = comptime!(24 - 8 * lane as i32);
            factors.push(Vector::cast_from((word << Vector::new(shift)) >> Vector::new(24)));
        }
    } else {
        #[unroll]
        for lane in 0..READ {
            factors.push(Vector::reinterpret(weights[position + lane * weight_stride]));
        }
    }
}
