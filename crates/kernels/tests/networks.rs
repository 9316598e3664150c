//! Every network against nested loops at every stage, and what unfit tensors and images get. Natively and in WebAssembly.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod agreement;
mod generated;
mod plain;

use std::collections::BTreeMap;

use graph::{Architecture, Builder, Graph, GraphError, Tensor, TensorError, Window};
use kernels::{KernelError, Network, Workspace};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Every stage with the side of its planes, then a map where there is one, `avg_pool` and `logits`.
type Stages = Vec<(String, usize, Vec<f32>)>;

fn stages(network: &Network, side: usize, workspace: &mut Workspace) -> Stages {
    let mut stages = Stages::new();
    let mut observe = |name: &str, stage: kernels::Stage<'_>| {
        let (values, channels) = (stage.values(), stage.means().len());
        stages.push((name.to_owned(), (values.len() / channels).isqrt(), values));
    };
    let output = network.run(&generated::image(side), side, workspace, &mut observe).unwrap();
    stages.extend(output.map.map(|map| ("evidence".to_owned(), map.len().isqrt(), map)));
    stages.push(("avg_pool".to_owned(), 1, output.features));
    stages.push(("logits".to_owned(), 1, output.logits));
    stages
}

/// Compares every stage.
fn assert_same(found: &Stages, expected: &Stages) {
    assert_eq!(found.len(), expected.len());
    for ((name, side, found), (expected_name, expected_side, expected)) in found.iter().zip(expected) {
        assert_eq!((name, side), (expected_name, expected_side));
        agreement::assert_close(name, found, expected, *side);
    }
}

/// Compares every stage with nested loops.
fn agrees(graph: &Graph, sides: &[usize]) {
    let tensors = generated::tensors(graph);
    let network = Network::pack(graph.clone(), tensors.clone(), |tensor| tensor).unwrap();
    let mut workspace = Workspace::default();
    for &side in sides {
        let expected = plain::run(graph, &tensors, &generated::image(side), side);
        let found = stages(&network, side, &mut workspace);
        assert_same(&found, &expected);
    }
}

#[test]
fn xception_is_what_nested_loops_make_of_it() {
    // The least; sides whose stages are odd and even; the same buffers for a smaller image after a larger one.
    agrees(&generated::graph(Architecture::Xception), &[32, 71, 48, 33, 62]);
}

#[test]
fn vgg16_is_what_nested_loops_make_of_it() {
    agrees(&generated::graph(Architecture::Vgg16), &[32, 47, 34]);
}

#[test]
fn efficientnet_lite0_is_what_nested_loops_make_of_it() {
    agrees(&generated::graph(Architecture::EfficientNetLite0), &[32, 67, 50]);
}

#[test]
fn a_map_and_the_classes_read_from_it_are_what_nested_loops_make_of_them() {
    for (architecture, sides) in [
        (Architecture::Xception, [32, 71]),
        (Architecture::Vgg16, [32, 64]),
        (Architecture::EfficientNetLite0, [33, 50]),
    ] {
        agrees(&architecture.graph_with_map(4, Some(2)).folded(), &sides);
        agrees(&architecture.graph_with_map(3, None).folded(), &sides[..1]);
    }
}

#[test]
fn depthwise_convolutions_of_any_size_and_stride_are_what_nested_loops_make_of_them() {
    agrees(&generated::mobile(), &[19, 32, 50]);
}

#[test]
fn folding_keeps_every_value() {
    let mut flow = Builder::new("small", 8, 3);
    flow.convolution("stem", 8, Window::same(3).stride(2)).norm("stem_bn").relu("stem_act").stage();
    let input = flow.separable("mixed", 16, Window::same(3)).norm("mixed_bn").relu6("mixed_act").stage().here();
    flow.depthwise("deep", Window::same(5)).norm("deep_bn").biased_convolution("last", 16, Window::valid(1));
    flow.norm("last_bn").add("sum", input).stage().classify("predictions", 3);
    let trained = flow.finish();
    let tensors = generated::tensors(&trained);
    let image = generated::image(19);
    let expected = plain::run(&trained, &tensors, &image.repeat(3), 19);
    let found = plain::run(&trained.folded(), &graph::fold(&trained, &tensors).unwrap(), &image, 19);
    assert_eq!(found.len(), 5);
    assert_same(&found, &expected);
}

#[test]
fn stages_are_averaged_over_the_image() {
    let network = generated::network(Architecture::Xception);
    let mut seen = 0;
    let mut observe = |_: &str, stage: kernels::Stage<'_>| {
        let (values, means) = (stage.values(), stage.means());
        let area = values.len() / means.len();
        for (plane, mean) in values.chunks(area).zip(means) {
            assert!((plane.iter().sum::<f32>() / area as f32 - mean).abs() < 1e-4);
        }
        seen += 1;
    };
    network.run(&generated::image(40), 40, &mut Workspace::default(), &mut observe).unwrap();
    assert_eq!(seen, 16);
}

#[test]
fn an_image_answers_the_same_bits_again_and_after_another_size() {
    let network = generated::network(Architecture::Xception);
    let mut workspace = Workspace::default();
    let first = stages(&network, 45, &mut workspace);
    stages(&network, 64, &mut workspace);
    assert!(first == stages(&network, 45, &mut workspace));
}

#[test]
fn tensors_that_do_not_fit_are_refused() {
    let pack = |change: &dyn Fn(&mut BTreeMap<String, Tensor>)| {
        let graph = generated::graph(Architecture::Xception);
        let mut tensors = generated::tensors(&graph);
        change(&mut tensors);
        Network::pack(graph, tensors, |tensor| tensor).unwrap_err()
    };
    let name = || "block5_sepconv2.pointwise_kernel".to_owned();
    let missing = pack(&|tensors| drop(tensors.remove(&name())));
    assert_eq!(missing, TensorError::Missing { name: name(), network: "xception".into() }.into());
    let shape = pack(&|tensors| tensors.get_mut(&name()).unwrap().shape = vec![728, 727]);
    assert!(shape.to_string().contains("[728, 727]"), "{shape}");
    let short = pack(&|tensors| tensors.get_mut(&name()).unwrap().values.truncate(529_983));
    assert!(matches!(short, KernelError::Tensor(TensorError::Shape { values: 529_983, .. })), "{short}");
    let unknown = pack(&|tensors| {
        let tensor = tensors["predictions.bias"].clone();
        tensors.insert("block15.bias".into(), tensor);
    });
    assert_eq!(unknown, TensorError::Unknown { name: "block15.bias".into(), network: "xception".into() }.into());
}

#[test]
fn images_that_do_not_fit_are_refused() {
    for architecture in Architecture::ALL {
        let network = generated::network(architecture);
        let run = |pixels, side| network.run(&vec![0.0; pixels], side, &mut Workspace::default(), &mut |_, _| ());
        assert_eq!(run(100, 11), Err(KernelError::Pixels { side: 11, found: 100 }));
        assert_eq!(run(0, usize::MAX), Err(KernelError::Pixels { side: usize::MAX, found: 0 }));
        let least = generated::graph(architecture).smallest();
        let small = run((least - 1).pow(2), least - 1);
        assert!(matches!(small, Err(KernelError::Graph(GraphError::Small { .. }))), "{small:?}");
        assert!(run(least.pow(2), least).is_ok());
    }
}
