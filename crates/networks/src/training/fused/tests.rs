//! The operations written for training against Burn's own, forward and backward.

use std::sync::LazyLock;

use gpu::GpuError;
use needs::Need;

use crate::training::fused::adapter::WindowGeometry;
use crate::training::fused::steps::{self, AdamStep};
use crate::training::fused::{self, adapter, processor};
use crate::training::layers;
use burn::module::Param;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::MaxPool2dConfig;
use burn::nn::{BatchNorm, BatchNormConfig, PaddingConfig2d};
use burn::optim::{AdamWConfig, Optimizer};
use burn::tensor::activation::relu;
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{DType, Device, Distribution, FloatDType, Tensor, TensorData, Tolerance};
use graph::{Activation, Window};

/// The processor, and the machine's graphics adapter; where it has none, that half of a test is skipped.
fn devices() -> Vec<Device> {
    static ADAPTER: LazyLock<Result<Device, GpuError>> =
        LazyLock::new(|| gpu::on_first_api(|api| Device::wgpu_options().graphics_api(api).init()));
    let adapter = Need::Gpu.met(ADAPTER.as_ref());
    std::iter::once(Device::flex()).chain(adapter.cloned()).map(Device::autodiff).collect()
}

fn constant<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::random(shape, Distribution::Normal(0.3, 1.0), device)
}

fn random<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    constant(shape, device).require_grad()
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
    for device in devices() {
        for ([height, width], channels) in PLANES.into_iter().zip([4, 5, 6, 20, 32]) {
            let shape = [3, channels, height, width];
            let (input, kernel) = (random(shape, &device), random([channels, 1, 3, 3], &device));
            let weights = random(shape, &device);
            let options = ConvOptions::new([1, 1], [1, 1], [1, 1], channels);
            let expected = conv2d(input.clone(), kernel.clone(), None, options);
            let found = fused::depthwise(input.clone(), kernel.clone());
            same(found.clone(), expected.clone());
            let (found, expected) = (loss(found, &weights).backward(), loss(expected, &weights).backward());
            same(input.grad(&found).unwrap(), input.grad(&expected).unwrap());
            same(kernel.grad(&found).unwrap(), kernel.grad(&expected).unwrap());
        }
    }
}

#[test]
fn a_pointwise_convolution_and_its_gradients_are_burns() {
    for device in devices() {
        let (input, kernel) = (random([6, 5, 7, 11], &device), random([7, 5], &device));
        let weights = random([6, 7, 7, 11], &device);
        let by_pixel = input.clone().reshape([6, 5, 77]);
        let expected = kernel.clone().unsqueeze::<3>().matmul(by_pixel).reshape([6, 7, 7, 11]);
        let found = fused::pointwise(input.clone(), kernel.clone());
        same(found.clone(), expected.clone());
        let (found, expected) = (loss(found, &weights).backward(), loss(expected, &weights).backward());
        same(input.grad(&found).unwrap(), input.grad(&expected).unwrap());
        same(kernel.grad(&found).unwrap(), kernel.grad(&expected).unwrap());
    }
}

#[test]
fn a_convolution_and_its_gradients_are_burns() {
    for device in devices() {
        for (side, stride, padding) in [(3, 2, 0), (3, 1, 1), (1, 2, 0), (3, 1, 0)] {
            for ([height, width], [channels, output]) in [([9, 7], [3, 8]), ([8, 10], [4, 5])] {
                let input = random([2, channels, height, width], &device);
                let kernel = random([output, channels, side, side], &device);
                let options = ConvOptions::new([stride; 2], [padding; 2], [1, 1], 1);
                let expected = conv2d(input.clone(), kernel.clone(), None, options);
                let padded = graph::Padding::Explicit { before: padding, after: padding };
                let found = if adapter::has_kernels(&device) {
                    let geometry = WindowGeometry { stride, padding: [padding; 2], even: true };
                    adapter::convolution(input.clone(), kernel.clone(), geometry)
                } else {
                    let window = Window { size: side, stride, padding: padded };
                    processor::convolution(input.clone(), kernel.clone(), window)
                };
                same(found.clone(), expected.clone());
                let weights = random(expected.dims(), &device);
                let (found, expected) = (loss(found, &weights).backward(), loss(expected, &weights).backward());
                same(input.grad(&found).unwrap(), input.grad(&expected).unwrap());
                same(kernel.grad(&found).unwrap(), kernel.grad(&expected).unwrap());
            }
        }
    }
}

#[test]
fn a_pool_and_its_gradient_are_burns() {
    for device in devices() {
        let paddings = [(PaddingConfig2d::Same, Window::same(3)), (PaddingConfig2d::Valid, Window::valid(2))];
        for (padding, window) in paddings.map(|(padding, window)| (padding, window.stride(2))) {
            for [height, width] in [[9, 9], [8, 8], [9, 8]] {
                let pool = MaxPool2dConfig::new([window.size; 2]).with_strides([2, 2]).with_padding(padding.clone());
                let pool = pool.init();
                let input = random([2, 5, height, width], &device);
                let expected = pool.forward(input.clone());
                let found = layers::max_pool(window, input.clone());
                same(found.clone(), expected.clone());
                let weights = random(expected.dims(), &device);
                let (found, expected) = (loss(found, &weights).backward(), loss(expected, &weights).backward());
                same(input.grad(&found).unwrap(), input.grad(&expected).unwrap());
            }
        }
    }
}

#[test]
fn an_activation_and_its_gradient_are_burns() {
    for device in devices() {
        for activation in ACTIVATIONS {
            let input = random([2, 6, 5, 7], &device) * 4.0;
            let input = Tensor::from_data(input.into_data(), &device).require_grad();
            let weights = random([2, 6, 5, 7], &device);
            let (found, expected) = (layers::activate(activation, input.clone()), activated(input.clone(), activation));
            same(found.clone(), expected.clone());
            let (found, expected) = (loss(found, &weights).backward(), loss(expected, &weights).backward());
            same(input.grad(&found).unwrap(), input.grad(&expected).unwrap());
        }
    }
}

const ACTIVATIONS: [Activation; 3] = [Activation::None, Activation::Relu, Activation::Relu6];

/// In Burn's operations.
fn activated(input: Tensor<4>, activation: Activation) -> Tensor<4> {
    match activation {
        Activation::None => input,
        Activation::Relu => relu(input),
        Activation::Relu6 => relu(input).clamp_max(6.0),
    }
}

/// Batches, channels and planes: frames with one plane and with several, the last of them with fewer.
const SHAPES: [[usize; 4]; 6] =
    [[3, 4, 7, 5], [1, 5, 8, 8], [2, 3, 1, 6], [5, 2, 6, 1], [17, 3, 19, 19], [2, 1, 70, 67]];

/// Windows of depthwise convolutions.
const AROUND: [Window; 6] = [
    Window::same(3),
    Window::same(5),
    Window::same(3).stride(2),
    Window::same(5).stride(2),
    Window::valid(3),
    Window::valid(5).stride(2),
];

#[test]
fn layers_that_the_processor_does_in_one_are_burns_one_after_the_other() {
    let device = Device::flex().autodiff();
    let windows = AROUND.into_iter().flat_map(|around| SHAPES.map(|shape| (shape, around)));
    for ((shape, around), activation) in windows.zip(ACTIVATIONS.into_iter().cycle()) {
        let [_, channels, height, width] = shape;
        if !processor::has_depthwise(around, height, width) {
            assert!(around.padding == graph::Padding::Valid);
            continue;
        }
        let (input, kernel) = (random(shape, &device), random([channels, 1, around.size, around.size], &device));
        let values = constant(shape, &device).into_data();
        let other = || Tensor::from_data(values.clone(), &device);
        let (gamma, beta) = (random([channels], &device), random([channels], &device));
        // Burn's running statistics remember the way back of the batch before.
        let norm = || {
            let norm = BatchNormConfig::new(channels).with_epsilon(1e-3).with_momentum(1.0).init(&device);
            let [of_gamma, of_beta] = [(&norm.gamma, &gamma), (&norm.beta, &beta)]
                .map(|(param, value)| Param::initialized(param.id, value.clone()));
            BatchNorm { gamma: of_gamma, beta: of_beta, ..norm }
        };
        let fixed = || [&gamma, &beta].map(|values| Tensor::<1>::from_data(values.to_data(), &device));
        let scaled = || {
            let [scale, shift] = fixed().map(|values| values.reshape([1, channels, 1, 1]));
            activated(input.clone() * scale + shift, activation)
        };
        let convolved = |input: Tensor<4>| {
            let conv = Conv2dConfig::new([channels, channels], [around.size; 2]).with_stride([around.stride; 2]);
            let conv = conv.with_groups(channels).with_bias(false).with_padding(layers::padding(around)).init(&device);
            Conv2d { weight: Param::initialized(conv.weight.id, kernel.clone()), ..conv }.forward(input)
        };
        let normal = || activated(norm().forward(input.clone()), activation);
        let window = Window::same(3).stride(2);
        let pool = MaxPool2dConfig::new([3; 2]).with_strides([2, 2]).with_padding(PaddingConfig2d::Same).init();
        let parameters = || [gamma.clone(), beta.clone()];
        let plain = || input.clone();
        let pairs: [&dyn Fn() -> [Tensor<4>; 2]; 10] = [
            &|| [processor::normalised(plain(), parameters(), 1e-3, activation, None).0, normal()],
            &|| {
                [processor::normalised(plain(), parameters(), 1e-3, activation, Some(window)).0, pool.forward(normal())]
            },
            &|| {
                let deep =
                    processor::normalised_depthwise(plain(), parameters(), kernel.clone(), 1e-3, activation, around);
                [deep.0, convolved(normal())]
            },
            &|| [processor::scaled(plain(), fixed(), activation, None), scaled()],
            &|| [processor::scaled(plain(), fixed(), activation, Some(window)), pool.forward(scaled())],
            &|| {
                [processor::scaled_depthwise(plain(), fixed(), kernel.clone(), activation, around), convolved(scaled())]
            },
            &|| [processor::pooled(plain(), activation, window), pool.forward(activated(plain(), activation))],
            &|| {
                let deep = processor::activated_depthwise(plain(), kernel.clone(), activation, around);
                [deep, convolved(activated(plain(), activation))]
            },
            &|| [processor::sum(plain(), other()), plain() + other()],
            &|| [processor::shifted(plain(), beta.clone()), plain() + beta.clone().reshape([1, channels, 1, 1])],
        ];
        for pair in pairs {
            let [found, expected] = pair();
            same(found.clone(), expected.clone());
            let weights = constant(expected.dims(), &device);
            let (found, expected) = (loss(found, &weights).backward(), loss(expected, &weights).backward());
            same(input.grad(&found).unwrap(), input.grad(&expected).unwrap());
            for vector in [&gamma, &beta] {
                assert_eq!(vector.grad(&found).is_some(), vector.grad(&expected).is_some());
                if let Some(gradient) = vector.grad(&found) {
                    same(gradient, vector.grad(&expected).unwrap());
                }
            }
            if let Some(gradient) = kernel.grad(&found) {
                same(gradient, kernel.grad(&expected).unwrap());
            }
        }
        let (_, mean, variance) = processor::normalised(plain(), parameters(), 1e-3, activation, None);
        let norm = norm();
        let _ = norm.forward(plain());
        same(mean, norm.running_mean.value_sync());
        same(variance, norm.running_var.value_sync());
    }
}

/// A network that diverged must not look well.
#[test]
fn what_is_not_a_number_stays_so() {
    for device in devices() {
        let mut values = vec![-1.0_f32; 2 * 4 * 5 * 5];
        values[57] = f32::NAN;
        let input = Tensor::<4>::from_data(TensorData::new(values, [2, 4, 5, 5]), &device);
        let is_kept = |output: Tensor<4>| output.sum().into_scalar::<f32>().is_nan();
        for activation in [Activation::Relu, Activation::Relu6] {
            assert!(is_kept(layers::activate(activation, input.clone())), "by {activation:?} on {device:?}");
        }
        let window = Window::same(3).stride(2);
        assert!(is_kept(layers::max_pool(window, input.clone())), "by the pool on {device:?}");
        let (gamma, beta) = (Tensor::ones([4], &device), Tensor::zeros([4], &device));
        let (output, _, variance) = fused::normalise(input, gamma, beta, 1e-3);
        assert!(is_kept(output), "by the normalisation on {device:?}");
        assert!(variance.sum().into_scalar::<f32>().is_nan(), "by the variance on {device:?}");
    }
}

#[test]
fn steps_of_adamw_and_a_moving_average_are_burns() {
    for device in devices().into_iter().map(Device::inner) {
        let burn = AdamWConfig::new().with_weight_decay(0.1).build();
        let (mut expected, mut state) = (constant([3, 7], &device), None);
        let zeros = || Tensor::zeros([3, 7], &device);
        let (mut found, mut moments) = (expected.clone(), [zeros(), zeros()]);
        for number in 1..4 {
            let gradient = constant([7, 3], &device).transpose();
            (expected, state) = burn.step(0.01, expected, gradient.clone(), state);
            let step = AdamStep { rate: 0.01, decay: 0.1, betas: [0.9, 0.999], epsilon: 1e-5, number };
            (found, moments) = steps::adamw(found, gradient, moments, step);
            same(found.clone(), expected.clone());
        }
        let target = constant([3, 7], &device);
        same(steps::lerp(found, target.clone(), 0.25), expected * 0.75 + target * 0.25);
    }
}

#[test]
fn a_normalisation_its_statistics_and_its_gradients_are_burns() {
    for device in devices() {
        for ([height, width], channels) in PLANES.into_iter().zip([3, 4, 34, 130, 2]) {
            let shape = [4, channels, height, width];
            let (input, weights) = (random(shape, &device), random(shape, &device));
            let norm = BatchNormConfig::new(channels).with_epsilon(1e-3).with_momentum(1.0).init(&device);
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
}

/// What lies far from zero has a variance too.
#[test]
fn a_normalisation_finds_small_deviations_from_a_large_mean() {
    for device in devices() {
        let input = random([2, 4, 9, 9], &device) * 1e-2 + 50.0;
        let (gamma, beta) = (Tensor::ones([4], &device), Tensor::zeros([4], &device));
        let (_, _, variance) = fused::normalise(input.clone(), gamma, beta, 1e-3);
        let by_channel = input.swap_dims(0, 1).reshape([4, 162]);
        let expected = by_channel.clone().sub(by_channel.mean_dim(1)).square().mean_dim(1).reshape([4]);
        variance.into_data().assert_approx_eq::<f32>(&expected.into_data(), Tolerance::relative(1e-2));
    }
}

#[test]
fn a_frozen_kernel_gets_no_gradient_and_lets_the_inputs_through() {
    for device in devices() {
        let kernel = constant([4, 1, 3, 3], &device);
        let input = random([2, 4, 5, 5], &device);
        let gradients = fused::depthwise(input.clone(), kernel.clone()).sum().backward();
        assert!(input.grad(&gradients).is_some());
        assert!(kernel.grad(&gradients).is_none());
    }
}

/// Activations of 16 bits give what rounding leaves of those of 32; gradients of kernels are of 32.
#[test]
fn half_the_precision_gives_nearly_the_same() {
    for device in devices().into_iter().filter(|device| device.identity().is_some()) {
        if !device.supports_dtype(DType::F16) {
            continue;
        }
        let shape = [2, 8, 9, 7];
        let input = random(shape, &device);
        let [depthwise, norm] = [[8, 9], [1, 8]].map(|shape| random(shape, &device));
        let pointwise = random([6, 8], &device);
        let weights = random([2, 6, 9, 7], &device);
        let run = |precision: FloatDType| {
            let output = fused::depthwise(input.clone().cast(precision), depthwise.clone().reshape([8, 1, 3, 3]));
            let (output, _, _) = fused::normalise(output, norm.clone().reshape([8]), norm.clone().reshape([8]), 1e-3);
            fused::pointwise(output, pointwise.clone()).cast(FloatDType::F32)
        };
        let (found, expected) = (run(FloatDType::F16), run(FloatDType::F32));
        let near = |found: Tensor<2>, expected: Tensor<2>| {
            found.into_data().assert_approx_eq::<f32>(&expected.into_data(), Tolerance::rel_abs(2e-2, 5e-2));
        };
        near(found.clone().reshape([12, 63]), expected.clone().reshape([12, 63]));
        let (found, expected) = (loss(found, &weights).backward(), loss(expected, &weights).backward());
        for parameter in [&depthwise, &norm, &pointwise] {
            near(parameter.grad(&found).unwrap(), parameter.grad(&expected).unwrap());
        }
    }
}
