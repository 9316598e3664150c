//! The operations written for training on the CPU against Burn's own, forward and backward.

use crate::fused;
use burn::nn::BatchNormConfig;
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Distribution, Tensor, Tolerance};

fn device() -> Device {
    Device::flex().autodiff()
}

fn constant<const D: usize>(shape: [usize; D]) -> Tensor<D> {
    Tensor::random(shape, Distribution::Normal(0.3, 1.0), &device())
}

fn random<const D: usize>(shape: [usize; D]) -> Tensor<D> {
    constant(shape).require_grad()
}

/// A value that depends on every output in a way of its own.
fn loss<const D: usize>(output: Tensor<D>, weights: &Tensor<D>) -> Tensor<1> {
    (output * weights.clone().detach()).sum()
}

fn same<const D: usize>(found: Tensor<D>, expected: Tensor<D>) {
    found.into_data().assert_approx_eq::<f32>(&expected.into_data(), Tolerance::rel_abs(1e-3, 1e-3));
}

/// Odd sizes, a single row, a single column.
const PLANES: [[usize; 2]; 5] = [[7, 5], [8, 8], [1, 6], [6, 1], [19, 19]];

#[test]
fn a_depthwise_convolution_and_its_gradients_are_burns() {
    for [height, width] in PLANES {
        let (input, kernel) = (random([3, 4, height, width]), random([4, 1, 3, 3]));
        let weights = random([3, 4, height, width]);
        let options = ConvOptions::new([1, 1], [1, 1], [1, 1], 4);
        let expected = conv2d(input.clone(), kernel.clone(), None, options);
        let found = fused::depthwise(input.clone(), kernel.clone());
        same(found.clone(), expected.clone());
        let (found, expected) = (loss(found, &weights).backward(), loss(expected, &weights).backward());
        same(input.grad(&found).unwrap(), input.grad(&expected).unwrap());
        same(kernel.grad(&found).unwrap(), kernel.grad(&expected).unwrap());
    }
}

#[test]
fn a_pointwise_convolution_and_its_gradients_are_burns() {
    let (input, kernel, weights) = (random([3, 5, 77]), random([6, 5]), random([3, 6, 77]));
    let expected = kernel.clone().unsqueeze::<3>().matmul(input.clone());
    let found = fused::pointwise(input.clone(), kernel.clone());
    same(found.clone(), expected.clone());
    let (found, expected) = (loss(found, &weights).backward(), loss(expected, &weights).backward());
    same(input.grad(&found).unwrap(), input.grad(&expected).unwrap());
    same(kernel.grad(&found).unwrap(), kernel.grad(&expected).unwrap());
}

#[test]
fn a_normalisation_its_statistics_and_its_gradients_are_burns() {
    for [height, width] in PLANES {
        let (input, weights) = (random([4, 3, height, width]), random([4, 3, height, width]));
        let norm = BatchNormConfig::new(3).with_epsilon(1e-3).with_momentum(1.0).init(&device());
        let expected = norm.forward(input.clone());
        let (gamma, beta) = (norm.gamma.val(), norm.beta.val());
        let (found, mean, variance) = fused::normalise(input.clone(), gamma.clone(), beta.clone(), 1e-3);
        same(found.clone(), expected.clone());
        same(mean, norm.running_mean.value_sync());
        same(variance, norm.running_var.value_sync());
        let (found, expected) = (loss(found, &weights).backward(), loss(expected, &weights).backward());
        same(input.grad(&found).unwrap(), input.grad(&expected).unwrap());
        same(gamma.grad(&found).unwrap(), gamma.grad(&expected).unwrap());
        same(beta.grad(&found).unwrap(), beta.grad(&expected).unwrap());
    }
}

#[test]
fn a_frozen_kernel_gets_no_gradient_and_lets_the_inputs_through() {
    let kernel = constant([4, 1, 3, 3]);
    let input = random([2, 4, 5, 5]);
    let gradients = fused::depthwise(input.clone(), kernel.clone()).sum().backward();
    assert!(input.grad(&gradients).is_some());
    assert!(kernel.grad(&gradients).is_none());
}
