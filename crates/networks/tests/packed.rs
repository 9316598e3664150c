//! Every stage of every packed network on the machine's adapter against the CPU's kernels, at odd sizes and in batches.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../kernels/tests/agreement/mod.rs"]
mod agreement;
#[path = "../../kernels/tests/generated/mod.rs"]
mod generated;

use std::collections::BTreeMap;

use agreement::assert_close;
use burn::tensor::Device;
use generated::Numbers;
use gpu::Tile;
use graph::{Architecture, Graph, GraphError, TensorError};
use kernels::{Network, Workspace};
use needs::Need;
use networks::{PackedError, PackedNetwork};
use weights::Tensor;

type Tensors = BTreeMap<String, Tensor>;
/// Every stage with the side of its planes.
type Stages = Vec<(String, usize, Vec<f32>)>;

/// `None`, which makes the test a skipped one, where the machine has no adapter.
fn device() -> Option<Device> {
    Need::Gpu.met(pollster::block_on(gpu::open())).map(|(device, _)| device.into())
}

/// The generated tensors as a weights file holds them: kernels as int8 if `packed`, the rest as floats.
fn tensors(graph: &Graph, packed: bool) -> Tensors {
    let tensor = |(name, tensor): (String, graph::Tensor)| {
        let packed = packed && name.ends_with("kernel");
        let tensor = if packed {
            weights::quantise(&tensor.shape, &tensor.values).unwrap()
        } else {
            Tensor::float(tensor.shape, tensor.values)
        };
        (name, tensor)
    };
    generated::tensors(graph).into_iter().map(tensor).collect()
}

fn images(count: usize, size: usize) -> Vec<f32> {
    Numbers(3).take(count * size * size).collect()
}

/// The same network on the CPU: every stage, and the logits.
fn on_the_cpu(graph: Graph, tensors: Tensors, image: &[f32], size: usize) -> Stages {
    let dequantise = |tensor: Tensor| graph::Tensor { values: tensor.to_f32(), shape: tensor.shape };
    let network = Network::pack(graph, tensors, dequantise).unwrap();
    let mut stages = Stages::new();
    let mut observe = |name: &str, stage: kernels::Stage<'_>| {
        let (values, channels) = (stage.values(), stage.means().len());
        stages.push((name.to_owned(), (values.len() / channels).isqrt(), values));
    };
    let output = network.run(image, size, &mut Workspace::default(), &mut observe).unwrap();
    stages.extend([("avg_pool".to_owned(), 1, output.features), ("logits".to_owned(), 1, output.logits)]);
    stages.extend(output.map.map(|map| ("evidence".to_owned(), map.len().isqrt(), map)));
    stages
}

fn every_stage_is_that_of_the_cpu(graph: &Graph, size: usize, tile: Tile, packed: bool) {
    let Some(device) = device() else { return };
    let tensors = tensors(graph, packed);
    let image = images(1, size);
    let expected = on_the_cpu(graph.clone(), tensors.clone(), &image, size);
    let network = PackedNetwork::tiled(graph.clone(), tensors, &device, tile).unwrap();
    let mut found = pollster::block_on(network.stages(&image, size)).unwrap();
    let answer = pollster::block_on(network.answers(&image, size, None)).unwrap().remove(0);
    found.extend([("avg_pool".to_owned(), answer.features), ("logits".to_owned(), answer.logits)]);
    found.extend(answer.map.map(|map| ("evidence".to_owned(), map)));
    assert_eq!(found.len(), expected.len());
    for ((name, found), (expected_name, side, expected)) in found.iter().zip(&expected) {
        assert_eq!(name, expected_name);
        assert_close(name, found, expected, *side);
    }
}

#[test]
fn xception_of_int8_is_right_in_every_stage_at_an_odd_size() {
    every_stage_is_that_of_the_cpu(&generated::graph(Architecture::Xception), 47, Tile::SOFTWARE, true);
    every_stage_is_that_of_the_cpu(&generated::graph(Architecture::Xception), 39, Tile::GPU, true);
}

#[test]
fn xception_of_floats_is_right_in_every_stage_at_an_even_size() {
    every_stage_is_that_of_the_cpu(&generated::graph(Architecture::Xception), 34, Tile::SOFTWARE, false);
    every_stage_is_that_of_the_cpu(&generated::graph(Architecture::Xception), 46, Tile::GPU, false);
}

#[test]
fn vgg16_of_int8_is_right_in_every_stage_at_an_odd_size() {
    every_stage_is_that_of_the_cpu(&generated::graph(Architecture::Vgg16), 37, Tile::SOFTWARE, true);
    every_stage_is_that_of_the_cpu(&generated::graph(Architecture::Vgg16), 33, Tile::GPU, true);
}

#[test]
fn vgg16_of_floats_is_right_in_every_stage_at_an_even_size() {
    every_stage_is_that_of_the_cpu(&generated::graph(Architecture::Vgg16), 32, Tile::SOFTWARE, false);
    every_stage_is_that_of_the_cpu(&generated::graph(Architecture::Vgg16), 32, Tile::GPU, false);
}

#[test]
fn efficientnet_lite0_is_right_in_every_stage() {
    every_stage_is_that_of_the_cpu(&generated::graph(Architecture::EfficientNetLite0), 53, Tile::SOFTWARE, true);
    every_stage_is_that_of_the_cpu(&generated::graph(Architecture::EfficientNetLite0), 64, Tile::GPU, false);
}

#[test]
fn a_map_and_the_classes_read_from_it_are_right() {
    let mapped = |architecture: Architecture, none| architecture.graph_with_map(4, none).folded();
    every_stage_is_that_of_the_cpu(&mapped(Architecture::Xception, Some(2)), 47, Tile::SOFTWARE, true);
    every_stage_is_that_of_the_cpu(&mapped(Architecture::Vgg16, Some(0)), 32, Tile::GPU, false);
    every_stage_is_that_of_the_cpu(&mapped(Architecture::EfficientNetLite0, None), 53, Tile::GPU, true);
}

#[test]
fn depthwise_convolutions_of_any_size_and_stride_are_right_in_every_stage() {
    every_stage_is_that_of_the_cpu(&generated::mobile(), 37, Tile::SOFTWARE, false);
    every_stage_is_that_of_the_cpu(&generated::mobile(), 50, Tile::GPU, true);
}

#[test]
fn an_image_answers_the_same_alone_and_in_a_batch() {
    let Some(device) = device() else { return };
    let size = 35;
    let graph = generated::graph(Architecture::Xception);
    let tensors = tensors(&graph, true);
    let network = PackedNetwork::tiled(graph, tensors, &device, Tile::GPU).unwrap();
    let answers = |images: &[f32]| pollster::block_on(network.answers(images, size, Some("block4_out"))).unwrap();
    let images = images(32, size);
    let alone = [0, 2, 7, 31].map(|number| answers(&images[number * size * size..][..size * size]).remove(0));
    for batch in [3, 8, 32] {
        let together = answers(&images[..batch * size * size]);
        assert_eq!(together.len(), batch);
        for (number, expected) in [0, 2, 7, 31].into_iter().zip(&alone).filter(|(number, _)| *number < batch) {
            assert_close("logits", &together[number].logits, &expected.logits, 1);
            assert_close("features", &together[number].features, &expected.features, 1);
            assert_close("stage", &together[number].stage, &expected.stage, 1);
        }
    }
}

#[test]
fn a_stage_is_averaged_over_the_picture() {
    let Some(device) = device() else { return };
    let (size, image) = (50, images(1, 50));
    let graph = generated::graph(Architecture::Vgg16);
    let tensors = tensors(&graph, true);
    let network = PackedNetwork::tiled(graph, tensors, &device, Tile::SOFTWARE).unwrap();
    for (name, values) in pollster::block_on(network.stages(&image, size)).unwrap() {
        let answer = pollster::block_on(network.answers(&image, size, Some(&name))).unwrap().remove(0);
        let area = values.len() / answer.stage.len();
        let means: Vec<f32> = values.chunks(area).map(|channel| channel.iter().sum::<f32>() / area as f32).collect();
        assert_close(&name, &answer.stage, &means, 1);
    }
}

#[test]
fn tensors_that_do_not_fit_are_refused() {
    let Some(device) = device() else { return };
    let refused = |change: &dyn Fn(&mut Tensors)| {
        let graph = generated::graph(Architecture::Vgg16);
        let mut tensors = tensors(&graph, false);
        change(&mut tensors);
        PackedNetwork::tiled(graph, tensors, &device, Tile::GPU).unwrap_err()
    };
    let missing = refused(&|tensors| drop(tensors.remove("block3_conv2.bias")));
    assert_eq!(missing, TensorError::Missing { name: "block3_conv2.bias".into(), network: "vgg16".into() }.into());
    let unknown = refused(&|tensors| drop(tensors.insert("block6.bias".into(), Tensor::float(vec![1], vec![0.0]))));
    assert_eq!(unknown, TensorError::Unknown { name: "block6.bias".into(), network: "vgg16".into() }.into());
    let bent = refused(&|tensors| tensors.get_mut("block1_conv1.kernel").unwrap().shape = vec![64, 9]);
    assert!(bent.to_string().contains("[64, 9]"), "{bent}");
}

#[test]
fn images_of_another_size_and_unknown_stages_are_refused() {
    let Some(device) = device() else { return };
    let graph = generated::graph(Architecture::Vgg16);
    let tensors = tensors(&graph, false);
    let network = PackedNetwork::tiled(graph, tensors, &device, Tile::SOFTWARE).unwrap();
    let forward = |images: &[f32], size, stage| pollster::block_on(network.answers(images, size, stage)).unwrap_err();
    assert!(matches!(forward(&[0.0; 1000], 32, None), PackedError::Images { values: 1000, .. }));
    let small = GraphError::Small { network: "vgg16".into(), found: 8, smallest: 32 };
    assert_eq!(forward(&[0.0; 64], 8, None), small.into());
    assert_eq!(forward(&[0.0; 1024], 32, Some("block9")), PackedError::Stage { name: "block9".into() });
}
