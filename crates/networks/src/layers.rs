//! The layers both networks are made of: a convolution with its normalisation, and a separable convolution.
//!
//! Each exists in two forms. In training, batch normalisation follows the convolution; for inference it is folded into
//! the kernel, and what is left of it is a bias.

use burn::module::{Initializer, Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::MaxPool2d;
use burn::nn::{BatchNorm, BatchNormConfig, PaddingConfig2d};
use burn::tensor::activation::relu;
use burn::tensor::{Device, FloatDType, Tensor};

use crate::Form;
use crate::fused::{
    self,
    adapter::{self, Placing},
};
use crate::named::{NamedSlot, Slot};
use crate::network::{KernelInput, Observer, Shown};

/// Keras's epsilon for every batch normalisation in Xception, which is added to variances.
pub const NORM_EPSILON: f64 = 1e-3;
/// Share of a new batch in the running statistics: Keras's 0.99 is Burn's 0.01; a short fine-tuning needs more.
const MOMENTUM: f64 = 0.05;

/// What follows a convolution: batch normalisation in training, a bias once it is folded.
#[derive(Module, Debug)]
pub(crate) enum Shift {
    Norm(BatchNorm),
    Bias(Param<Tensor<1>>),
}

impl Shift {
    fn new(channels: usize, form: Form, device: &Device) -> Self {
        match form {
            Form::Trainable => Self::Norm(
                BatchNormConfig::new(channels).with_epsilon(NORM_EPSILON).with_momentum(MOMENTUM).init(device),
            ),
            Form::Folded => Self::Bias(Initializer::Zeros.init([channels], device)),
        }
    }

    /// `[batch, channels, height, width]` in and out.
    fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Norm(norm) => normalise(norm, input),
            Self::Bias(bias) => {
                let channels = bias.dims()[0];
                input + bias.val().reshape([1, channels, 1, 1])
            }
        }
    }

    fn slots<'a>(&'a mut self, layer: &str, norm_name: &str) -> Vec<NamedSlot<'a>> {
        match self {
            Self::Norm(norm) => vec![
                (format!("{norm_name}.gamma"), Slot::Vector(&mut norm.gamma)),
                (format!("{norm_name}.beta"), Slot::Vector(&mut norm.beta)),
                (format!("{norm_name}.moving_mean"), Slot::Statistic(&mut norm.running_mean)),
                (format!("{norm_name}.moving_variance"), Slot::Statistic(&mut norm.running_var)),
            ],
            Self::Bias(bias) => vec![(format!("{layer}.bias"), Slot::Vector(bias))],
        }
    }
}

/// Batch normalisation: by the batch's statistics while it is trained, else by those of training.
fn normalise(norm: &BatchNorm, input: Tensor<4>) -> Tensor<4> {
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
pub(crate) fn convolve(conv: &Conv2d, input: Tensor<4>) -> Tensor<4> {
    if adapter::has_kernels(&input.device()) {
        let precision = FloatDType::from(input.dtype());
        let padding = KernelInput::of(conv, &input).padding;
        let placing = Placing { stride: conv.stride[0], padding: [padding; 2], even: true };
        let output = adapter::convolution(input, conv.weight.val(), placing);
        let Some(bias) = &conv.bias else { return output };
        let channels = bias.dims()[0];
        return output + bias.val().cast(precision).reshape([1, channels, 1, 1]);
    }
    conv.forward(input)
}

/// Everything below 0 as 0.
pub(crate) fn rectify(input: Tensor<4>) -> Tensor<4> {
    if adapter::has_kernels(&input.device()) {
        return adapter::rectify(input);
    }
    relu(input)
}

/// The largest values under windows.
pub(crate) fn pool(pool: &MaxPool2d, input: Tensor<4>) -> Tensor<4> {
    if adapter::has_kernels(&input.device()) {
        let (side, stride) = (pool.kernel_size[0], pool.stride[0]);
        let placing = match pool.padding {
            PaddingConfig2d::Same => {
                // Keras puts the odd row at the end.
                let [_, _, height, width] = input.dims();
                let before = |extent: usize| ((extent.div_ceil(stride) - 1) * stride + side).saturating_sub(extent) / 2;
                Placing { stride, padding: [height, width].map(before), even: false }
            }
            _ => Placing { stride, padding: [0; 2], even: true },
        };
        return adapter::pool(input, side, placing);
    }
    pool.forward(input)
}

/// A convolution without bias, and its [`Shift`].
#[derive(Module, Debug)]
pub(crate) struct ConvNorm {
    conv: Conv2d,
    shift: Shift,
}

/// What a [`ConvNorm`] looks like.
pub(crate) struct ConvNormConfig {
    pub channels: [usize; 2],
    pub kernel: usize,
    pub stride: usize,
    pub padding: PaddingConfig2d,
}

impl ConvNormConfig {
    pub(crate) fn init(&self, form: Form, device: &Device) -> ConvNorm {
        ConvNorm {
            conv: Conv2dConfig::new(self.channels, [self.kernel; 2])
                .with_stride([self.stride; 2])
                .with_padding(self.padding.clone())
                .with_bias(false)
                .init(device),
            shift: Shift::new(self.channels[1], form, device),
        }
    }
}

impl ConvNorm {
    /// Shows its input to `observe` under the name of `layer`'s kernel.
    pub(crate) fn forward(&self, input: Tensor<4>, layer: &str, observe: &mut Observer<'_>) -> Tensor<4> {
        observe(&format!("{layer}.kernel"), Shown::KernelInput(KernelInput::of(&self.conv, &input)));
        self.shift.forward(convolve(&self.conv, input))
    }

    pub(crate) fn slots<'a>(&'a mut self, layer: &str, norm_name: &str) -> Vec<NamedSlot<'a>> {
        let mut slots = vec![(format!("{layer}.kernel"), Slot::Kernel(&mut self.conv.weight))];
        slots.extend(self.shift.slots(layer, norm_name));
        slots
    }
}

/// A depthwise 3x3 convolution, then a 1x1 convolution across channels, then its [`Shift`] (Chollet 2017).
#[derive(Module, Debug)]
pub(crate) struct Separable {
    depthwise: Conv2d,
    /// `[out, in]`: a 1x1 convolution is a matrix product over the channels of every pixel.
    pointwise: Param<Tensor<2>>,
    shift: Shift,
}

impl Separable {
    pub(crate) fn new(channels: [usize; 2], form: Form, device: &Device) -> Self {
        let [input, output] = channels;
        let initializer = Initializer::KaimingNormal { gain: 1.0, fan_out_only: false };
        Self {
            depthwise: Conv2dConfig::new([input, input], [3, 3])
                .with_groups(input)
                .with_padding(PaddingConfig2d::Same)
                .with_bias(false)
                .init(device),
            pointwise: initializer.init_with([output, input], Some(input), Some(output), device),
            shift: Shift::new(output, form, device),
        }
    }

    /// `[batch, in, height, width]` to `[batch, out, height, width]`.
    ///
    /// Shows what both kernels of `layer` are applied to.
    pub(crate) fn forward(&self, input: Tensor<4>, layer: &str, observe: &mut Observer<'_>) -> Tensor<4> {
        let [batch, channels, height, width] = input.dims();
        let output = self.pointwise.dims()[0];
        let shown = Shown::KernelInput(KernelInput::of(&self.depthwise, &input));
        observe(&format!("{layer}.depthwise_kernel"), shown);
        let spatial = fused::depthwise(input, self.depthwise.weight.val());
        let shown = Shown::KernelInput(KernelInput::pointwise(&spatial));
        observe(&format!("{layer}.pointwise_kernel"), shown);
        let spatial = spatial.reshape([batch, channels, height * width]);
        let mixed = fused::pointwise(spatial, self.pointwise.val());
        self.shift.forward(mixed.reshape([batch, output, height, width]))
    }

    pub(crate) fn slots<'a>(&'a mut self, layer: &str) -> Vec<NamedSlot<'a>> {
        let mut slots = vec![
            (format!("{layer}.depthwise_kernel"), Slot::Kernel(&mut self.depthwise.weight)),
            (format!("{layer}.pointwise_kernel"), Slot::Matrix(&mut self.pointwise)),
        ];
        slots.extend(self.shift.slots(layer, &format!("{layer}_bn")));
        slots
    }
}
