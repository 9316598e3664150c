//! The operations on the processor: loops over tensors that lie in memory as `[channels, batch, height, width]`.
//!
//! A channel is then one run through memory, and all that is done to it is done while it is in the cache, by one core. A
//! 1x1 convolution is one matrix product over all slices, and so are its gradients. Logically every tensor stays
//! `[batch, channels, height, width]`.
#![expect(
    clippy::inline_always,
    reason = "a loop must be compiled whole for the vectors of the machine that performs it"
)]

mod convolution;
mod depthwise;
mod frame;
mod norm;
mod pool;
mod product;
mod runs;
mod vectors;

use burn::backend::ops::FloatTensorOps;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Flex, TensorMetadata};
use burn::tensor::{Shape, TensorData};
use rayon::prelude::*;

pub use convolution::{convolution, convolution_gradients};
pub use depthwise::{depthwise, depthwise_gradients, has_depthwise};
pub use norm::{Before, Norm, normalise, normalise_gradients};
pub use vectors::Limits;

use product::product;
use runs::written;
use vectors::on_wide_vectors;

pub type Values = FloatTensor<Flex>;

/// A tensor's extent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Extent {
    batch: usize,
    channels: usize,
    height: usize,
    width: usize,
}

impl Extent {
    /// Of a tensor `[batch, channels, height, width]`.
    fn of(tensor: &Values) -> Self {
        let [batch, channels, height, width] = tensor.shape().dims();
        Self { batch, channels, height, width }
    }

    /// Values of one plane.
    fn area(self) -> usize {
        self.height * self.width
    }

    /// Values of one channel.
    fn run(self) -> usize {
        self.batch * self.area()
    }

    fn values(self) -> usize {
        self.channels * self.run()
    }
}

/// The tensor with every channel in one run.
fn by_channel(tensor: &Values) -> Values {
    let swapped = Flex::float_swap_dims(tensor.clone(), 0, 1);
    let Extent { batch, channels, height, width } = Extent::of(tensor);
    let area = height * width;
    if swapped.is_contiguous() || !tensor.is_contiguous() || area == 0 {
        return swapped.to_contiguous();
    }
    let planes = read(tensor);
    let copy = written(planes.len(), area, |number, copy| {
        let start = (number % batch * channels + number / batch) * area;
        copy.copy_from_slice(&planes[start..start + area]);
    });
    write(copy, [channels, batch, height, width])
}

/// The values of a contiguous tensor.
///
/// # Panics
/// If they are no 32-bit floats: nothing else is trained with on the CPU.
fn read(tensor: &Values) -> &[f32] {
    tensor.as_slice().unwrap_or_else(|| tensor.storage())
}

/// A tensor of what lies in memory channel by channel.
fn of_channels(values: Vec<f32>, extent: Extent) -> Values {
    let Extent { batch, channels, height, width } = extent;
    Flex::float_swap_dims(write(values, [channels, batch, height, width]), 0, 1)
}

fn write<const D: usize>(values: Vec<f32>, shape: [usize; D]) -> Values {
    Values::from_data(TensorData::new(values, shape))
}

/// As [`super::pointwise`].
pub fn pointwise(input: &Values, kernel: &Values) -> Values {
    let extent = Extent::of(input);
    let [outputs, _] = kernel.shape().dims();
    let output = product(kernel, &matrix(input));
    let Extent { batch, height, width, .. } = extent;
    Flex::float_swap_dims(Flex::float_reshape(output, Shape::new([outputs, batch, height, width])), 0, 1)
}

/// The gradient of the kernel, `[out, in]`, from the input and the gradient of the output.
pub fn pointwise_kernel_gradient(input: &Values, gradient: &Values) -> Values {
    product(&matrix(gradient), &Flex::float_transpose(matrix(input)))
}

/// A tensor as the matrix `[channels, batch * height * width]`.
fn matrix(tensor: &Values) -> Values {
    let extent = Extent::of(tensor);
    Flex::float_reshape(by_channel(tensor), Shape::new([extent.channels, extent.run()]))
}

/// Values that one core works on at a time.
const CHUNK: usize = 1 << 14;

/// Every value within limits.
pub fn limited(input: &Values, limits: Limits) -> Values {
    combined(input, input, |value, _| limits.of(value))
}

/// The gradient of the input of [`limited`], from its output.
pub fn limited_gradient(output: &Values, gradient: &Values, limits: Limits) -> Values {
    combined(output, gradient, |output, gradient| limits.gradient(output, gradient))
}

/// A value of each two values of two tensors of one shape.
fn combined(left: &Values, right: &Values, of: impl Fn(f32, f32) -> f32 + Sync) -> Values {
    let planes_first = left.is_contiguous() && right.is_contiguous();
    let in_memory = |tensor: &Values| if planes_first { tensor.clone() } else { by_channel(tensor) };
    let (sides, extent) = ([left, right].map(in_memory), Extent::of(left));
    let (left, right) = (read(&sides[0]), read(&sides[1]));
    let output = written(extent.values(), CHUNK, |number, output| {
        let start = number * CHUNK;
        on_wide_vectors(
            #[inline(always)]
            || {
                for ((output, &left), &right) in output.iter_mut().zip(&left[start..]).zip(&right[start..]) {
                    *output = of(left, right);
                }
            },
        );
    });
    let Extent { batch, channels, height, width } = extent;
    if planes_first { write(output, [batch, channels, height, width]) } else { of_channels(output, extent) }
}

/// The sum of two tensors of one shape.
pub fn sum(left: &Values, right: &Values) -> Values {
    combined(left, right, |left, right| left + right)
}

/// Adds a value to every channel; in place where nothing else holds the tensor.
pub fn shifted(input: Values, shift: &Values) -> Values {
    let extent = Extent::of(&input);
    let mut output = Flex::float_swap_dims(input, 0, 1);
    if !output.is_contiguous() {
        output = output.to_contiguous();
    } else if !output.is_unique() {
        output = copied(&output);
    }
    let channels = output.storage_mut::<f32>().par_chunks_mut(extent.run().max(1)).zip(read(shift));
    channels.for_each(|(values, shift)| values.iter_mut().for_each(|value| *value += shift));
    Flex::float_swap_dims(output, 0, 1)
}

/// The sum of every channel.
pub fn channel_sums(input: &Values) -> Values {
    let (extent, input) = (Extent::of(input), by_channel(input));
    let sum = |values: &[f32]| {
        on_wide_vectors(
            #[inline(always)]
            || vectors::sum_of(values, |value| value),
        )
    };
    let sums = read(&input).par_chunks(extent.run().max(1)).map(sum).collect();
    write(sums, [extent.channels])
}

/// Replaces each value of several tensors of one shape by what follows from them and from a value of another tensor; in
/// place where nothing else holds a tensor.
pub fn update<const N: usize>(
    tensors: &mut [Values; N],
    other: &Values,
    of: impl Fn([f32; N], f32) -> [f32; N] + Sync,
) {
    let other = other.to_contiguous();
    for tensor in tensors.iter_mut() {
        if !tensor.is_contiguous() {
            *tensor = tensor.to_contiguous();
        } else if !tensor.is_unique() {
            *tensor = copied(tensor);
        }
    }
    let mut parts = tensors.each_mut().map(|tensor| tensor.storage_mut::<f32>().chunks_mut(CHUNK));
    let parts: Vec<[&mut [f32]; N]> = std::iter::from_fn(|| all(parts.each_mut().map(Iterator::next))).collect();
    parts.into_par_iter().zip(read(&other).par_chunks(CHUNK)).for_each(|(values, other)| {
        on_wide_vectors(
            #[inline(always)]
            || {
                let mut values = values.map(|values| &mut values[..other.len()]);
                for (index, &other) in other.iter().enumerate() {
                    let after = of(std::array::from_fn(|tensor| values[tensor][index]), other);
                    for (values, after) in values.iter_mut().zip(after) {
                        values[index] = after;
                    }
                }
            },
        );
    });
}

/// A copy of a contiguous tensor.
fn copied(tensor: &Values) -> Values {
    let values = read(tensor);
    let copy =
        written(values.len(), CHUNK, |number, copy| copy.copy_from_slice(&values[number * CHUNK..][..copy.len()]));
    Values::from_data(TensorData::new(copy, tensor.shape()))
}

/// The values where there is one everywhere.
fn all<T, const N: usize>(values: [Option<T>; N]) -> Option<[T; N]> {
    let values: Vec<T> = values.into_iter().collect::<Option<_>>()?;
    values.try_into().ok()
}
