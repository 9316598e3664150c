//! The CPU engine, which runs the folded network, against Burn with the network as it was trained, stage by stage.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../kernels/tests/agreement/mod.rs"]
mod agreement;
#[path = "../../networks/tests/generated/mod.rs"]
mod generated;

use burn::tensor::{Device, Tensor, TensorData};
use generated::Stages;
use graph::Graph;
use kernels::{Stage, Workspace};
use networks::{Architecture, Form, NetworkConfig};

/// What training leaves, folded and packed.
fn packed(graph: &Graph) -> kernels::Network {
    let folded = graph::fold(graph, &generated::tensors_of(graph)).unwrap();
    kernels::Network::pack(graph.folded(), folded, |tensor| tensor).unwrap()
}

fn image(side: usize) -> Vec<f32> {
    (0..side * side).map(|index| ((index * 31 % 97) as f32 / 48.0 - 1.0) * (index as f32 * 0.01).cos()).collect()
}

fn by_kernels(network: &kernels::Network, side: usize, workspace: &mut Workspace) -> Vec<(String, Vec<f32>)> {
    let mut stages = Vec::new();
    let mut observe = |name: &str, stage: Stage<'_>| stages.push((name.to_owned(), stage.values()));
    let output = network.run(&image(side), side, workspace, &mut observe).unwrap();
    stages.push(("avg_pool".to_owned(), output.features));
    stages.push(("logits".to_owned(), output.logits));
    stages.extend(output.map.map(|map| ("evidence".to_owned(), map)));
    stages
}

fn agree(architecture: Architecture, sides: &[usize]) {
    let config = NetworkConfig::new(architecture, 4, Form::Trainable);
    agrees(&config, &architecture.graph(4), sides);
    agrees(&config.with_map(Some(2)), &architecture.graph_with_map(4, Some(2)), &[96]);
}

fn agrees(config: &NetworkConfig, graph: &Graph, sides: &[usize]) {
    let trained = config.init(&Device::flex()).load(&generated::tensors_of(graph)).unwrap();
    let packed = packed(graph);
    let mut workspace = Workspace::default();
    for &side in sides {
        let images = Tensor::from_data(TensorData::new(image(side), [1, 1, side, side]), &Device::flex());
        let expected: Stages = generated::stages(&trained, Form::Trainable, images);
        let found = by_kernels(&packed, side, &mut workspace);
        assert_eq!(found.len(), expected.len());
        for ((name, found), (expected_name, side_of_stage, expected)) in found.iter().zip(&expected) {
            assert_eq!(name, expected_name);
            agreement::assert_close(&format!("{name} at {side}"), found, expected, *side_of_stage);
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
