//! Networks and images whose values are drawn by a small generator, the same on every machine.

#![allow(dead_code, clippy::expect_used, reason = "a test fails by panicking, and none uses all")]

use std::collections::BTreeMap;

use graph::{Architecture, Builder, Graph, Parameter, Tensor, Window};
use kernels::Network;

/// Numbers from -1 to 1, by a linear congruential generator (Knuth's constants).
pub struct Numbers(pub u64);

impl Iterator for Numbers {
    type Item = f32;

    fn next(&mut self) -> Option<f32> {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Some((self.0 >> 40) as f32 / (1_u64 << 23) as f32 - 1.0)
    }
}

/// A grey image in [-1, 1].
pub fn image(side: usize) -> Vec<f32> {
    Numbers(7).take(side * side).collect()
}

/// A network with four classes in its inference form.
pub fn graph(architecture: Architecture) -> Graph {
    architecture.graph(4).folded()
}

/// A small network of inverted residual blocks (Sandler et al. 2018): depthwise convolutions of 3x3 and 5x5 at strides of 1
/// and 2, `ReLU6`, sums.
pub fn mobile() -> Graph {
    let mut flow = Builder::new("mobile", 8, 3);
    flow.convolution("stem", 16, Window::same(3).stride(2)).norm("stem_bn").relu6("stem_act").stage();
    for (block, size, stride) in [(2, 3, 1), (3, 5, 1), (4, 3, 2), (5, 5, 2)] {
        let input = flow.block(block).here();
        let layer = |name: &str| format!("block{block}_{name}");
        flow.convolution(&layer("expand"), 32, Window::valid(1)).norm(&layer("expand_bn")).relu6(&layer("expand_act"));
        flow.depthwise(&layer("deep"), Window::same(size).stride(stride)).norm(&layer("deep_bn")).relu6(&layer("act"));
        flow.convolution(&layer("project"), 16, Window::valid(1)).norm(&layer("project_bn"));
        if stride == 1 {
            flow.add(&layer("sum"), input);
        }
        flow.stage();
    }
    flow.classify("predictions", 4).finish().folded()
}

/// A packed network with four classes.
pub fn network(architecture: Architecture) -> Network {
    let graph = graph(architecture);
    let tensors = tensors(&graph);
    Network::pack(graph, tensors, |tensor| tensor).expect("the tensors are the network's")
}

/// The tensors of a network; kernels drawn so that activations keep their size, normalisations so that they do something.
pub fn tensors(graph: &Graph) -> BTreeMap<String, Tensor> {
    let draw = |Parameter { name, shape, .. }| {
        let fan_in: usize = shape.iter().skip(1).product();
        let (middle, gain) = match name.rsplit_once('.').map_or("", |(_, parameter)| parameter) {
            "gamma" => (1.0, 0.3),
            "moving_variance" => (1.0, 0.5),
            "bias" | "beta" | "moving_mean" => (0.0, 0.1),
            _ => (0.0, (4.0 / fan_in as f32).sqrt()),
        };
        let values = Numbers(seed(&name)).take(shape.iter().product()).map(|value| middle + value * gain).collect();
        (name, Tensor { shape, values })
    };
    graph.parameters().into_iter().map(draw).collect()
}

/// FNV-1a of a name.
fn seed(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
