//! A network as ONNX draws it: one operation a node, under the node's name.

use anyhow::{Context, bail};
use graph::{Activation, Graph, Node, Op, Placed, Shape, Window};

use super::graph::Drawing;

/// Draws a network in its inference form for images of `side` x `side` pixels, from `image` to `logits`; gives the name of its
/// map of logits, where it has one.
///
/// # Errors
/// A tensor is missing, or ONNX has no operation for a node.
pub fn draw(
    drawing: &mut Drawing<'_>,
    network: &Graph,
    side: usize,
    [image, logits]: [&str; 2],
) -> anyhow::Result<Option<String>> {
    let shapes = network.shapes(side)?;
    let mut names: Vec<String> = Vec::with_capacity(shapes.len());
    for (id, node) in network.nodes().iter().enumerate() {
        let name = if network.class_output() == Some(id) { logits } else { &node.name };
        let shape = |index: usize| shapes[node.inputs[index]];
        let read = |index: usize| names[node.inputs[index]].as_str();
        let placed = |window: Window| placed(node, window, shapes[node.inputs[0]]);
        let drawn = match &node.op {
            Op::Image { .. } => image.to_owned(),
            Op::Convolution(convolution) => {
                drawing.convolution(read(0), &node.name, convolution, placed(convolution.window)?)?
            }
            Op::MaxPool(window) => drawing.max_pool(read(0), &node.name, *window, placed(*window)?),
            Op::Activation(Activation::Relu) => drawing.relu(read(0), &node.name),
            Op::Activation(Activation::Relu6) => drawing.relu6(read(0), &node.name),
            Op::Add => drawing.add(&node.name, read(0), read(1)),
            Op::GlobalAverage => drawing.global_average(read(0), &node.name),
            Op::WeightedAverage => drawing.weighted_average(read(0), read(1), &node.name),
            Op::Resize => {
                let [from, to] = [shape(0), shape(1)].map(|shape| [shape.height, shape.width]);
                drawing.resize(read(0), &node.name, from, to)
            }
            Op::LogMeanExp => drawing.log_mean_exp(read(0), &node.name, shape(0).height * shape(0).width),
            Op::Concatenate => drawing.concatenate(read(0), read(1), &node.name),
            Op::Presence { none } => drawing.presence([read(0), read(1)], *none, shapes[id].channels, name),
            Op::Linear { .. } => drawing.linear(read(0), &node.name, name)?,
            other => bail!("the node \"{}\" can't be written as ONNX: {other:?}", node.name),
        };
        names.push(drawn);
    }
    Ok(network.map_output().map(|map| names[map].clone()))
}

fn placed(node: &Node, window: Window, shape: Shape) -> anyhow::Result<Placed> {
    window.on(shape.height).with_context(|| format!("the node \"{}\" does not fit its input", node.name))
}
