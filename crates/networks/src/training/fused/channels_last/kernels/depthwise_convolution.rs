//! Depthwise convolution.

use cubecl::prelude::*;

use super::sums::{share, write_sums};

/// Neighbouring pixels of a row that a unit of [`depthwise`] computes: they share most of what they read.
pub const RUN: usize = 4;

/// A 3x3 convolution of every channel by itself, zeros around the picture; `kernel` is `[3, 3, channels]`.
///
/// A unit computes [`RUN`] pixels; `runs` of them are a row.
#[cube(launch_unchecked)]
pub fn depthwise<F: Float, N: Size>(
    input: &[Vector<F, N>],
    kernel: &[Vector<f32, N>],
    output: &mut [Vector<F, N>],
    height: usize,
    width: usize,
    runs: usize,
    channels: usize,
    units: usize,
    #[define(F)] _precision: ElemType,
) {
    if ABSOLUTE_POS >= units {
        terminate!();
    }
    let channel = ABSOLUTE_POS % channels;
    let run = ABSOLUTE_POS / channels;
    let first = run % runs * RUN;
    let row = run / runs;
    let y = row % height;

    let mut sums = Array::<Vector<f32, N>>::new(RUN);
    #[unroll]
    for x in 0..RUN {
        sums[x] = Vector::new(0.0);
    }
    #[unroll]
    for ky in 0..3 {
        // Above the first row it wraps around.
        let from_top = y + ky - 1;
        if from_top < height {
            let start = (row + ky - 1) * width;
            let mut values = Sequence::<Vector<f32, N>>::new();
            #[unroll]
            for kx in 0..RUN + 2 {
                let x = first + kx - 1;
                let value = Vector::<f32, N>::cast_from(input[(start + clamp_max(x, width - 1)) * channels + channel]);
                values.push(select(x < width, value, Vector::new(0.0)));
            }
            #[unroll]
            for kx in 0..3 {
                let weight = kernel[(ky * 3 + kx) * channels + channel];
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
            output[(row * width + first + x) * channels + channel] = Vector::cast_from(sums[x]);
        }
    }
}

/// The gradient of [`depthwise`]'s kernel, in parts `[part, 3, 3, channels]`.
#[cube(launch_unchecked)]
pub fn depthwise_kernel_gradient<F: Float, N: Size>(
    input: &[Vector<F, N>],
    gradient: &[Vector<F, N>],
    parts: &mut [Vector<f32, N>],
    height: usize,
    width: usize,
    channels: usize,
    pixels: usize,
    #[define(F)] _precision: ElemType,
) {
    let share = share();
    let channel = share.channel;
    let mut sums = Array::<Vector<f32, N>>::new(9usize);
    #[unroll]
    for tap in 0..9 {
        sums[tap] = Vector::new(0.0);
    }
    if channel < channels {
        let mut pixel = share.first;
        while pixel < pixels {
            let x = pixel % width;
            let y = pixel / width % height;
            let gradient = Vector::<f32, N>::cast_from(gradient[pixel * channels + channel]);
            #[unroll]
            for ky in 0..3 {
                if y + ky - 1 < height {
                    #[unroll]
                    for kx in 0..3 {
                        if x + kx - 1 < width {
                            let neighbour = pixel + ky * width + kx - width - 1;
                            let value = Vector::<f32, N>::cast_from(input[neighbour * channels + channel]);
                            sums[comptime!(ky * 3 + kx)] += value * gradient;
                        }
                    }
                }
            }
            pixel += share.step;
        }
    }
    write_sums(&sums, parts, channel, channels, 9usize);
}
