//! Matrix products over pixels whose channels lie side by side.

use burn::backend::ops::FloatTensorOps;
use burn::tensor::{FloatDType, Shape};
use burn_cubecl::CubeBackend;
use burn_cubecl::ops::{permute, reshape};

use super::{Values, extents};

/// As [`crate::training::fused::pointwise`]: one matrix product over the pixels of all slices.
pub fn pointwise(input: Values, kernel: Values) -> Values {
    let [batch, channels, pixels] = extents(&input);
    let [output, _] = extents(&kernel);
    let kernel = in_precision_of(kernel, &input);
    let rows = reshape(pixels_first(input), Shape::new([batch * pixels, channels]));
    let product = CubeBackend::float_matmul(rows, CubeBackend::float_transpose(kernel));
    permute(reshape(product, Shape::new([batch, pixels, output])), &[0, 2, 1])
}

/// The gradient of the kernel of [`pointwise`], `[output, channels]`.
pub fn pointwise_kernel_gradient(input: Values, gradient: Values) -> Values {
    kernel_gradient(pixels_first(input), pixels_first(gradient))
}

/// The sum over pixels of the products of `gradient` `[batch, pixels, output]` and `input` `[batch, pixels, channels]`:
/// `[output, channels]`.
///
/// It is made in parts, each over some slices: a single product of so few rows and columns would leave most of an
/// adapter idle.
pub fn kernel_gradient(input: Values, gradient: Values) -> Values {
    let [batch, pixels, channels] = extents(&input);
    let [_, _, output] = extents(&gradient);
    let parts = products(batch, output, channels);
    let split = |tensor, channels| reshape(tensor, Shape::new([parts, batch / parts * pixels, channels]));
    let gradient = permute(split(gradient, output), &[0, 2, 1]);
    let parts = CubeBackend::float_matmul(gradient, split(input, channels));
    let sum = CubeBackend::float_sum_dim(CubeBackend::float_cast(parts, FloatDType::F32), 0);
    reshape(sum, Shape::new([output, channels]))
}

/// A kernel, rounded to the precision of what it is applied to.
pub fn in_precision_of(kernel: Values, input: &Values) -> Values {
    if kernel.dtype == input.dtype { kernel } else { CubeBackend::float_cast(kernel, input.dtype.into()) }
}

/// `[batch, channels, pixels]` to `[batch, pixels, channels]`.
fn pixels_first(tensor: Values) -> Values {
    permute(tensor, &[0, 2, 1])
}

/// Into how many products of equal length the gradient of a kernel `[output, channels]` is divided: as few as keep a
/// large adapter busy.
fn products(batch: usize, output: usize, channels: usize) -> usize {
    const BUSY: usize = 256;
    const TILE: usize = 128;
    let tiles = output.div_ceil(TILE) * channels.div_ceil(TILE);
    (1..=batch).find(|parts| batch.is_multiple_of(*parts) && parts * tiles >= BUSY).unwrap_or(batch)
}
