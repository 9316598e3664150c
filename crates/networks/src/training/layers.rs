//! The operations of a network on Burn's tensors `[batch, channels, height, width]`.
//!
//! On graphics adapters, and in training everywhere, some are kernels of our own (`fused`).

use burn::nn::conv::Conv2d;
use burn::nn::pool::AvgPool2dConfig;
use burn::nn::{BatchNorm, PaddingConfig2d};
use burn::tensor::{FloatDType, Tensor};
use graph::{Activation, Convolution, Padding, Window};

use crate::training::fused::{
    self,
    adapter::{self, WindowGeometry},
    processor,
};
use crate::training::module::Pointwise;

/// A window's padding in Burn's words; both pad the same way.
pub(crate) fn padding(window: Window) -> PaddingConfig2d {
    match window.padding {
        Padding::Valid => PaddingConfig2d::Valid,
        Padding::Same => PaddingConfig2d::Same,
        Padding::Explicit { before, after } => PaddingConfig2d::Explicit(before, before, after, after),
    }
}

/// A window on the adapter.
fn geometry(window: Window, input: &Tensor<4>) -> WindowGeometry {
    let [_, _, height, width] = input.dims();
    let before = |extent: usize| window.on(extent).map_or(0, |placed| placed.before);
    WindowGeometry {
        stride: window.stride,
        padding: [height, width].map(before),
        even: window.padding != Padding::Same,
    }
}

/// Batch normalisation: by the batch's statistics while it is trained, else by those of training.
pub(crate) fn normalise(norm: &BatchNorm, input: Tensor<4>) -> Tensor<4> {
    if learns(norm, &input) {
        let (output, mean, variance) = fused::normalise(input, norm.gamma.val(), norm.beta.val(), norm.epsilon);
        note(norm, mean, variance);
        return output;
    }
    let precision = FloatDType::from(input.dtype());
    let channels = norm.gamma.dims()[0];
    let [scale, shift] = fixed(norm);
    let output = input.cast(FloatDType::F32) * scale.reshape([1, channels, 1, 1]) + shift.reshape([1, channels, 1, 1]);
    output.cast(precision)
}

/// Whether a normalisation is trained.
fn learns(norm: &BatchNorm, input: &Tensor<4>) -> bool {
    input.device().is_autodiff() && norm.gamma.is_require_grad()
}

/// Moves the running statistics towards those of a batch.
fn note(norm: &BatchNorm, mean: Tensor<1>, variance: Tensor<1>) {
    for (running, batch) in [(&norm.running_mean, mean), (&norm.running_var, variance)] {
        running.update(running.value_sync() * (1.0 - norm.momentum) + batch * norm.momentum);
    }
}

/// What a normalisation that is not trained multiplies by, and what it adds then.
fn fixed(norm: &BatchNorm) -> [Tensor<1>; 2] {
    let scale = norm.gamma.val() / (norm.running_var.value() + norm.epsilon).sqrt();
    let shift = norm.beta.val() - norm.running_mean.value() * scale.clone();
    [scale, shift]
}

/// A value of which the processor has yet to make what one layer reads.
#[derive(Debug, Clone)]
pub(crate) struct Pending<'a> {
    pub(crate) input: Tensor<4>,
    /// By which it is to be normalised first.
    pub(crate) norm: Option<&'a BatchNorm>,
    pub(crate) activation: Activation,
}

impl Pending<'_> {
    /// The value itself.
    pub(crate) fn made(self) -> Tensor<4> {
        match self.norm {
            None if self.activation == Activation::None => self.input,
            None => processor::activate(self.input, self.activation),
            Some(norm) => self.normalised(norm, None),
        }
    }

    /// The largest values under windows on the value.
    pub(crate) fn pooled(self, window: Window) -> Tensor<4> {
        match self.norm {
            None => processor::pooled(self.input, self.activation, window),
            Some(norm) => self.normalised(norm, Some(window)),
        }
    }

    fn normalised(self, norm: &BatchNorm, pool: Option<Window>) -> Tensor<4> {
        let Self { input, activation, .. } = self;
        if !learns(norm, &input) {
            return processor::scaled(input, fixed(norm), activation, pool);
        }
        let parameters = [norm.gamma.val(), norm.beta.val()];
        let (output, mean, variance) = processor::normalised(input, parameters, norm.epsilon, activation, pool);
        note(norm, mean, variance);
        output
    }

    /// A convolution of every channel of the value by itself.
    fn convolved(self, kernel: Tensor<4>, window: Window) -> Tensor<4> {
        let Self { input, norm, activation } = self;
        match norm {
            Some(norm) if learns(norm, &input) => {
                let parameters = [norm.gamma.val(), norm.beta.val()];
                let (output, mean, variance) =
                    processor::normalised_depthwise(input, parameters, kernel, norm.epsilon, activation, window);
                note(norm, mean, variance);
                output
            }
            Some(norm) => processor::scaled_depthwise(input, fixed(norm), kernel, activation, window),
            None => processor::activated_depthwise(input, kernel, activation, window),
        }
    }
}

/// A convolution in the precision of its input.
pub(crate) fn convolve(conv: &Conv2d, convolution: &Convolution, input: Tensor<4>) -> Tensor<4> {
    let has_kernels = adapter::has_kernels(&input.device());
    let output = if has_kernels && convolution.is_depthwise() && convolution.window == Window::same(3) {
        fused::depthwise(input, conv.weight.val())
    } else if !has_kernels && is_fused(convolution, &input) {
        processor::activated_depthwise(input, conv.weight.val(), Activation::None, convolution.window)
    } else if convolution.groups == 1 && has_kernels {
        let geometry = geometry(convolution.window, &input);
        adapter::convolution(input, conv.weight.val(), geometry)
    } else if convolution.groups == 1 {
        processor::convolution(input, conv.weight.val(), convolution.window)
    } else {
        return conv.forward(input);
    };
    match &conv.bias {
        Some(bias) => shifted(output, bias.val()),
        None => output,
    }
}

/// Whether a convolution is one of every channel by itself that the processor does together with what comes before.
fn is_fused(convolution: &Convolution, input: &Tensor<4>) -> bool {
    let [_, _, height, width] = input.dims();
    convolution.is_depthwise() && processor::has_depthwise(convolution.window, height, width)
}

/// As [`convolve`], of a value that is pending.
pub(crate) fn convolve_pending(conv: &Conv2d, convolution: &Convolution, input: Pending<'_>) -> Tensor<4> {
    if !is_fused(convolution, &input.input) {
        return convolve(conv, convolution, input.made());
    }
    let output = input.convolved(conv.weight.val(), convolution.window);
    match &conv.bias {
        Some(bias) => shifted(output, bias.val()),
        None => output,
    }
}

/// A 1x1 convolution across channels.
pub(crate) fn mix(pointwise: &Pointwise, input: Tensor<4>) -> Tensor<4> {
    let mixed = fused::pointwise(input, pointwise.kernel.val());
    match &pointwise.bias {
        Some(bias) => shifted(mixed, bias.val()),
        None => mixed,
    }
}

fn shifted(output: Tensor<4>, bias: Tensor<1>) -> Tensor<4> {
    if !adapter::has_kernels(&output.device()) {
        return processor::shifted(output, bias);
    }
    let precision = FloatDType::from(output.dtype());
    let [channels] = bias.dims();
    output + bias.cast(precision).reshape([1, channels, 1, 1])
}

/// A function of every value.
pub(crate) fn activate(activation: Activation, input: Tensor<4>) -> Tensor<4> {
    if !adapter::has_kernels(&input.device()) {
        return if activation == Activation::None { input } else { processor::activate(input, activation) };
    }
    match activation {
        Activation::None => input,
        Activation::Relu => adapter::relu(input),
        Activation::Relu6 => adapter::relu(input).clamp_max(6.0),
    }
}

/// The sum of two values.
pub(crate) fn add(left: Tensor<4>, right: Tensor<4>) -> Tensor<4> {
    if adapter::has_kernels(&left.device()) { left + right } else { processor::sum(left, right) }
}

/// The largest values under windows.
pub(crate) fn max_pool(window: Window, input: Tensor<4>) -> Tensor<4> {
    if adapter::has_kernels(&input.device()) {
        let geometry = geometry(window, &input);
        return adapter::pool(input, window.size, geometry);
    }
    processor::pooled(input, Activation::None, window)
}

/// The means under windows.
pub(crate) fn average_pool(window: Window, input: Tensor<4>) -> Tensor<4> {
    let config = AvgPool2dConfig::new([window.size; 2]).with_strides([window.stride; 2]).with_padding(padding(window));
    config.with_count_include_pad(false).init().forward(input)
}
