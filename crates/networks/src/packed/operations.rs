//! The kernels of `gpu` as operations of Burn's backend for graphics adapters.
//!
//! Features lie channels last here, `[batch, height, width, channels]`.

use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{Backend, Dispatch, backend_extension};
use burn::tensor::{DType, Shape, Tensor};
use burn_cubecl::CubeBackend;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::ops::numeric::empty_device_contiguous_dtype;
use gpu::{Buffers, Epilogue, Format, Launch};

use crate::packed::parameters::Mixing;

/// The first convolution, of a grey image; the bias is the last row of `weights`.
pub(crate) fn grey(input: Tensor<4>, weights: Tensor<2>, launch: Launch) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::grey(input.into_dispatch(), weights.into_dispatch(), launch))
}

/// A convolution that mixes channels, and a sum with `residual` where there is one.
pub(crate) fn mix(input: Tensor<4>, mixing: &Mixing, residual: Option<Tensor<4>>, launch: Launch) -> Tensor<4> {
    let (words, scales_and_bias, format) = (mixing.words.val(), mixing.scales_and_bias.val(), mixing.format);
    let (input, words, scales_and_bias) =
        (input.into_dispatch(), words.into_dispatch(), scales_and_bias.into_dispatch());
    Tensor::from_dispatch(match residual {
        Some(residual) => Dispatch::mix_onto(input, words, scales_and_bias, residual.into_dispatch(), format, launch),
        None => Dispatch::mix(input, words, scales_and_bias, format, launch),
    })
}

/// A convolution of every channel by itself; the bias is the last row of `weights`.
pub(crate) fn depthwise(input: Tensor<4>, weights: Tensor<2>, has_bias: bool, launch: Launch) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::depthwise(input.into_dispatch(), weights.into_dispatch(), has_bias, launch))
}

/// The largest value of every window.
pub(crate) fn pool(input: Tensor<4>, launch: Launch) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::pool(input.into_dispatch(), launch))
}

/// The means of channels over the picture, `[batch, channels]`; of `launch`, the input counts.
pub(crate) fn average(input: Tensor<4>, launch: Launch) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::average(input.into_dispatch(), launch))
}

/// As [`average`], each pixel weighed by the sigmoid of the first channel of `map`.
pub(crate) fn weighted_average(input: Tensor<4>, map: Tensor<4>, launch: Launch) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::weighted_average(input.into_dispatch(), map.into_dispatch(), launch))
}

/// The nearest pixel for every one of another size.
pub(crate) fn resize(input: Tensor<4>, launch: Launch) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::resize(input.into_dispatch(), launch))
}

#[backend_extension(Cube)]
trait PackedBackend: Backend {
    fn grey(input: FloatTensor<Self>, weights: FloatTensor<Self>, launch: Launch) -> FloatTensor<Self>;

    fn mix(
        input: FloatTensor<Self>,
        words: IntTensor<Self>,
        scales_and_bias: FloatTensor<Self>,
        format: Format,
        launch: Launch,
    ) -> FloatTensor<Self>;

    fn mix_onto(
        input: FloatTensor<Self>,
        words: IntTensor<Self>,
        scales_and_bias: FloatTensor<Self>,
        residual: FloatTensor<Self>,
        format: Format,
        launch: Launch,
    ) -> FloatTensor<Self>;

    fn depthwise(
        input: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        has_bias: bool,
        launch: Launch,
    ) -> FloatTensor<Self>;

    fn pool(input: FloatTensor<Self>, launch: Launch) -> FloatTensor<Self>;

    fn average(input: FloatTensor<Self>, launch: Launch) -> FloatTensor<Self>;

    fn weighted_average(input: FloatTensor<Self>, map: FloatTensor<Self>, launch: Launch) -> FloatTensor<Self>;

    fn resize(input: FloatTensor<Self>, launch: Launch) -> FloatTensor<Self>;
}

type Features = FloatTensor<CubeBackend>;

impl PackedBackend for CubeBackend {
    fn grey(input: Features, weights: Features, launch: Launch) -> Features {
        let [input, weights] = [input, weights].map(into_contiguous);
        let output = output(&input, launch);
        let buffers = Buffers { input: &input.handle, weights: &weights.handle, output: &output.handle };
        launch.grey(&input.client, &buffers);
        output
    }

    fn mix(
        input: Features,
        words: IntTensor<Self>,
        scales_and_bias: Features,
        format: Format,
        launch: Launch,
    ) -> Features {
        mixed(input, words, scales_and_bias, None, format, launch)
    }

    fn mix_onto(
        input: Features,
        words: IntTensor<Self>,
        scales_and_bias: Features,
        residual: Features,
        format: Format,
        launch: Launch,
    ) -> Features {
        mixed(input, words, scales_and_bias, Some(residual), format, launch)
    }

    fn depthwise(input: Features, weights: Features, has_bias: bool, launch: Launch) -> Features {
        let [input, weights] = [input, weights].map(into_contiguous);
        let output = output(&input, launch);
        let buffers = Buffers { input: &input.handle, weights: &weights.handle, output: &output.handle };
        launch.depthwise(&input.client, &buffers, has_bias);
        output
    }

    fn pool(input: Features, launch: Launch) -> Features {
        let input = into_contiguous(input);
        let output = output(&input, launch);
        launch.pool(&input.client, &input.handle, &output.handle);
        output
    }

    fn average(input: Features, launch: Launch) -> Features {
        let input = into_contiguous(input);
        let output = empty(&input, Shape::new([launch.images, launch.from.channels]));
        launch.average(&input.client, &input.handle, &output.handle);
        output
    }

    fn weighted_average(input: Features, map: Features, launch: Launch) -> Features {
        let [input, map] = [input, map].map(into_contiguous);
        let output = empty(&input, Shape::new([launch.images, launch.from.channels]));
        launch.weighted_average(&input.client, &input.handle, &map.handle, &output.handle);
        output
    }

    fn resize(input: Features, launch: Launch) -> Features {
        let input = into_contiguous(input);
        let output = output(&input, launch);
        launch.resize(&input.client, &input.handle, &output.handle);
        output
    }
}

fn mixed(
    input: Features,
    words: IntTensor<CubeBackend>,
    scales_and_bias: Features,
    residual: Option<Features>,
    format: Format,
    launch: Launch,
) -> Features {
    let [input, words, scales_and_bias] = [input, words, scales_and_bias].map(into_contiguous);
    let residual = residual.map(into_contiguous);
    let output = output(&input, launch);
    let buffers = Buffers { input: &input.handle, weights: &words.handle, output: &output.handle };
    let residual = residual.as_ref().map(|residual| &residual.handle);
    launch.mix(&input.client, &buffers, &Epilogue { format, scales_and_bias: &scales_and_bias.handle, residual });
    output
}

/// Room for what a launch writes.
fn output(input: &Features, launch: Launch) -> Features {
    empty(input, Shape::new([launch.images, launch.to.height, launch.to.width, launch.to.channels]))
}

fn empty(like: &Features, shape: Shape) -> Features {
    empty_device_contiguous_dtype(like.client.clone(), like.device.clone(), shape, DType::F32)
}
