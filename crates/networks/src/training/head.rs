//! The operations of a head on Burn's tensors: from features `[batch, channels, height, width]` to vectors
//! `[batch, channels, 1, 1]`, in f32.

use burn::nn::Dropout;
use burn::nn::pool::AdaptiveAvgPool2dConfig;
use burn::tensor::activation::{log_softmax, sigmoid};
use burn::tensor::{FloatDType, Int, Tensor, TensorData};

use crate::training::module::Linear;

/// See [`graph::Op::Resize`].
pub(crate) fn resize(input: Tensor<4>, like: &Tensor<4>) -> Tensor<4> {
    let ([_, _, height, width], [_, _, to_height, to_width]) = (input.dims(), like.dims());
    let device = input.device();
    let nearest = |from: usize, to: usize| {
        let indices: Vec<i64> = (0..to).map(|index| (index * from / to) as i64).collect();
        Tensor::<1, Int>::from_data(TensorData::new(indices, [to]), &device)
    };
    input.select(2, nearest(height, to_height)).select(3, nearest(width, to_width))
}

/// The mean of every channel.
pub(crate) fn average(features: Tensor<4>) -> Tensor<4> {
    AdaptiveAvgPool2dConfig::new([1, 1]).init().forward(features.cast(FloatDType::F32))
}

/// See [`graph::Op::WeightedAverage`].
pub(crate) fn weighted_average(features: Tensor<4>, map: Tensor<4>) -> Tensor<4> {
    let [batch, channels, height, width] = features.dims();
    let weights = sigmoid(map.cast(FloatDType::F32)).reshape([batch, height * width, 1]);
    let total = weights.clone().sum_dim(1);
    let sums = features.cast(FloatDType::F32).reshape([batch, channels, height * width]).matmul(weights);
    (sums / total).reshape([batch, channels, 1, 1])
}

/// See [`graph::Op::LogMeanExp`].
pub(crate) fn log_mean_exp(map: Tensor<4>) -> Tensor<4> {
    let [batch, _, height, width] = map.dims();
    let map = map.cast(FloatDType::F32).reshape([batch, height * width]);
    let largest = map.clone().detach().max_dim(1);
    ((map - largest.clone()).exp().mean_dim(1).log() + largest).reshape([batch, 1, 1, 1])
}

/// A linear layer; dropout falls on what it reads, unless that is a single value.
pub(crate) fn linear(linear: &Linear, input: Tensor<4>, dropout: &Dropout) -> Tensor<4> {
    let [batch, channels, ..] = input.dims();
    let input = input.reshape([batch, channels]);
    let input = if channels > 1 { dropout.forward(input) } else { input };
    let output = input.matmul(linear.kernel.val().transpose()) + linear.bias.val().unsqueeze();
    let outputs = output.dims()[1];
    output.reshape([batch, outputs, 1, 1])
}

/// See [`graph::Op::Presence`].
pub(crate) fn presence(none: usize, level: Tensor<4>, kinds: Tensor<4>) -> Tensor<4> {
    let others = kinds.dims()[1];
    let nothing = level.zeros_like();
    let logits = log_softmax(kinds, 1) + level;
    let part = |from: usize, to: usize| (from < to).then(|| logits.clone().narrow(1, from, to - from));
    Tensor::cat([part(0, none), Some(nothing), part(none, others)].into_iter().flatten().collect(), 1)
}
