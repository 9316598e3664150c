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

/// Every stage with the side of its planes, then `avg_pool` and `logits`.
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
            Op::GlobalAverage => {
                let area = read(0).side.pow(2);
                let means = read(0).values.chunks(area).map(|plane| mean(&mut plane.iter().copied())).collect();
                Planes { channels: read(0).channels, side: 1, values: means }
            }
            Op::Linear { .. } => linear(read(0), node, tensors),
        };
        let name = if matches!(node.op, Op::Linear { .. }) { "logits" } else { &node.name };
        if node.stage || matches!(node.op, Op::GlobalAverage | Op::Linear { .. }) {
            stages.push((name.to_owned(), value.side, value.values.clone()));
        }
        values.push(value);
    }
    stages
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
