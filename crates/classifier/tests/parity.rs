//! The CPU engine against Burn's, stage by stage, on networks that Burn drew.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use burn::tensor::{Device, Tensor, TensorData};
use kernels::{Stage, Workspace};
use networks::{Architecture, Form, Network, NetworkConfig};

fn drawn(architecture: Architecture) -> Network {
    let device = Device::flex();
    device.seed(3);
    NetworkConfig::new(architecture, 4, Form::Folded).init(&device)
}

fn packed(network: &Network) -> kernels::Network {
    let graph = network.architecture().graph(4).folded();
    kernels::Network::pack(graph, network.named_tensors().unwrap(), |tensor| tensor).unwrap()
}

fn image(side: usize) -> Vec<f32> {
    (0..side * side).map(|index| ((index * 31 % 97) as f32 / 48.0 - 1.0) * (index as f32 * 0.01).cos()).collect()
}

/// Every stage, `avg_pool` and the logits, as Burn computes them.
fn by_burn(network: &Network, side: usize) -> Vec<(String, Vec<f32>)> {
    let images = Tensor::from_data(TensorData::new(image(side), [1, 1, side, side]), &Device::flex());
    let mut stages = Vec::new();
    let pooled = network.observed(images, &mut |name, stage| {
        stages.push((name.to_owned(), stage.clone().into_data().try_to_vec().unwrap()));
    });
    stages.push(("avg_pool".to_owned(), pooled.clone().into_data().try_to_vec().unwrap()));
    stages.push(("logits".to_owned(), network.classify(pooled).into_data().try_to_vec().unwrap()));
    stages
}

fn by_kernels(network: &kernels::Network, side: usize, workspace: &mut Workspace) -> Vec<(String, Vec<f32>)> {
    let mut stages = Vec::new();
    let mut observe = |name: &str, stage: Stage<'_>| stages.push((name.to_owned(), stage.values()));
    let output = network.run(&image(side), side, workspace, &mut observe).unwrap();
    stages.push(("avg_pool".to_owned(), output.features));
    stages.push(("logits".to_owned(), output.logits));
    stages
}

fn agree(architecture: Architecture, sides: &[usize]) {
    let network = drawn(architecture);
    let packed = packed(&network);
    let mut workspace = Workspace::default();
    for &side in sides {
        let expected = by_burn(&network, side);
        let found = by_kernels(&packed, side, &mut workspace);
        assert_eq!(found.len(), expected.len());
        for ((stage, found), (expected_stage, expected)) in found.iter().zip(&expected) {
            assert_eq!((stage, found.len()), (expected_stage, expected.len()));
            let largest = expected.iter().fold(0.0, |most: f32, value| most.max(value.abs()));
            let worst = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(worst <= 1e-4 * largest, "{stage} at {side}: off by {worst} of {largest}");
        }
    }
}

#[test]
fn xception_on_the_cpu_is_burns_in_every_stage() {
    agree(Architecture::Xception, &[71, 96, 107, 128, 150, 299]);
}

#[test]
fn vgg16_on_the_cpu_is_burns_in_every_stage() {
    agree(Architecture::Vgg16, &[71, 96, 107, 128, 150, 299]);
}

#[test]
fn efficientnet_lite0_on_the_cpu_is_burns_in_every_stage() {
    agree(Architecture::EfficientNetLite0, &[71, 96, 107]);
}
