//! Patches for convolutions of any stride, and pools.

use cubecl::prelude::*;

/// Where a square window is placed: extents of the input and of the output, pixels from one place to the next, and rows
/// above and columns before the picture.
#[derive(CubeType, CubeLaunch)]
pub struct Windows {
    pub height: usize,
    pub width: usize,
    pub output_height: usize,
    pub output_width: usize,
    pub stride: usize,
    pub above: usize,
    pub before: usize,
}

/// What a kernel of `side` pixels a side covers, for every output pixel: `[pixels, side, side, channels]`.
#[cube(launch_unchecked)]
pub fn im2col<F: Float, N: Size>(
    input: &[Vector<F, N>],
    patches: &mut [Vector<F, N>],
    windows: Windows,
    channels: usize,
    units: usize,
    #[comptime] side: usize,
    #[define(F)] _precision: ElemType,
) {
    if ABSOLUTE_POS >= units {
        terminate!();
    }
    let channel = ABSOLUTE_POS % channels;
    let tap = ABSOLUTE_POS / channels % (side * side);
    let pixel = ABSOLUTE_POS / (channels * side * side);
    let row = pixel / windows.output_width;
    let slice = row / windows.output_height;
    // Above and before the picture they wrap around.
    let y = row % windows.output_height * windows.stride + tap / side - windows.above;
    let x = pixel % windows.output_width * windows.stride + tap % side - windows.before;
    let mut value = Vector::<F, N>::cast_from(0.0f32);
    if y < windows.height && x < windows.width {
        value = input[((slice * windows.height + y) * windows.width + x) * channels + channel];
    }
    patches[ABSOLUTE_POS] = value;
}

/// The sums of what patches hold of every input pixel: the gradient of [`im2col`].
#[cube(launch_unchecked)]
pub fn col2im<F: Float, N: Size>(
    patches: &[Vector<F, N>],
    output: &mut [Vector<F, N>],
    windows: Windows,
    channels: usize,
    units: usize,
    #[comptime] side: usize,
    #[define(F)] _precision: ElemType,
) {
    if ABSOLUTE_POS >= units {
        terminate!();
    }
    let channel = ABSOLUTE_POS % channels;
    let pixel = ABSOLUTE_POS / channels;
    let row = pixel / windows.width;
    let slice = row / windows.height;
    let mut sum = Vector::<f32, N>::new(0.0);
    #[unroll]
    for ky in 0..side {
        let y = row % windows.height + windows.above - ky;
        if y % windows.stride == 0 && y / windows.stride < windows.output_height {
            #[unroll]
            for kx in 0..side {
                let x = pixel % windows.width + windows.before - kx;
                if x % windows.stride == 0 && x / windows.stride < windows.output_width {
                    let output_row = slice * windows.output_height + y / windows.stride;
                    let patch = output_row * windows.output_width + x / windows.stride;
                    let place = (patch * side * side + ky * side + kx) * channels + channel;
                    sum += Vector::<f32, N>::cast_from(patches[place]);
                }
            }
        }
    }
    output[ABSOLUTE_POS] = Vector::cast_from(sum);
}

/// The largest value under a window of `side` pixels a side, or NaN where it covers one, and its place in the window,
/// 0 to `side * side - 1`.
#[cube(launch_unchecked)]
pub fn max_pool<F: Float>(
    input: &[F],
    output: &mut [F],
    places: &mut [f32],
    windows: Windows,
    channels: usize,
    units: usize,
    #[comptime] side: usize,
    #[define(F)] _precision: ElemType,
) {
    if ABSOLUTE_POS >= units {
        terminate!();
    }
    let channel = ABSOLUTE_POS % channels;
    let pixel = ABSOLUTE_POS / channels;
    let row = pixel / windows.output_width;
    let slice = row / windows.output_height;
    let mut largest = f32::min_value();
    let mut place = f32::cast_from(0u32);
    #[unroll]
    for ky in 0..side {
        // Above and before the picture they wrap around.
        let y = row % windows.output_height * windows.stride + ky - windows.above;
        #[unroll]
        for kx in 0..side {
            let x = pixel % windows.output_width * windows.stride + kx - windows.before;
            if y < windows.height && x < windows.width {
                let value =
                    f32::cast_from(input[((slice * windows.height + y) * windows.width + x) * channels + channel]);
                if value > largest || value.is_nan() {
                    largest = value;
                    place = f32::cast_from(ky * side + kx);
                }
            }
        }
    }
    output[ABSOLUTE_POS] = F::cast_from(largest);
    places[ABSOLUTE_POS] = place;
}

/// The gradient of [`max_pool`]: every pixel gets that of the windows in which it was the largest.
#[cube(launch_unchecked)]
pub fn max_pool_backward<F: Float>(
    gradient: &[F],
    places: &[f32],
    output: &mut [F],
    windows: Windows,
    channels: usize,
    units: usize,
    #[comptime] side: usize,
    #[define(F)] _precision: ElemType,
) {
    if ABSOLUTE_POS >= units {
        terminate!();
    }
    let channel = ABSOLUTE_POS % channels;
    let pixel = ABSOLUTE_POS / channels;
    let row = pixel / windows.width;
    let slice = row / windows.height;
    let mut sum = f32::cast_from(0u32);
    #[unroll]
    for ky in 0..side {
        let y = row % windows.height + windows.above - ky;
        if y % windows.stride == 0 && y / windows.stride < windows.output_height {
            #[unroll]
            for kx in 0..side {
                let x = pixel % windows.width + windows.before - kx;
                if x % windows.stride == 0 && x / windows.stride < windows.output_width {
                    let output_row = slice * windows.output_height + y / windows.stride;
                    let window = (output_row * windows.output_width + x / windows.stride) * channels + channel;
                    if places[window] == f32::cast_from(ky * side + kx) {
                        sum += f32::cast_from(gradient[window]);
                    }
                }
            }
        }
    }
    output[ABSOLUTE_POS] = F::cast_from(sum);
}
