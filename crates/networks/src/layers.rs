//! The operations of a network on Burn's tensors `[batch, channels, height, width]`.
//!
//! On graphics adapters, and in training everywhere, some are kernels of our own (`fused`).

use burn::nn::conv::Conv2d;
use burn::nn::pool::{AvgPool2dConfig, MaxPool2dConfig};
use burn::nn::{BatchNorm, PaddingConfig2d};
use burn::tensor::activation::relu;
use burn::tensor::{FloatDType, Tensor};
use graph::{Activation, Convolution, Padding, Window};

use crate::fused::{
    self,
    adapter::{self, Placing},
};
use crate::module::Pointwise;

/// A window's padding in Burn's words; both pad the same way.
pub(crate) fn padding(window: Window) -> PaddingConfig2d {
    match window.padding {
        Padding::Valid => PaddingConfig2d::Valid,
        Padding::Same => PaddingConfig2d::Same,
        Padding::Explicit { before, after } => PaddingConfig2d::Explicit(before, before, after, after),
    }
}

/// A window on the adapter.
fn placing(window: Window, input: &Tensor<4>) -> Placing {
    let [_, _, height, width] = input.dims();
    let before = |extent: usize| window.on(extent).map_or(0, |placed| placed.before);
    Placing { stride: window.stride, padding: [height, width].map(before), even: window.padding != Padding::Same }
}

/// Batch normalisation: by the batch's statistics while it is trained, else by those of training.
pub(crate) fn normalise(norm: &BatchNorm, input: Tensor<4>) -> Tensor<4> {
    let learns = input.device().is_autodiff() && norm.gamma.is_require_grad();
    if learns {
        let (output, mean, variance) = fused::normalise(input, norm.gamma.val(), norm.beta.val(), norm.epsilon);
        for (running, batch) in [(&norm.running_mean, mean), (&norm.running_var, variance)] {
            running.update(running.value_sync() * (1.0 - norm.momentum) + batch * norm.momentum);
        }
        return output;
    }
    let precision = FloatDType::from(input.dtype());
    let channels = norm.gamma.dims()[0];
    let scale = norm.gamma.val() / (norm.running_var.value() + norm.epsilon).sqrt();
    let shift = norm.beta.val() - norm.running_mean.value() * scale.clone();
    let output = input.cast(FloatDType::F32) * scale.reshape([1, channels, 1, 1]) + shift.reshape([1, channels, 1, 1]);
    output.cast(precision)
}

/// A convolution in the precision of its input.
pub(crate) fn convolve(conv: &Conv2d, convolution: &Convolution, input: Tensor<4>) -> Tensor<4> {
    let is_fused = convolution.is_depthwise() && convolution.window == Window::same(3);
    if !is_fused && (convolution.groups > 1 || !adapter::has_kernels(&input.device())) {
        return conv.forward(input);
    }
    let output = if is_fused {
        fused::depthwise(input, conv.weight.val())
    } else {
        let placing = placing(convolution.window, &input);
        adapter::convolution(input, conv.weight.val(), placing)
    };
    match &conv.bias {
        Some(bias) => shifted(output, bias.val()),
        None => output,
    }
}

/// A 1x1 convolution across channels.
pub(crate) fn mix(pointwise: &Pointwise, input: Tensor<4>) -> Tensor<4> {
    let [batch, channels, height, width] = input.dims();
    let outputs = pointwise.kernel.dims()[0];
    let mixed = fused::pointwise(input.reshape([batch, channels, height * width]), pointwise.kernel.val());
    let mixed = mixed.reshape([batch, outputs, height, width]);
    match &pointwise.bias {
        Some(bias) => shifted(mixed, bias.val()),
        None => mixed,
    }
}

fn shifted(output: Tensor<4>, bias: Tensor<1>) -> Tensor<4> {
    let precision = FloatDType::from(output.dtype());
    let [channels] = bias.dims();
    output + bias.cast(precision).reshape([1, channels, 1, 1])
}

/// A function of every value.
pub(crate) fn activate(activation: Activation, input: Tensor<4>) -> Tensor<4> {
    match activation {
        Activation::None => input,
        Activation::Relu => rectify(input),
        Activation::Relu6 => rectify(input).clamp_max(6.0),
    }
}

/// Everything below 0 as 0.
fn rectify(input: Tensor<4>) -> Tensor<4> {
    if adapter::has_kernels(&input.device()) {
        return adapter::rectify(input);
    }
    relu(input)
}

/// The largest values under windows.
pub(crate) fn max_pool(window: Window, input: Tensor<4>) -> Tensor<4> {
    if adapter::has_kernels(&input.device()) {
        let placing = placing(window, &input);
        return adapter::pool(input, window.size, placing);
    }
    let config = MaxPool2dConfig::new([window.size; 2]).with_strides([window.stride; 2]);
    config.with_padding(padding(window)).init().forward(input)
}

/// The means under windows.
pub(crate) fn average_pool(window: Window, input: Tensor<4>) -> Tensor<4> {
    let config = AvgPool2dConfig::new([window.size; 2]).with_strides([window.stride; 2]).with_padding(padding(window));
    config.with_count_include_pad(false).init().forward(input)
}
