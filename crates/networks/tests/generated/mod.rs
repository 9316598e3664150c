//! Networks whose weights follow from a formula, normalisation included: every scale, shift, mean and variance is another
//! than in a fresh network, and than in every other layer.

#![allow(dead_code, clippy::unwrap_used, reason = "a test fails by panicking, and none uses all")]

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor, TensorData};
use graph::{Graph, Parameter};
use networks::{Architecture, Form, NamedTensor, Network, NetworkConfig};

/// The output of `SplitMix64` for a state.
fn split_mix(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The formula of `make_reference.py` for the weight at `index` of the tensor `name`.
pub fn weight(name: &str, index: usize, fan_in: usize) -> f32 {
    let hash = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let u = (split_mix(hash ^ index as u64) >> 40) as f32 / 16_777_216.0;
    match name.rsplit_once('.').unwrap().1 {
        "gamma" => 0.8 + 0.4 * u,
        "moving_variance" => 0.5 + u,
        "depthwise_kernel" => (2.0 * u - 1.0) * (3.0_f32 / 9.0).sqrt(),
        "kernel" | "pointwise_kernel" => (2.0 * u - 1.0) * (6.0 / fan_in as f32).sqrt(),
        _ => -0.1 + 0.2 * u,
    }
}

/// Pointwise kernels are smaller here than in the fixtures by this factor: activations stay of the size of the shifts of
/// normalisation, as training leaves them, and so a wrong shift shows in the answers.
const POINTWISE: f32 = 0.5;

/// A network with four classes as training leaves it.
pub fn tensors(architecture: Architecture) -> BTreeMap<String, NamedTensor> {
    tensors_of(&architecture.graph(4))
}

/// A network as training leaves it.
pub fn tensors_of(graph: &Graph) -> BTreeMap<String, NamedTensor> {
    let generate = |Parameter { name, shape, .. }: Parameter| {
        let fan_in = shape.iter().skip(1).product();
        let factor = if name.ends_with("pointwise_kernel") { POINTWISE } else { 1.0 };
        let length = shape.iter().product();
        let values = (0..length).map(|index| factor * weight(&name, index, fan_in)).collect();
        (name, NamedTensor { shape, values })
    };
    graph.parameters().into_iter().map(generate).collect()
}

/// A network of these tensors.
pub fn network(architecture: Architecture, form: Form, tensors: &BTreeMap<String, NamedTensor>) -> Network {
    NetworkConfig::new(architecture, 4, form).init(&Device::flex()).load(tensors).unwrap()
}

/// Two grey images `[2, 1, side, side]` in [-1, 1].
pub fn images(side: usize, device: &Device) -> Tensor<4> {
    let pixels = (0..2 * side * side).map(|index| (index * 37 % 255) as f32 / 127.5 - 1.0).collect();
    Tensor::from_data(TensorData::new(pixels, [2, 1, side, side]), device)
}

/// Features of a network by name, each with the side of its planes.
pub type Stages = Vec<(String, usize, Vec<f32>)>;

/// What a network of either form makes of grey images: every stage, `avg_pool`, the logits, and the map where it has one.
pub fn stages(network: &Network, form: Form, images: Tensor<4>) -> Stages {
    let mut stages = Stages::new();
    let answers = network.observed(images.repeat_dim(1, form.channels()), &mut |name, stage| {
        stages.push((name.to_owned(), stage.dims()[2], stage.clone().into_data().try_to_vec().unwrap()));
    });
    stages.push(("avg_pool".to_owned(), 1, answers.features.into_data().try_to_vec().unwrap()));
    stages.push(("logits".to_owned(), 1, answers.logits.into_data().try_to_vec().unwrap()));
    stages.extend(answers.map.map(|map| ("evidence".to_owned(), map.dims()[2], map.into_data().try_to_vec().unwrap())));
    stages
}
