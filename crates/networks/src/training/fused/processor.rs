//! Operations of the processor alone: what stands between two matrix products as one operation, forward and back.
//!
//! Between two 1x1 convolutions stand a normalisation, an activation and a depthwise convolution. One after the other they
//! write and read the activations eight times in a step, which takes longer than the products; together each channel is
//! read and written once, and what lies between is never kept.

mod backward;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;
use graph::{Activation, Window};

use super::channels_first::{self, Before, Limits, Norm, Values};

pub use super::channels_first::has_depthwise;

/// An activation of every value.
pub fn activate(input: Tensor<4>, activation: Activation) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::activate(input.into_dispatch(), activation))
}

/// The sum of two tensors of one shape.
pub fn sum(left: Tensor<4>, right: Tensor<4>) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::sum(left.into_dispatch(), right.into_dispatch()))
}

/// A convolution over all channels: `[batch, channels, height, width]` and `[output, channels, size, size]` to
/// `[batch, output, height, width]`.
pub fn convolution(input: Tensor<4>, kernel: Tensor<4>, window: Window) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::windowed(input.into_dispatch(), kernel.into_dispatch(), window))
}

/// A value added to every channel.
pub fn shifted(input: Tensor<4>, shift: Tensor<1>) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::shifted(input.into_dispatch(), shift.into_dispatch()))
}

/// An activation of every value, then a convolution of every channel by itself.
pub fn activated_depthwise(input: Tensor<4>, kernel: Tensor<4>, activation: Activation, window: Window) -> Tensor<4> {
    let output = Dispatch::activated_depthwise(input.into_dispatch(), kernel.into_dispatch(), activation, window);
    Tensor::from_dispatch(output)
}

/// A scale and a shift by channel, which get no gradients, then an activation, then the largest values under a window if
/// there is one.
pub fn scaled(
    input: Tensor<4>,
    [scale, shift]: [Tensor<1>; 2],
    activation: Activation,
    pool: Option<Window>,
) -> Tensor<4> {
    let (input, scale, shift) = (input.into_dispatch(), scale.into_dispatch(), shift.into_dispatch());
    Tensor::from_dispatch(Dispatch::scaled(input, scale, shift, activation, pool))
}

/// As [`scaled`] without scale and shift.
pub fn pooled(input: Tensor<4>, activation: Activation, window: Window) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::pooled(input.into_dispatch(), activation, window))
}

/// As [`scaled`] without a window, then a convolution of every channel by itself.
pub fn scaled_depthwise(
    input: Tensor<4>,
    [scale, shift]: [Tensor<1>; 2],
    kernel: Tensor<4>,
    activation: Activation,
    window: Window,
) -> Tensor<4> {
    let (input, scale, shift) = (input.into_dispatch(), scale.into_dispatch(), shift.into_dispatch());
    Tensor::from_dispatch(Dispatch::scaled_depthwise(input, scale, shift, kernel.into_dispatch(), activation, window))
}

/// Batch normalisation as [`super::normalise`], then an activation, then the largest values under a window if there is one.
pub fn normalised(
    input: Tensor<4>,
    [gamma, beta]: [Tensor<1>; 2],
    epsilon: f64,
    activation: Activation,
    pool: Option<Window>,
) -> (Tensor<4>, Tensor<1>, Tensor<1>) {
    let (input, gamma, beta) = (input.into_dispatch(), gamma.into_dispatch(), beta.into_dispatch());
    let (output, mean, variance) = Dispatch::normalised(input, gamma, beta, epsilon, activation, pool);
    (Tensor::from_dispatch(output), Tensor::from_dispatch(mean), Tensor::from_dispatch(variance))
}

/// As [`normalised`] without a window, then a convolution of every channel by itself.
pub fn normalised_depthwise(
    input: Tensor<4>,
    [gamma, beta]: [Tensor<1>; 2],
    kernel: Tensor<4>,
    epsilon: f64,
    activation: Activation,
    window: Window,
) -> (Tensor<4>, Tensor<1>, Tensor<1>) {
    let (input, gamma, beta) = (input.into_dispatch(), gamma.into_dispatch(), beta.into_dispatch());
    let (output, mean, variance) =
        Dispatch::normalised_depthwise(input, gamma, beta, kernel.into_dispatch(), epsilon, activation, window);
    (Tensor::from_dispatch(output), Tensor::from_dispatch(mean), Tensor::from_dispatch(variance))
}

#[backend_extension(Flex, Autodiff)]
trait ProcessorBackend: Backend {
    fn activate(input: FloatTensor<Self>, activation: Activation) -> FloatTensor<Self>;

    fn sum(left: FloatTensor<Self>, right: FloatTensor<Self>) -> FloatTensor<Self>;

    fn shifted(input: FloatTensor<Self>, shift: FloatTensor<Self>) -> FloatTensor<Self>;

    /// A convolution over all channels.
    fn windowed(input: FloatTensor<Self>, kernel: FloatTensor<Self>, window: Window) -> FloatTensor<Self>;

    fn activated_depthwise(
        input: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        activation: Activation,
        window: Window,
    ) -> FloatTensor<Self>;

    fn scaled(
        input: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        activation: Activation,
        pool: Option<Window>,
    ) -> FloatTensor<Self>;

    fn pooled(input: FloatTensor<Self>, activation: Activation, window: Window) -> FloatTensor<Self>;

    fn scaled_depthwise(
        input: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        activation: Activation,
        window: Window,
    ) -> FloatTensor<Self>;

    /// Output, mean and variance.
    fn normalised(
        input: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
        activation: Activation,
        pool: Option<Window>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    /// Output, mean and variance.
    fn normalised_depthwise(
        input: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        epsilon: f64,
        activation: Activation,
        window: Window,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
}

type Triple<B> = (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>);

/// Scale and shift by channel.
type Fixed = (Values, Values);

fn before(fixed: Option<&Fixed>, activation: Activation) -> Before<'_> {
    Before { norm: None, fixed: fixed.map(|(scale, shift)| (scale, shift)), limits: Limits::new(activation) }
}

fn before_normalised(norm: &Norm, activation: Activation) -> Before<'_> {
    Before { norm: Some(norm), fixed: None, limits: Limits::new(activation) }
}

/// Output, mean and variance of what normalises.
fn triple((output, statistics): (Values, Option<(Values, Values)>), norm: &Norm) -> Triple<Flex> {
    // A tensor without channels has no statistics but gamma's own emptiness.
    let (mean, variance) = statistics.unwrap_or_else(|| (norm.gamma.clone(), norm.gamma.clone()));
    (output, mean, variance)
}

impl ProcessorBackend for Flex {
    fn shifted(input: FloatTensor<Self>, shift: FloatTensor<Self>) -> FloatTensor<Self> {
        channels_first::shifted(input, &shift.to_contiguous())
    }

    fn activate(input: FloatTensor<Self>, activation: Activation) -> FloatTensor<Self> {
        channels_first::limited(&input, Limits::new(activation))
    }

    fn sum(left: FloatTensor<Self>, right: FloatTensor<Self>) -> FloatTensor<Self> {
        channels_first::sum(&left, &right)
    }

    fn windowed(input: FloatTensor<Self>, kernel: FloatTensor<Self>, window: Window) -> FloatTensor<Self> {
        channels_first::convolution(&input, &kernel, window)
    }

    fn activated_depthwise(
        input: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        activation: Activation,
        window: Window,
    ) -> FloatTensor<Self> {
        channels_first::depthwise(&input, before(None, activation), &kernel, window).0
    }

    fn scaled(
        input: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        activation: Activation,
        pool: Option<Window>,
    ) -> FloatTensor<Self> {
        channels_first::normalise(&input, before(Some(&(scale, shift)), activation), pool).0
    }

    fn pooled(input: FloatTensor<Self>, activation: Activation, window: Window) -> FloatTensor<Self> {
        channels_first::normalise(&input, before(None, activation), Some(window)).0
    }

    fn scaled_depthwise(
        input: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        activation: Activation,
        window: Window,
    ) -> FloatTensor<Self> {
        channels_first::depthwise(&input, before(Some(&(scale, shift)), activation), &kernel, window).0
    }

    fn normalised(
        input: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
        activation: Activation,
        pool: Option<Window>,
    ) -> Triple<Self> {
        let norm = Norm { gamma, beta, epsilon };
        triple(channels_first::normalise(&input, before_normalised(&norm, activation), pool), &norm)
    }

    fn normalised_depthwise(
        input: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        epsilon: f64,
        activation: Activation,
        window: Window,
    ) -> Triple<Self> {
        let norm = Norm { gamma, beta, epsilon };
        triple(channels_first::depthwise(&input, before_normalised(&norm, activation), &kernel, window), &norm)
    }
}
