//! A training step on the machine's graphics adapter beside the same step on the processor.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use burn::optim::{GradientsParams, SgdConfig};
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Tensor, TensorData};
use needs::Need;
use networks::{Architecture, Form, NamedTensor, NetworkConfig};

const SIDE: usize = 71;

fn images(device: &Device) -> Tensor<4> {
    let pixels: Vec<f32> = (0..2 * 3 * SIDE * SIDE).map(|index| (index * 37 % 255) as f32 / 127.5 - 1.0).collect();
    Tensor::from_data(TensorData::new(pixels, [2, 3, SIDE, SIDE]), device)
}

/// Every parameter after one step, from the same start.
fn step(
    architecture: Architecture,
    start: &BTreeMap<String, NamedTensor>,
    device: Device,
) -> BTreeMap<String, NamedTensor> {
    let device = device.autodiff();
    let network = NetworkConfig::new(architecture, 4, Form::Trainable).init(&device).load(start).unwrap().train_from(1);
    let loss = log_softmax(network.forward(images(&device)), 1).slice([0..2, 1..2]).mean().neg();
    let gradients = GradientsParams::from_grads(loss.backward(), &network);
    SgdConfig::new().init().step(1.0, network, gradients).named_tensors().unwrap()
}

#[test]
fn a_step_on_the_adapter_is_that_on_the_processor() {
    let adapter = gpu::on_first_api(|api| Device::wgpu_options().graphics_api(api).init());
    let Some(adapter) = Need::Gpu.met(adapter) else { return };
    for architecture in [Architecture::Xception, Architecture::Vgg16] {
        let network = NetworkConfig::new(architecture, 4, Form::Trainable).init(&Device::flex());
        let start = network.named_tensors().unwrap();
        let expected = step(architecture, &start, Device::flex());
        let found = step(architecture, &start, adapter.clone());
        for (name, expected) in &expected {
            let moved = |tensor: &NamedTensor| -> Vec<f32> {
                tensor.values.iter().zip(&start[name].values).map(|(after, before)| after - before).collect()
            };
            let (found, expected) = (moved(&found[name]), moved(expected));
            let length = |values: &[f32]| values.iter().map(|value| value * value).sum::<f32>().sqrt();
            let apart: Vec<f32> = found.iter().zip(&expected).map(|(a, b)| a - b).collect();
            // Rounding grows through forty normalisations of few pixels; what the loss hardly depends on is all rounding.
            let allowed = 5e-2 * length(&expected) + 1e-5 * (expected.len() as f32).sqrt();
            assert!(length(&apart) <= allowed, "{name}: {} of {}", length(&apart), length(&expected));
        }
    }
}
