//! A graph with every operation as a Burn module, against nested loops.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../../kernels/tests/plain/mod.rs"]
mod plain;

use burn::tensor::TensorData;
use graph::{Builder, Window};

use super::*;
use crate::{NamedTensor, named};

/// Everything that a graph may have.
fn everything() -> Graph {
    let explicit = Window { size: 3, stride: 2, padding: graph::Padding::Explicit { before: 1, after: 0 } };
    let mut flow = Builder::new("everything", 24, 3);
    flow.convolution("stem", 8, Window::same(3).stride(2)).norm("stem_bn").relu6("stem_act").stage();
    let input = flow.block(2).depthwise("deep", Window::same(5)).norm("deep_bn").relu("deep_act").stage().here();
    flow.separable("mixed", 8, Window::same(3)).norm("mixed_bn").add("sum", input).stage();
    flow.block(3).depthwise("halved", Window::same(5).stride(2)).norm("halved_bn").stage();
    flow.biased_convolution("wide", 16, Window::valid(1)).relu("wide_act").max_pool("most", Window::same(3)).stage();
    flow.average_pool("mean", Window::same(2)).stage().max_pool("last", explicit).stage();
    flow.classify("predictions", 3).finish()
}

/// A number from -1 to 1 that follows from another.
fn wave(index: usize) -> f32 {
    (index as f32 * 12.9898).sin()
}

fn tensors(graph: &Graph) -> BTreeMap<String, NamedTensor> {
    let draw = |(number, graph::Parameter { name, shape, .. }): (usize, graph::Parameter)| {
        let middle = if name.ends_with("gamma") || name.ends_with("variance") { 1.0 } else { 0.0 };
        let length = shape.iter().product::<usize>();
        let values = (0..length).map(|index| middle + 0.5 * wave(index + 100 * number)).collect();
        (name, NamedTensor { shape, values })
    };
    graph.parameters().into_iter().enumerate().map(draw).collect()
}

fn trunk(graph: &Graph) -> Trunk {
    let mut trunk = Trunk::new(graph.clone(), &Device::flex());
    named::write(trunk.slots(), &tensors(graph), graph.name()).unwrap();
    trunk
}

fn image() -> Vec<f32> {
    (0..3 * 26 * 26).map(wave).collect()
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}

#[test]
fn every_operation_is_what_nested_loops_make_of_it() {
    for graph in [everything(), everything().folded()] {
        let channels = graph.channels()[0];
        let image = image()[..channels * 26 * 26].to_vec();
        let mut expected = plain::run(&graph, &tensors(&graph), &image, 26);
        expected.retain(|(name, ..)| name != "avg_pool" && name != "logits");
        let mut found = Vec::new();
        let input = Tensor::from_data(TensorData::new(image, [1, channels, 26, 26]), &Device::flex());
        let last = trunk(&graph).forward(
            input,
            1..4,
            Some(&mut |name, shown| {
                if let Shown::Stage(stage) = shown {
                    found.push((name.to_owned(), values(stage.clone())));
                }
            }),
        );
        assert_eq!(values(last), found.last().unwrap().1);
        assert_eq!(found.len(), 7);
        for ((name, found), (expected_name, _, expected)) in found.iter().zip(&expected) {
            assert_eq!((name, found.len()), (expected_name, expected.len()));
            let largest = expected.iter().fold(0.0, |most: f32, value| most.max(value.abs()));
            let worst = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(largest > 0.1 && worst <= 1e-4 * largest, "{name}: off by {worst} of {largest}");
        }
    }
}

#[test]
fn blocks_one_after_the_other_are_the_whole() {
    let graph = everything();
    let trunk = trunk(&graph);
    let input = Tensor::from_data(TensorData::new(image(), [1, 3, 26, 26]), &Device::flex());
    let whole = values(trunk.forward(input.clone(), 1..4, None));
    for cut in 1..=4 {
        let before = trunk.forward(input.clone(), 1..cut, None);
        assert_eq!(values(trunk.forward(before, cut..4, None)), whole, "cut before block {cut}");
    }
}

/// Without an observer the processor does several layers in one.
#[test]
fn what_nobody_looks_at_is_the_same() {
    let (graph, input) = (everything(), Tensor::from_data(TensorData::new(image(), [1, 3, 26, 26]), &Device::flex()));
    let trunk = trunk(&graph);
    let seen = values(trunk.forward(input.clone(), 1..4, Some(&mut |_, _| ())));
    let unseen = values(trunk.forward(input, 1..4, None));
    assert!(seen.iter().zip(unseen).all(|(seen, unseen)| (seen - unseen).abs() < 1e-5));
}
