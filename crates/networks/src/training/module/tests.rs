//! A graph with every operation as a Burn module, against nested loops.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../../../kernels/tests/plain/mod.rs"]
mod plain;

use burn::tensor::TensorData;
use graph::{Builder, Window};

use super::*;
use crate::NamedTensor;
use crate::training::named;

/// Everything that a graph may have.
fn everything() -> Graph {
    trunk().classify("predictions", 3).finish()
}

fn trunk() -> Builder {
    let explicit = Window { size: 3, stride: 2, padding: graph::Padding::Explicit { before: 1, after: 0 } };
    let mut flow = Builder::new("everything", 24, 3);
    flow.convolution("stem", 8, Window::same(3).stride(2)).norm("stem_bn").relu6("stem_act").stage();
    let input = flow.block(2).depthwise("deep", Window::same(5)).norm("deep_bn").relu("deep_act").stage().here();
    flow.separable("mixed", 8, Window::same(3)).norm("mixed_bn").add("sum", input).stage();
    flow.block(3).depthwise("halved", Window::same(5).stride(2)).norm("halved_bn").stage();
    flow.biased_convolution("wide", 16, Window::valid(1)).relu("wide_act").max_pool("most", Window::same(3)).stage();
    flow.average_pool("mean", Window::same(2)).stage().max_pool("last", explicit).stage();
    flow
}

/// The same with a head that has a map, of which the one class or none is nothing.
fn mapped(none: Option<usize>) -> Graph {
    let pyramid = graph::Pyramid { fine: "sum", coarse: "halved", halving: Window::same(2).stride(2) };
    trunk().evidence(&pyramid, 3, none).finish()
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

fn module(graph: &Graph) -> GraphModule {
    let mut module = GraphModule::new(graph.clone(), 0.0, &Device::flex());
    named::write(module.named_parameters(), &tensors(graph), graph.name()).unwrap();
    module
}

/// Pooled features and answers.
fn wanted(graph: &Graph) -> Vec<NodeId> {
    graph.node("avg_pool").into_iter().chain(graph.outputs().iter().copied()).collect()
}

fn image() -> Vec<f32> {
    (0..3 * 26 * 26).map(wave).collect()
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}

fn input(channels: usize) -> Tensor<4> {
    Tensor::from_data(TensorData::new(image()[..channels * 26 * 26].to_vec(), [1, channels, 26, 26]), &Device::flex())
}

#[test]
fn every_operation_is_what_nested_loops_make_of_it() {
    let trainable = [everything(), mapped(Some(1)), mapped(Some(2)), mapped(None)];
    for graph in trainable.iter().flat_map(|graph| [graph.clone(), graph.folded()]) {
        let channels = graph.channels()[0];
        let expected = plain::run(&graph, &tensors(&graph), &image()[..channels * 26 * 26], 26);
        let mut found = BTreeMap::new();
        let mut observe = |name: &str, hooked: Hooked<'_>| {
            if let Hooked::Stage(stage) = hooked {
                found.insert(name.to_owned(), values(stage.clone()));
            }
        };
        let wanted = wanted(&graph);
        let answers = module(&graph).forward(input(channels), 1..usize::MAX, &wanted, Some(&mut observe));
        for (node, answer) in wanted.into_iter().zip(answers) {
            let name = if graph.class_output() == Some(node) { "logits" } else { &graph.nodes()[node].name };
            found.insert(name.to_owned(), values(answer));
        }
        assert_eq!(found.len(), expected.len());
        for (name, _, expected) in &expected {
            let found = &found[name];
            assert_eq!(found.len(), expected.len(), "{name}");
            let largest = expected.iter().fold(0.0, |most: f32, value| most.max(value.abs()));
            let worst = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(largest > 0.1 && worst <= 1e-4 * largest, "{name}: off by {worst} of {largest}");
        }
    }
}

#[test]
fn blocks_one_after_the_other_are_the_whole() {
    for (graph, cuts) in [(everything(), 2..=4), (mapped(Some(1)), 2..=3)] {
        let (module, wanted) = (module(&graph), wanted(&graph));
        let whole = module.forward(input(3), 1..usize::MAX, &wanted, None);
        for cut in cuts {
            assert!(graph.is_cut(cut));
            let last = graph.nodes().iter().rposition(|node| node.block < cut).unwrap();
            let before = module.forward(input(3), 1..cut, &[last], None).pop().unwrap();
            let rest = module.forward(before, cut..usize::MAX, &wanted, None);
            for (rest, whole) in rest.into_iter().zip(&whole) {
                assert_eq!(values(rest), values(whole.clone()), "cut before block {cut}");
            }
        }
    }
}

/// Without an observer the processor does several layers in one.
#[test]
fn what_nobody_looks_at_is_the_same() {
    for graph in [everything(), mapped(Some(0))] {
        let (module, wanted) = (module(&graph), wanted(&graph));
        let seen = module.forward(input(3), 1..usize::MAX, &wanted, Some(&mut |_, _| ()));
        let unseen = module.forward(input(3), 1..usize::MAX, &wanted, None);
        for (seen, unseen) in seen.into_iter().zip(unseen) {
            assert!(values(seen).iter().zip(values(unseen)).all(|(seen, unseen)| (seen - unseen).abs() < 1e-5));
        }
    }
}

/// The gradient of every parameter of a head with a map, against differences of what it answers.
#[test]
fn a_map_and_the_classes_read_from_it_can_be_trained() {
    let graph = mapped(Some(1));
    let device = Device::flex().autodiff();
    let mut module = GraphModule::new(graph.clone(), 0.0, &device);
    let tensors = tensors(&graph);
    named::write(module.named_parameters(), &tensors, graph.name()).unwrap();
    let images = Tensor::from_data(TensorData::new(image(), [1, 3, 26, 26]), &device);
    let answers = |module: &GraphModule| module.forward(images.clone(), 1..usize::MAX, graph.outputs(), None);
    let weights = |count: usize| (0..count).map(wave).collect::<Vec<f32>>();
    let weighed = |answer: Tensor<4>| {
        let weights = TensorData::new(weights(answer.shape().num_elements()), answer.dims());
        (answer * Tensor::from_data(weights, &device)).sum()
    };
    let gradients = answers(&module).into_iter().map(weighed).reduce(|a, b| a + b).unwrap().backward();
    // In f64, since differences of sums are small.
    let sum = |module: &GraphModule| -> f64 {
        let answers = answers(module).into_iter().map(values);
        let weighed = |answer: Vec<f32>| {
            let pairs = weights(answer.len()).into_iter().zip(answer);
            pairs.map(|(weight, value)| f64::from(weight) * f64::from(value)).sum::<f64>()
        };
        answers.map(weighed).sum()
    };
    // The weight of each tensor on which most depends: of others rounding and the kinks of ReLU hide the difference.
    let steepest = |module: &mut GraphModule, name: &str| {
        let parameters = module.named_parameters();
        let (_, parameter) = parameters.iter().find(|(own, _)| own == name).unwrap();
        let gradient = match parameter {
            named::ParameterMut::Vector(param) => values(param.val().grad(&gradients).unwrap()),
            named::ParameterMut::Matrix(param) => values(param.val().grad(&gradients).unwrap()),
            named::ParameterMut::Kernel(param) => values(param.val().grad(&gradients).unwrap()),
            named::ParameterMut::Statistic(_) => unreachable!(),
        };
        gradient.into_iter().enumerate().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs())).unwrap()
    };
    let names = ["evidence.bias", "evidence_coarse.kernel", "evidence_fine.kernel", "kinds.kernel", "presence.kernel"];
    let found = names.map(|name| (name, steepest(&mut module, name)));
    for (name, (index, gradient)) in found {
        let mut moved = |by: f32| {
            let mut tensors = tensors.clone();
            tensors.get_mut(name).unwrap().values[index] += by;
            named::write(module.named_parameters(), &tensors, graph.name()).unwrap();
            sum(&module)
        };
        let difference = ((moved(1e-3) - moved(-1e-3)) / 2e-3) as f32;
        assert!(gradient.abs() > 1e-3, "{name}: {gradient}");
        assert!((gradient - difference).abs() < 0.03 * difference.abs(), "{name}: {gradient}, not {difference}");
    }
}

#[test]
fn a_new_network_takes_a_high_map_for_presence_whatever_chance_draws() {
    for _ in 0..8 {
        let mut module = GraphModule::new(mapped(Some(1)), 0.0, &Device::flex());
        let tensors = named::read(&module.named_parameters()).unwrap();
        assert_eq!(tensors["presence.kernel"].values, [1.0]);
    }
}
