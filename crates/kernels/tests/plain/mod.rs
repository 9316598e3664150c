//! Both networks in nested loops: what the kernels are compared with. Sums are f64.

use std::collections::BTreeMap;

use kernels::{Architecture, Tensor};

/// Activations `[channels, height, width]`.
#[derive(Clone)]
pub struct Planes {
    channels: usize,
    side: usize,
    pub values: Vec<f32>,
}

/// Every stage by its name, then `avg_pool` and `logits`.
pub fn run(
    architecture: Architecture,
    tensors: &BTreeMap<String, Tensor>,
    image: &[f32],
    side: usize,
) -> Vec<(String, Vec<f32>)> {
    let image = Planes { channels: 1, side, values: image.to_vec() };
    let mut stages = Vec::new();
    let mut stage = |name: String, planes: &Planes| stages.push((name, planes.values.clone()));
    let last = match architecture {
        Architecture::Xception => xception(tensors, &image, &mut stage),
        Architecture::Vgg16 => vgg16(tensors, image, &mut stage),
    };
    let area = last.side * last.side;
    let means: Vec<f64> =
        last.values.chunks(area).map(|plane| plane.iter().copied().map(f64::from).sum::<f64>() / area as f64).collect();
    let (kernel, bias) = (&tensors["predictions.kernel"].values, &tensors["predictions.bias"].values);
    let logit = |(row, bias): (&[f32], &f32)| {
        (row.iter().zip(&means).map(|(weight, mean)| f64::from(*weight) * mean).sum::<f64>() + f64::from(*bias)) as f32
    };
    let logits = kernel.chunks(means.len()).zip(bias).map(logit).collect();
    stages.push(("avg_pool".into(), means.iter().map(|mean| *mean as f32).collect()));
    stages.push(("logits".into(), logits));
    stages
}

fn xception(tensors: &BTreeMap<String, Tensor>, image: &Planes, stage: &mut impl FnMut(String, &Planes)) -> Planes {
    let layer = |input: &Planes, name: &str, stride, padding| {
        let bias = &tensors[&format!("{name}.bias")].values;
        convolve(input, &tensors[&format!("{name}.kernel")], bias, stride, padding)
    };
    let separable = |input: &Planes, name: &str| {
        let spatial = depthwise(input, &tensors[&format!("{name}.depthwise_kernel")].values);
        let bias = &tensors[&format!("{name}.bias")].values;
        convolve(&spatial, &tensors[&format!("{name}.pointwise_kernel")], bias, 1, 0)
    };
    let mut features = relu(layer(image, "block1_conv1", 2, 0));
    stage("block1_conv1_act".into(), &features);
    features = relu(layer(&features, "block1_conv2", 1, 0));
    stage("block1_conv2_act".into(), &features);
    for module in 2..=13 {
        let mut main = features.clone();
        let strided = [2, 3, 4, 13].contains(&module);
        for index in 1..=if strided { 2 } else { 3 } {
            let input = if module == 2 && index == 1 { main } else { relu(main) };
            main = separable(&input, &format!("block{module}_sepconv{index}"));
        }
        let shortcut = match module {
            2 => layer(&features, "conv2d", 2, 0),
            3 => layer(&features, "conv2d_1", 2, 0),
            4 => layer(&features, "conv2d_2", 2, 0),
            13 => layer(&features, "conv2d_3", 2, 0),
            _ => features,
        };
        if strided {
            let side = main.side;
            main = pool(&main, 3, side.div_ceil(2), side % 2);
        }
        main.values.iter_mut().zip(&shortcut.values).for_each(|(value, other)| *value += other);
        features = main;
        stage(format!("block{module}_out"), &features);
    }
    for index in 1..=2 {
        features = relu(separable(&features, &format!("block14_sepconv{index}")));
        stage(format!("block14_sepconv{index}_act"), &features);
    }
    features
}

fn vgg16(tensors: &BTreeMap<String, Tensor>, image: Planes, stage: &mut impl FnMut(String, &Planes)) -> Planes {
    let mut features = image;
    for (block, count) in [(1, 2), (2, 2), (3, 3), (4, 3), (5, 3)] {
        for index in 1..=count {
            let name = format!("block{block}_conv{index}");
            let bias = &tensors[&format!("{name}.bias")].values;
            features = relu(convolve(&features, &tensors[&format!("{name}.kernel")], bias, 1, 1));
        }
        features = pool(&features, 2, features.side / 2, 0);
        stage(format!("block{block}_pool"), &features);
    }
    features
}

fn relu(mut planes: Planes) -> Planes {
    planes.values.iter_mut().for_each(|value| *value = value.max(0.0));
    planes
}

/// The value at a place that may lie outside, where it is `None`.
fn at(planes: &Planes, channel: usize, row: usize, column: usize, padding: usize) -> Option<f32> {
    let (row, column) = (row.checked_sub(padding)?, column.checked_sub(padding)?);
    let inside = row < planes.side && column < planes.side;
    inside.then(|| planes.values[(channel * planes.side + row) * planes.side + column])
}

fn convolve(input: &Planes, kernel: &Tensor, bias: &[f32], stride: usize, padding: usize) -> Planes {
    let width = kernel.shape.get(2).copied().unwrap_or(1);
    let side = (input.side + 2 * padding - width) / stride + 1;
    let mut values = Vec::new();
    for (weights, bias) in kernel.values.chunks(input.channels * width * width).zip(bias) {
        for (row, column) in (0..side * side).map(|pixel| (pixel / side * stride, pixel % side * stride)) {
            let mut sum = f64::from(*bias);
            for (index, weight) in weights.iter().enumerate() {
                let (channel, tap) = (index / (width * width), index % (width * width));
                if let Some(value) = at(input, channel, row + tap / width, column + tap % width, padding) {
                    sum += f64::from(*weight) * f64::from(value);
                }
            }
            values.push(sum as f32);
        }
    }
    Planes { channels: bias.len(), side, values }
}

fn depthwise(input: &Planes, kernel: &[f32]) -> Planes {
    let mut output = input.clone();
    let area = input.side * input.side;
    for (index, value) in output.values.iter_mut().enumerate() {
        let (channel, row, column) = (index / area, index % area / input.side, index % input.side);
        let tap = |tap: usize| {
            let pixel = at(input, channel, row + tap / 3, column + tap % 3, 1).unwrap_or(0.0);
            f64::from(kernel[channel * 9 + tap]) * f64::from(pixel)
        };
        *value = (0..9).map(tap).sum::<f64>() as f32;
    }
    output
}

fn pool(input: &Planes, width: usize, side: usize, padding: usize) -> Planes {
    let mut values = Vec::new();
    for channel in 0..input.channels {
        for pixel in 0..side * side {
            let (row, column) = (pixel / side * 2, pixel % side * 2);
            let window =
                (0..size * size).filter_map(|tap| at(input, channel, row + tap / width, column + tap % width, padding));
            values.push(window.fold(f32::NEG_INFINITY, f32::max));
        }
    }
    Planes { channels: input.channels, side, values }
}
