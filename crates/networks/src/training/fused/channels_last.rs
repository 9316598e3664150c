//! The operations on graphics adapters: kernels for tensors that lie in memory as `[batch, height, width, channels]`.
//!
//! So does what Burn's convolutions and pools leave behind, and its elementwise operations keep the order: from layer to
//! layer nothing is moved. Logically every tensor stays `[batch, channels, height, width]`.
#![allow(unsafe_code, reason = "kernels run without bounds checks; every buffer is as long as its shape says")]

pub mod kernels;
pub mod products;
pub mod windows;

use burn::backend::tensor::FloatTensor;
use burn::tensor::{DType, Shape};
use burn_cubecl::CubeBackend;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::ops::numeric::empty_device_contiguous_dtype;
use burn_cubecl::ops::{permute, permute_nchw_to_nhwc, permute_nhwc_to_nchw, reshape};
use cubecl::calculate_cube_count_elemwise;
use cubecl::prelude::*;

use self::kernels::{COLUMNS, ROWS, RUN};

pub type Values = FloatTensor<CubeBackend>;

/// Cubes that keep a large adapter busy.
const CUBES: usize = 1024;

/// A tensor's extent, and how it is read: `channels` counts vectors of `vector` values.
#[derive(Clone, Copy)]
struct Layout {
    batch: usize,
    height: usize,
    width: usize,
    channels: usize,
    vector: usize,
}

impl Layout {
    /// Of a tensor `[batch, channels, height, width]`.
    fn of(tensor: &Values) -> Self {
        let [batch, channels, height, width] = extents(tensor);
        let vector = vector_of(channels);
        Self { batch, height, width, channels: channels / vector, vector }
    }

    fn pixels(self) -> usize {
        self.batch * self.height * self.width
    }

    /// A grid of cubes that add up, each its own part of the pixels; and the number of parts.
    fn sums(self) -> (CubeCount, CubeDim, usize) {
        let across = self.channels.div_ceil(COLUMNS);
        let parts = (CUBES / across).min(self.pixels().div_ceil(4 * ROWS)).max(1);
        (CubeCount::new_2d(across as u32, parts as u32), CubeDim::new_2d(COLUMNS as u32, ROWS as u32), parts)
    }
}

/// Neighbouring channels that are read together.
fn vector_of(channels: usize) -> usize {
    [4, 2].into_iter().find(|vector| channels.is_multiple_of(*vector)).unwrap_or(1)
}

fn extents<const D: usize>(tensor: &Values) -> [usize; D] {
    std::array::from_fn(|axis| tensor.meta.shape()[axis])
}

/// The tensor with its channels side by side in memory.
fn channels_last(tensor: Values) -> Values {
    into_contiguous(permute_nchw_to_nhwc(tensor))
}

pub fn empty(like: &Values, shape: impl Into<Shape>, dtype: DType) -> Values {
    empty_device_contiguous_dtype(like.client.clone(), like.device.clone(), shape.into(), dtype)
}

/// Uninitialised, of the shape and precision of a tensor with its channels last.
pub fn empty_like(tensor: &Values) -> Values {
    empty(tensor, tensor.meta.shape().clone(), tensor.dtype)
}

/// A whole contiguous tensor, as vectors of so many values.
pub fn argument(tensor: &Values, vector: usize) -> BufferArg {
    unsafe { BufferArg::from_raw_parts(tensor.handle.clone(), tensor.meta.num_elements() / vector) }
}

pub fn precision(tensor: &Values) -> ElemType {
    match tensor.dtype {
        DType::BF16 => half::bf16::elem_type_native(),
        DType::F16 => half::f16::elem_type_native(),
        _ => f32::elem_type_native(),
    }
}

/// A grid of one unit for each of `units`.
pub fn grid(tensor: &Values, units: usize) -> (CubeCount, CubeDim) {
    let dim = CubeDim::new(&tensor.client, units);
    (calculate_cube_count_elemwise(&tensor.client, units, dim), dim)
}

/// The sum over all parts of `length` values of each, from `start` on.
fn add_parts(parts: &Values, count: usize, start: usize, length: usize, vector: usize) -> Values {
    let output = empty(parts, [length], DType::F32);
    let stride = parts.meta.num_elements() / count / vector;
    let (cubes, dim) = grid(parts, length / vector);
    unsafe {
        kernels::add_parts::launch_unchecked(
            &parts.client,
            cubes,
            dim,
            vector,
            argument(parts, vector),
            argument(&output, vector),
            count,
            stride,
            start / vector,
        );
    }
    output
}

/// Everything below 0 as 0.
pub fn relu(input: Values) -> Values {
    let layout = Layout::of(&input);
    let input = channels_last(input);
    let output = empty_like(&input);
    let units = layout.pixels() * layout.channels;
    let (cubes, dim) = grid(&input, units);
    unsafe {
        kernels::relu::launch_unchecked(
            &input.client,
            cubes,
            dim,
            layout.vector,
            argument(&input, layout.vector),
            argument(&output, layout.vector),
            units,
            precision(&input),
        );
    }
    permute_nhwc_to_nchw(output)
}

/// The gradient of the input of [`relu`], from its output.
pub fn relu_gradient(rectified: Values, gradient: Values) -> Values {
    let layout = Layout::of(&rectified);
    let (rectified, gradient) = (channels_last(rectified), channels_last(gradient));
    let output = empty_like(&gradient);
    let units = layout.pixels() * layout.channels;
    let (cubes, dim) = grid(&gradient, units);
    unsafe {
        kernels::relu_gradient::launch_unchecked(
            &gradient.client,
            cubes,
            dim,
            layout.vector,
            argument(&rectified, layout.vector),
            argument(&gradient, layout.vector),
            argument(&output, layout.vector),
            units,
            precision(&gradient),
        );
    }
    permute_nhwc_to_nchw(output)
}

/// As [`super::depthwise`].
pub fn depthwise(input: Values, kernel: Values) -> Values {
    let layout = Layout::of(&input);
    let Layout { height, width, channels, vector, .. } = layout;
    let input = channels_last(input);
    let kernel = reshape(kernel, Shape::new([channels * vector, 9]));
    let kernel = into_contiguous(permute(kernel, &[1, 0]));
    let output = empty_like(&input);
    let runs = width.div_ceil(RUN);
    let units = layout.batch * height * runs * channels;
    let (cubes, dim) = grid(&input, units);
    unsafe {
        kernels::depthwise::launch_unchecked(
            &input.client,
            cubes,
            dim,
            vector,
            argument(&input, vector),
            argument(&kernel, vector),
            argument(&output, vector),
            height,
            width,
            runs,
            channels,
            units,
            precision(&input),
        );
    }
    permute_nhwc_to_nchw(output)
}

/// The gradient of the kernel, `[channels, 1, 3, 3]`, from the input and the gradient of the output.
pub fn depthwise_kernel_gradient(input: Values, gradient: Values) -> Values {
    let layout = Layout::of(&input);
    let Layout { height, width, channels, vector, .. } = layout;
    let (input, gradient) = (channels_last(input), channels_last(gradient));
    let (cubes, dim, count) = layout.sums();
    let length = 9 * channels * vector;
    let parts = empty(&input, [count, length], DType::F32);
    unsafe {
        kernels::depthwise_kernel_gradient::launch_unchecked(
            &input.client,
            cubes,
            dim,
            vector,
            argument(&input, vector),
            argument(&gradient, vector),
            argument(&parts, vector),
            height,
            width,
            channels,
            layout.pixels(),
            precision(&input),
        );
    }
    let taps = reshape(add_parts(&parts, count, 0, length, vector), Shape::new([9, channels * vector]));
    reshape(into_contiguous(permute(taps, &[1, 0])), Shape::new([channels * vector, 1, 3, 3]))
}

/// As [`super::normalise`].
pub fn normalise(input: Values, gamma: Values, beta: Values, epsilon: f64) -> (Values, Values, Values) {
    let layout = Layout::of(&input);
    let Layout { channels, vector, .. } = layout;
    let input = channels_last(input);
    let [gamma, beta] = [gamma, beta].map(into_contiguous);
    let (mean, variance) = moments(&input, layout);
    let output = empty_like(&input);
    let units = layout.pixels() * channels;
    let (cubes, dim) = grid(&input, units);
    unsafe {
        kernels::normalise::launch_unchecked(
            &input.client,
            cubes,
            dim,
            vector,
            argument(&input, vector),
            argument(&mean, vector),
            argument(&variance, vector),
            argument(&gamma, vector),
            argument(&beta, vector),
            argument(&output, vector),
            epsilon as f32,
            channels,
            units,
            precision(&input),
        );
    }
    (permute_nhwc_to_nchw(output), mean, variance)
}

/// Mean and biased variance of every channel.
fn moments(input: &Values, layout: Layout) -> (Values, Values) {
    let Layout { channels, vector, .. } = layout;
    let (cubes, dim, count) = layout.sums();
    let parts = empty(input, [count, 2 * channels * vector], DType::F32);
    unsafe {
        kernels::moments::launch_unchecked(
            &input.client,
            cubes,
            dim,
            vector,
            argument(input, vector),
            argument(&parts, vector),
            channels,
            layout.pixels(),
            precision(input),
        );
    }
    let mean = empty(input, [channels * vector], DType::F32);
    let variance = empty(input, [channels * vector], DType::F32);
    let (cubes, dim) = grid(input, channels);
    unsafe {
        kernels::finish_moments::launch_unchecked(
            &input.client,
            cubes,
            dim,
            vector,
            argument(input, vector),
            argument(&parts, vector),
            argument(&mean, vector),
            argument(&variance, vector),
            count,
            channels,
            layout.pixels() as f32,
            precision(input),
        );
    }
    (mean, variance)
}

/// The gradients of input, gamma and beta.
pub fn normalise_gradients(
    input: Values,
    gamma: Values,
    (mean, variance): (Values, Values),
    epsilon: f64,
    gradient: Values,
) -> (Values, Values, Values) {
    let layout = Layout::of(&input);
    let Layout { channels, vector, .. } = layout;
    let (input, gradient) = (channels_last(input), channels_last(gradient));
    let [gamma, mean, variance] = [gamma, mean, variance].map(into_contiguous);
    let (cubes, dim, count) = layout.sums();
    let length = channels * vector;
    let parts = empty(&input, [count, 2 * length], DType::F32);
    unsafe {
        kernels::normalise_sums::launch_unchecked(
            &input.client,
            cubes,
            dim,
            vector,
            argument(&input, vector),
            argument(&gradient, vector),
            argument(&mean, vector),
            argument(&variance, vector),
            argument(&parts, vector),
            epsilon as f32,
            channels,
            layout.pixels(),
            precision(&input),
        );
    }
    let of_beta = add_parts(&parts, count, 0, length, vector);
    let of_gamma = add_parts(&parts, count, length, length, vector);
    let output = empty_like(&input);
    let units = layout.pixels() * channels;
    let (cubes, dim) = grid(&input, units);
    unsafe {
        kernels::normalise_gradient::launch_unchecked(
            &input.client,
            cubes,
            dim,
            vector,
            argument(&input, vector),
            argument(&gradient, vector),
            argument(&mean, vector),
            argument(&variance, vector),
            argument(&gamma, vector),
            argument(&of_gamma, vector),
            argument(&of_beta, vector),
            argument(&output, vector),
            epsilon as f32,
            layout.pixels() as f32,
            channels,
            units,
            precision(&input),
        );
    }
    (permute_nhwc_to_nchw(output), of_gamma, of_beta)
}
