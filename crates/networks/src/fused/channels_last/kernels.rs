//! The kernels. Tensors lie as `[batch, height, width, channels]`, in vectors of neighbouring channels; every length and
//! position counts vectors. Sums are of 32-bit floats, whatever the tensors hold.
#![allow(
    clippy::used_underscore_binding,
    clippy::needless_pass_by_value,
    clippy::trivially_copy_pass_by_ref,
    clippy::manual_is_multiple_of,
    clippy::float_cmp,
    reason = "what `cube` makes of the kernels, whose Rust is no program but the text of one; places are whole numbers"
)]

use cubecl::prelude::*;

/// Neighbouring pixels of a row that a unit of [`depthwise`] computes: they share most of what they read.
pub const RUN: usize = 4;
/// Units of a cube that adds up: along channels, and along pixels.
pub const COLUMNS: usize = 32;
pub const ROWS: usize = 8;

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
pub fn take_patches<F: Float, N: Size>(
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

/// The sums of what patches hold of every input pixel: the gradient of [`take_patches`].
#[cube(launch_unchecked)]
pub fn add_patches<F: Float, N: Size>(
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

/// The largest value under a window of `side` pixels a side, and its place in the window, 0 to `side * side - 1`.
#[cube(launch_unchecked)]
pub fn take_largest<F: Float>(
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
                if value > largest {
                    largest = value;
                    place = f32::cast_from(ky * side + kx);
                }
            }
        }
    }
    output[ABSOLUTE_POS] = F::cast_from(largest);
    places[ABSOLUTE_POS] = place;
}

/// The gradient of [`take_largest`]: every pixel gets that of the windows in which it was the largest.
#[cube(launch_unchecked)]
pub fn give_to_largest<F: Float>(
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

/// `output = max(input, 0)`.
#[cube(launch_unchecked)]
pub fn rectify<F: Float, N: Size>(
    input: &[Vector<F, N>],
    output: &mut [Vector<F, N>],
    units: usize,
    #[define(F)] _precision: ElemType,
) {
    if ABSOLUTE_POS >= units {
        terminate!();
    }
    let value = Vector::<f32, N>::cast_from(input[ABSOLUTE_POS]);
    output[ABSOLUTE_POS] = Vector::cast_from(max(value, Vector::new(0.0)));
}

/// The gradient of [`rectify`], from its output.
#[cube(launch_unchecked)]
pub fn rectify_gradient<F: Float, N: Size>(
    rectified: &[Vector<F, N>],
    gradient: &[Vector<F, N>],
    output: &mut [Vector<F, N>],
    units: usize,
    #[define(F)] _precision: ElemType,
) {
    if ABSOLUTE_POS >= units {
        terminate!();
    }
    let zero = Vector::<f32, N>::new(0.0);
    let passes = Vector::<f32, N>::cast_from(rectified[ABSOLUTE_POS]).greater_than(&zero);
    let gradient = Vector::<f32, N>::cast_from(gradient[ABSOLUTE_POS]);
    output[ABSOLUTE_POS] = Vector::cast_from(select_many(passes, gradient, zero));
}

/// A step of AdamW (Loshchilov and Hutter 2019): the parameter and both moments after it.
#[cube(launch_unchecked)]
pub fn adamw(
    parameter: &[f32],
    gradient: &[f32],
    first: &[f32],
    second: &[f32],
    new_parameter: &mut [f32],
    new_first: &mut [f32],
    new_second: &mut [f32],
    step: AdamStep,
    units: usize,
) {
    if ABSOLUTE_POS >= units {
        terminate!();
    }
    let gradient = gradient[ABSOLUTE_POS];
    let first = first[ABSOLUTE_POS] * step.beta_1 + gradient * (1.0f32 - step.beta_1);
    let second = second[ABSOLUTE_POS] * step.beta_2 + gradient * gradient * (1.0f32 - step.beta_2);
    let size = first / step.correction_1 / ((second / step.correction_2).sqrt() + step.epsilon);
    new_first[ABSOLUTE_POS] = first;
    new_second[ABSOLUTE_POS] = second;
    new_parameter[ABSOLUTE_POS] = parameter[ABSOLUTE_POS] * (1.0f32 - step.rate * step.decay) - size * step.rate;
}

/// What is the same for every parameter in a step of AdamW.
#[derive(CubeType, CubeLaunch)]
pub struct AdamStep {
    pub rate: f32,
    pub decay: f32,
    pub beta_1: f32,
    pub beta_2: f32,
    pub epsilon: f32,
    /// What the moments are too small by, because they began at 0.
    pub correction_1: f32,
    pub correction_2: f32,
}

/// `output = from + (to - from) * share`.
#[cube(launch_unchecked)]
pub fn approach(from: &[f32], to: &[f32], output: &mut [f32], share: f32, units: usize) {
    if ABSOLUTE_POS >= units {
        terminate!();
    }
    output[ABSOLUTE_POS] = from[ABSOLUTE_POS] + (to[ABSOLUTE_POS] - from[ABSOLUTE_POS]) * share;
}

/// Where a unit of a cube that adds up stands, and what it adds: pixels from its own on, `step` apart.
#[derive(CubeType)]
struct Share {
    channel: usize,
    first: usize,
    step: usize,
}

#[cube]
fn share() -> Share {
    Share {
        channel: ABSOLUTE_POS_X as usize,
        first: ABSOLUTE_POS_Y as usize,
        step: (CUBE_COUNT_Y * CUBE_DIM_Y) as usize,
    }
}

/// Adds up the `count` sums of the units of a cube that share a channel, and writes them to
/// `parts[part, number of the sum, channel]`.
#[cube]
fn write_sums<N: Size>(
    sums: &Array<Vector<f32, N>>,
    parts: &mut [Vector<f32, N>],
    channel: usize,
    channels: usize,
    #[comptime] count: usize,
) {
    let mut shared = Shared::<[Vector<f32, N>]>::new_slice(COLUMNS * ROWS);
    #[unroll]
    for number in 0..count {
        sync_cube();
        shared[UNIT_POS as usize] = sums[number];
        sync_cube();
        if UNIT_POS_Y == 0 && channel < channels {
            let mut total = Vector::<f32, N>::new(0.0);
            #[unroll]
            for row in 0..ROWS {
                total += shared[row * COLUMNS + UNIT_POS_X as usize];
            }
            parts[(CUBE_POS_Y as usize * count + number) * channels + channel] = total;
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

/// The sums of every channel's values less its first value, and of their squares: `[part, 2, channels]`.
///
/// The first value stands in for the mean, so that the squares do not swamp the deviations.
#[cube(launch_unchecked)]
pub fn moments<F: Float, N: Size>(
    input: &[Vector<F, N>],
    parts: &mut [Vector<f32, N>],
    channels: usize,
    pixels: usize,
    #[define(F)] _precision: ElemType,
) {
    let share = share();
    let channel = share.channel;
    let mut sums = Array::<Vector<f32, N>>::new(2usize);
    sums[0] = Vector::new(0.0);
    sums[1] = Vector::new(0.0);
    if channel < channels {
        let about = Vector::<f32, N>::cast_from(input[channel]);
        let mut pixel = share.first;
        while pixel < pixels {
            let value = Vector::<f32, N>::cast_from(input[pixel * channels + channel]) - about;
            sums[0] += value;
            sums[1] += value * value;
            pixel += share.step;
        }
    }
    write_sums(&sums, parts, channel, channels, 2usize);
}

/// Mean and biased variance from the `parts` of [`moments`].
#[cube(launch_unchecked)]
pub fn finish_moments<F: Float, N: Size>(
    input: &[Vector<F, N>],
    parts: &[Vector<f32, N>],
    mean: &mut [Vector<f32, N>],
    variance: &mut [Vector<f32, N>],
    count: usize,
    channels: usize,
    pixels: f32,
    #[define(F)] _precision: ElemType,
) {
    let channel = ABSOLUTE_POS;
    if channel >= channels {
        terminate!();
    }
    let mut sum = Vector::<f32, N>::new(0.0);
    let mut squares = Vector::<f32, N>::new(0.0);
    for part in 0..count {
        sum += parts[part * 2 * channels + channel];
        squares += parts[(part * 2 + 1) * channels + channel];
    }
    let pixels = Vector::new(pixels);
    let offset = sum / pixels;
    mean[channel] = Vector::<f32, N>::cast_from(input[channel]) + offset;
    variance[channel] = max(squares / pixels - offset * offset, Vector::new(0.0));
}

/// `output[i] = the sum over part of parts[part, start + i]`; a part is `stride` long.
#[cube(launch_unchecked)]
pub fn add_parts<N: Size>(
    parts: &[Vector<f32, N>],
    output: &mut [Vector<f32, N>],
    count: usize,
    stride: usize,
    start: usize,
) {
    if ABSOLUTE_POS >= output.len() {
        terminate!();
    }
    let mut sum = Vector::<f32, N>::new(0.0);
    for part in 0..count {
        sum += parts[part * stride + start + ABSOLUTE_POS];
    }
    output[ABSOLUTE_POS] = sum;
}

/// `output = (input - mean) / sqrt(variance + epsilon) * gamma + beta`.
#[cube(launch_unchecked)]
pub fn normalise<F: Float, N: Size>(
    input: &[Vector<F, N>],
    mean: &[Vector<f32, N>],
    variance: &[Vector<f32, N>],
    gamma: &[Vector<f32, N>],
    beta: &[Vector<f32, N>],
    output: &mut [Vector<F, N>],
    epsilon: f32,
    channels: usize,
    units: usize,
    #[define(F)] _precision: ElemType,
) {
    if ABSOLUTE_POS >= units {
        terminate!();
    }
    let channel = ABSOLUTE_POS % channels;
    let scale = gamma[channel] / (variance[channel] + Vector::new(epsilon)).sqrt();
    let value = Vector::<f32, N>::cast_from(input[ABSOLUTE_POS]);
    output[ABSOLUTE_POS] = Vector::cast_from((value - mean[channel]) * scale + beta[channel]);
}

/// The sums of every channel's gradients, and of their products with the normalised values: `[part, 2, channels]`.
#[cube(launch_unchecked)]
pub fn normalise_sums<F: Float, N: Size>(
    input: &[Vector<F, N>],
    gradient: &[Vector<F, N>],
    mean: &[Vector<f32, N>],
    variance: &[Vector<f32, N>],
    parts: &mut [Vector<f32, N>],
    epsilon: f32,
    channels: usize,
    pixels: usize,
    #[define(F)] _precision: ElemType,
) {
    let share = share();
    let channel = share.channel;
    let mut sums = Array::<Vector<f32, N>>::new(2usize);
    sums[0] = Vector::new(0.0);
    sums[1] = Vector::new(0.0);
    if channel < channels {
        let deviation = (variance[channel] + Vector::new(epsilon)).sqrt();
        let mut pixel = share.first;
        while pixel < pixels {
            let value = Vector::<f32, N>::cast_from(input[pixel * channels + channel]) - mean[channel];
            let gradient = Vector::<f32, N>::cast_from(gradient[pixel * channels + channel]);
            sums[0] += gradient;
            sums[1] += gradient * value;
            pixel += share.step;
        }
        sums[1] /= deviation;
    }
    write_sums(&sums, parts, channel, channels, 2usize);
}

/// The gradient of [`normalise`]'s input (Ioffe and Szegedy 2015, section 3).
#[cube(launch_unchecked)]
pub fn normalise_gradient<F: Float, N: Size>(
    input: &[Vector<F, N>],
    gradient: &[Vector<F, N>],
    mean: &[Vector<f32, N>],
    variance: &[Vector<f32, N>],
    gamma: &[Vector<f32, N>],
    of_gamma: &[Vector<f32, N>],
    of_beta: &[Vector<f32, N>],
    output: &mut [Vector<F, N>],
    epsilon: f32,
    pixels: f32,
    channels: usize,
    units: usize,
    #[define(F)] _precision: ElemType,
) {
    if ABSOLUTE_POS >= units {
        terminate!();
    }
    let channel = ABSOLUTE_POS % channels;
    let deviation = (variance[channel] + Vector::new(epsilon)).sqrt();
    let value = (Vector::<f32, N>::cast_from(input[ABSOLUTE_POS]) - mean[channel]) / deviation;
    let common = (of_beta[channel] + value * of_gamma[channel]) / Vector::new(pixels);
    let gradient = Vector::<f32, N>::cast_from(gradient[ABSOLUTE_POS]);
    output[ABSOLUTE_POS] = Vector::cast_from((gradient - common) * gamma[channel] / deviation);
}
