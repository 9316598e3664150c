//! A graph in nested loops: what the kernels are compared with. Sums are f64; nothing is fused.

use std::collections::BTreeMap;

use graph::{Convolution, Graph, Node, Op, Placed, Tensor, Window};

type Tensors = BTreeMap<String, Tensor>;

/// Activations `[channels, side, side]`.
struct Planes {
    channels: usize,
    side: usize,
    values: Vec<f32>,
}

/// Every stage with the side of its planes, `avg_pool`, and the answers: `logits`, and a map under its name.
pub fn run(graph: &Graph, tensors: &Tensors, image: &[f32], side: usize) -> Vec<(String, usize, Vec<f32>)> {
    let mut values: Vec<Planes> = Vec::new();
    let mut stages = Vec::new();
    for node in graph.nodes() {
        let read = |index: usize| &values[node.inputs[index]];
        let value = match &node.op {
            Op::Image { channels } => Planes { channels: *channels, side, values: image.to_vec() },
            Op::Convolution(convolution) => convolve(read(0), convolution, tensors),
            Op::BatchNorm { epsilon } => normalise(read(0), node, *epsilon, tensors),
            Op::Activation(activation) => {
                let (least, most) = activation.bounds();
                each(read(0), |value| value.clamp(least, most))
            }
            Op::MaxPool(window) => pool(read(0), *window, |values| values.fold(f32::NEG_INFINITY, f32::max)),
            Op::AveragePool(window) => pool(read(0), *window, mean),
            Op::Add => {
                let sums = read(0).values.iter().zip(&read(1).values).map(|(a, b)| a + b).collect();
                Planes { values: sums, ..*read(0) }
            }
            Op::Resize => resize(read(0), read(1).side),
            Op::GlobalAverage => weighted_average(read(0), |_| 1.0),
            Op::WeightedAverage => weighted_average(read(0), |pixel| sigmoid(read(1).values[pixel])),
            Op::LogMeanExp => {
                let powers = &mut read(0).values.iter().map(|value| value.exp());
                Planes { channels: 1, side: 1, values: vec![mean(powers).ln()] }
            }
            Op::Linear { .. } => linear(read(0), node, tensors),
            Op::Concatenate => {
                let values = [&*read(0).values, &read(1).values].concat();
                Planes { channels: values.len(), side: 1, values }
            }
            Op::Presence { none } => presence(read(0).values[0], &read(1).values, *none),
        };
        let id = values.len();
        let name = if graph.class_output() == Some(id) { "logits" } else { &node.name };
        if node.stage || node.op == Op::GlobalAverage || graph.outputs().contains(&id) {
            stages.push((name.to_owned(), value.side, value.values.clone()));
        }
        values.push(value);
    }
    stages
}

fn resize(input: &Planes, side: usize) -> Planes {
    let from = |index: usize| index * input.side / side;
    let plane = |plane: &[f32]| {
        let at = |index: usize| plane[from(index / side) * input.side + from(index % side)];
        (0..side * side).map(at).collect::<Vec<f32>>()
    };
    let values = input.values.chunks(input.side.pow(2)).flat_map(plane).collect();
    Planes { channels: input.channels, side, values }
}

fn sigmoid(value: f32) -> f64 {
    1.0 / (1.0 + (-f64::from(value)).exp())
}

fn weighted_average(input: &Planes, weight: impl Fn(usize) -> f64) -> Planes {
    let total: f64 = (0..input.side.pow(2)).map(&weight).sum();
    let average = |plane: &[f32]| {
        let sum: f64 = plane.iter().enumerate().map(|(pixel, value)| weight(pixel) * f64::from(*value)).sum();
        (sum / total) as f32
    };
    let values = input.values.chunks(input.side.pow(2)).map(average).collect();
    Planes { channels: input.channels, side: 1, values }
}

/// The logarithms of the classes' probabilities: another set of logits than the graph's, up to a constant, so that of `none` is
/// brought to 0.
fn presence(level: f32, kinds: &[f32], none: usize) -> Planes {
    let present = sigmoid(level);
    let total: f64 = kinds.iter().map(|&kind| f64::from(kind).exp()).sum();
    let odds = |share: f64| (present * share / (1.0 - present)).ln() as f32;
    let mut values: Vec<f32> = kinds.iter().map(|&kind| odds(f64::from(kind).exp() / total)).collect();
    values.insert(none, 0.0);
    Planes { channels: values.len(), side: 1, values }
}

fn each(input: &Planes, change: impl Fn(f32) -> f32) -> Planes {
    Planes { values: input.values.iter().map(|&value| change(value)).collect(), ..*input }
}

fn mean(values: &mut dyn Iterator<Item = f32>) -> f32 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + f64::from(value), count + 1.0));
    (sum / count) as f32
}

/// For every output pixel, the places in the window that lie in the picture, and what pixel each meets.
fn places(side: usize, window: Window) -> Vec<Vec<(usize, usize)>> {
    let Placed { before, count, .. } = window.on(side).unwrap();
    let width = window.size;
    let meets = |pixel: usize, tap: usize| {
        let row = (pixel / count * window.stride + tap / width).checked_sub(before).filter(|&row| row < side)?;
        let column =
            (pixel % count * window.stride + tap % width).checked_sub(before).filter(|&column| column < side)?;
        Some((tap, row * side + column))
    };
    (0..count * count).map(|pixel| (0..width * width).filter_map(|tap| meets(pixel, tap)).collect()).collect()
}

fn convolve(input: &Planes, convolution: &Convolution, tensors: &Tensors) -> Planes {
    let Convolution { window, outputs, groups, .. } = *convolution;
    let kernel = &tensors[&convolution.kernel()].values;
    let bias = tensors.get(&convolution.bias()).filter(|_| convolution.bias);
    let (area, inputs, of_group) = (window.size.pow(2), input.channels / groups, outputs / groups);
    let places = places(input.side, window);
    let mut values = Vec::with_capacity(outputs * places.len());
    for output in 0..outputs {
        let read = input.values.chunks(input.side.pow(2)).skip(output / of_group * inputs).take(inputs);
        let channels: Vec<_> = read.zip(kernel[output * inputs * area..].chunks(area)).collect();
        for places in &places {
            let mut sum = bias.map_or(0.0, |bias| f64::from(bias.values[output]));
            for (plane, kernel) in &channels {
                for &(tap, pixel) in places {
                    sum += f64::from(kernel[tap]) * f64::from(plane[pixel]);
                }
            }
            values.push(sum as f32);
        }
    }
    Planes { channels: outputs, side: window.on(input.side).unwrap().count, values }
}

fn normalise(input: &Planes, node: &Node, epsilon: f64, tensors: &Tensors) -> Planes {
    let of =
        |parameter: &str, channel: usize| f64::from(tensors[&format!("{}.{parameter}", node.name)].values[channel]);
    let area = input.side.pow(2);
    let normal = |(index, &value): (usize, &f32)| {
        let channel = index / area;
        let centred =
            (f64::from(value) - of("moving_mean", channel)) / (of("moving_variance", channel) + epsilon).sqrt();
        (centred * of("gamma", channel) + of("beta", channel)) as f32
    };
    Planes { values: input.values.iter().enumerate().map(normal).collect(), ..*input }
}

fn pool(input: &Planes, window: Window, reduce: impl Fn(&mut dyn Iterator<Item = f32>) -> f32) -> Planes {
    let places = places(input.side, window);
    let mut values = Vec::new();
    for plane in input.values.chunks(input.side.pow(2)) {
        values.extend(places.iter().map(|places| reduce(&mut places.iter().map(|&(_, pixel)| plane[pixel]))));
    }
    Planes { channels: input.channels, side: window.on(input.side).unwrap().count, values }
}

fn linear(input: &Planes, node: &Node, tensors: &Tensors) -> Planes {
    let [kernel, bias] = ["kernel", "bias"].map(|parameter| &tensors[&format!("{}.{parameter}", node.name)].values);
    let row = |(row, bias): (&[f32], &f32)| {
        let products = row.iter().zip(&input.values).map(|(weight, value)| f64::from(*weight) * f64::from(*value));
        (products.sum::<f64>() + f64::from(*bias)) as f32
    };
    let values: Vec<f32> = kernel.chunks(input.channels).zip(bias).map(row).collect();
    Planes { channels: values.len(), side: 1, values }
}
