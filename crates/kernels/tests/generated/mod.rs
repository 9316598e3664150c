//! Networks and images whose values are drawn by a small generator, the same on every machine.

#![allow(dead_code, clippy::expect_used, reason = "a test fails by panicking, and none uses all")]

use std::collections::BTreeMap;

use kernels::{Architecture, Network, Tensor};

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

/// A network with four classes.
pub fn network(architecture: Architecture) -> Network {
    let tensors = tensors(architecture);
    Network::pack(architecture, 4, tensors, |tensor| tensor).expect("the tensors are the network's")
}

/// The tensors of a network with four classes; kernels drawn so that activations keep their size.
pub fn tensors(architecture: Architecture) -> BTreeMap<String, Tensor> {
    let shapes = match architecture {
        Architecture::Xception => xception(),
        Architecture::Vgg16 => vgg16(),
    };
    let draw = |(index, (name, shape)): (usize, (String, Vec<usize>))| {
        let fan_in: usize = shape.iter().skip(1).product();
        let gain = if name.ends_with("bias") { 0.1 } else { (4.0 / fan_in as f32).sqrt() };
        let values = Numbers(index as u64).take(shape.iter().product()).map(|value| value * gain).collect();
        (name, Tensor { shape, values })
    };
    shapes.into_iter().enumerate().map(draw).collect()
}

type Shapes = Vec<(String, Vec<usize>)>;

fn convolution(layer: &str, [input, output]: [usize; 2], size: usize) -> Shapes {
    vec![(format!("{layer}.kernel"), vec![output, input, size, size]), (format!("{layer}.bias"), vec![output])]
}

fn separable(layer: &str, [input, output]: [usize; 2]) -> Shapes {
    vec![
        (format!("{layer}.depthwise_kernel"), vec![input, 1, 3, 3]),
        (format!("{layer}.pointwise_kernel"), vec![output, input]),
        (format!("{layer}.bias"), vec![output]),
    ]
}

fn head(features: usize) -> Shapes {
    vec![("predictions.kernel".into(), vec![4, features]), ("predictions.bias".into(), vec![4])]
}

fn xception() -> Shapes {
    let mut shapes = [convolution("block1_conv1", [1, 32], 3), convolution("block1_conv2", [32, 64], 3)].concat();
    let strided = [(2, "", [64, 128, 128]), (3, "_1", [128, 256, 256]), (4, "_2", [256, 728, 728])];
    for (module, suffix, [input, middle, output]) in strided.into_iter().chain([(13, "_3", [728, 728, 1024])]) {
        shapes.extend(separable(&format!("block{module}_sepconv1"), [input, middle]));
        shapes.extend(separable(&format!("block{module}_sepconv2"), [middle, output]));
        shapes.extend(convolution(&format!("conv2d{suffix}"), [input, output], 1));
    }
    for module in 5..=12 {
        for index in 1..=3 {
            shapes.extend(separable(&format!("block{module}_sepconv{index}"), [728, 728]));
        }
    }
    shapes.extend(separable("block14_sepconv1", [1024, 1536]));
    shapes.extend(separable("block14_sepconv2", [1536, 2048]));
    shapes.extend(head(2048));
    shapes
}

fn vgg16() -> Shapes {
    let mut shapes = head(512);
    let mut input = 1;
    for (block, count, output) in [(1, 2, 64), (2, 2, 128), (3, 3, 256), (4, 3, 512), (5, 3, 512)] {
        for index in 1..=count {
            shapes.extend(convolution(&format!("block{block}_conv{index}"), [input, output], 3));
            input = output;
        }
    }
    shapes
}
