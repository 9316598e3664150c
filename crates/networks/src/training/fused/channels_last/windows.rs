//! Square windows that slide over a picture: convolutions, as matrix products of what they cover, and pools.

use burn::backend::ops::FloatTensorOps;
use burn::tensor::{DType, Shape};
use burn_cubecl::CubeBackend;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::ops::{permute_nhwc_to_nchw, reshape};

use super::kernels::{self, WindowsLaunch};
use super::products::{in_precision_of, kernel_gradient};
use super::{Layout, Values, argument, channels_last, empty, extents, grid, precision, vector_of};
use crate::training::fused::adapter::WindowGeometry;

/// As [`crate::training::fused::adapter::convolution`]: a matrix product of the patches that the kernel covers.
pub fn convolution(input: Values, kernel: Values, geometry: WindowGeometry) -> Values {
    let [batch, _, height, width] = extents(&input);
    let [output, _, side, _] = extents(&kernel);
    let [output_height, output_width] = geometry.output([height, width], side);
    let kernel = filters(in_precision_of(kernel, &input));
    let patches = im2col(input, side, geometry);
    let product = CubeBackend::float_matmul(patches, CubeBackend::float_transpose(kernel));
    permute_nhwc_to_nchw(reshape(product, Shape::new([batch, output_height, output_width, output])))
}

/// The gradient of the input of [`convolution`], which is `height` by `width`.
pub fn convolution_input_gradient(
    gradient: Values,
    kernel: Values,
    extent: [usize; 2],
    geometry: WindowGeometry,
) -> Values {
    let [batch, output, output_height, output_width] = extents(&gradient);
    let [_, channels, side, _] = extents(&kernel);
    let kernel = filters(in_precision_of(kernel, &gradient));
    let pixels = Shape::new([batch * output_height * output_width, output]);
    let patches = into_contiguous(CubeBackend::float_matmul(reshape(channels_last(gradient), pixels), kernel));
    let [height, width] = extent;
    let gradient = empty(&patches, [batch, height, width, channels], patches.dtype);
    let vector = vector_of(channels);
    let units = batch * height * width * channels / vector;
    let (cubes, dim) = grid(&gradient, units);
    unsafe {
        kernels::col2im::launch_unchecked(
            &gradient.client,
            cubes,
            dim,
            vector,
            argument(&patches, vector),
            argument(&gradient, vector),
            placed(extent, [output_height, output_width], geometry),
            channels / vector,
            units,
            side,
            precision(&gradient),
        );
    }
    permute_nhwc_to_nchw(gradient)
}

/// The gradient of the kernel of [`convolution`], which is `side` pixels a side.
pub fn convolution_kernel_gradient(input: Values, gradient: Values, side: usize, geometry: WindowGeometry) -> Values {
    let [_, channels, ..] = extents::<4>(&input);
    let [batch, output, height, width] = extents(&gradient);
    let row = side * side * channels;
    let patches = reshape(im2col(input, side, geometry), Shape::new([batch, height * width, row]));
    let gradient = reshape(channels_last(gradient), Shape::new([batch, height * width, output]));
    let kernel = kernel_gradient(patches, gradient);
    permute_nhwc_to_nchw(reshape(kernel, Shape::new([output, side, side, channels])))
}

/// A kernel `[output, channels, side, side]` as `[output, side * side * channels]`.
fn filters(kernel: Values) -> Values {
    let [output, channels, side, _] = extents(&kernel);
    reshape(channels_last(kernel), Shape::new([output, side * side * channels]))
}

/// `[output pixels, side * side * channels]`.
fn im2col(input: Values, side: usize, geometry: WindowGeometry) -> Values {
    let Layout { batch, height, width, channels, vector } = Layout::of(&input);
    let input = channels_last(input);
    let output = geometry.output([height, width], side);
    let pixels = batch * output[0] * output[1];
    let patches = empty(&input, [pixels, side * side * channels * vector], input.dtype);
    let units = pixels * side * side * channels;
    let (cubes, dim) = grid(&input, units);
    unsafe {
        kernels::im2col::launch_unchecked(
            &input.client,
            cubes,
            dim,
            vector,
            argument(&input, vector),
            argument(&patches, vector),
            placed([height, width], output, geometry),
            channels,
            units,
            side,
            precision(&input),
        );
    }
    patches
}

/// A window's geometry, as kernels take it.
fn placed([height, width]: [usize; 2], output: [usize; 2], geometry: WindowGeometry) -> WindowsLaunch {
    let [above, before] = geometry.padding;
    WindowsLaunch::new(height, width, output[0], output[1], geometry.stride, above, before)
}

/// The largest value under every window, and its place in it; see [`crate::training::fused::adapter::pool`].
pub fn pool(input: Values, side: usize, geometry: WindowGeometry) -> (Values, Values) {
    let [batch, channels, height, width] = extents(&input);
    let [output_height, output_width] = geometry.output([height, width], side);
    let input = channels_last(input);
    let output = empty(&input, [batch, output_height, output_width, channels], input.dtype);
    let places = empty(&input, [batch, output_height, output_width, channels], DType::F32);
    let units = output.meta.num_elements();
    let (cubes, dim) = grid(&input, units);
    unsafe {
        kernels::max_pool::launch_unchecked(
            &input.client,
            cubes,
            dim,
            argument(&input, 1),
            argument(&output, 1),
            argument(&places, 1),
            placed([height, width], [output_height, output_width], geometry),
            channels,
            units,
            side,
            precision(&input),
        );
    }
    (permute_nhwc_to_nchw(output), permute_nhwc_to_nchw(places))
}

/// The gradient of the input of [`pool`], which is of `extent`.
pub fn pool_gradient(
    gradient: Values,
    places: Values,
    extent: [usize; 2],
    side: usize,
    geometry: WindowGeometry,
) -> Values {
    let [batch, channels, output_height, output_width] = extents(&gradient);
    let (gradient, places) = (channels_last(gradient), channels_last(places));
    let [height, width] = extent;
    let output = empty(&gradient, [batch, height, width, channels], gradient.dtype);
    let units = output.meta.num_elements();
    let (cubes, dim) = grid(&gradient, units);
    unsafe {
        kernels::max_pool_backward::launch_unchecked(
            &gradient.client,
            cubes,
            dim,
            argument(&gradient, 1),
            argument(&places, 1),
            argument(&output, 1),
            placed(extent, [output_height, output_width], geometry),
            channels,
            units,
            side,
            precision(&gradient),
        );
    }
    permute_nhwc_to_nchw(output)
}
