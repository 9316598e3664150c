//! The two trunks as ONNX draws them: the same layers under the same names as in the `networks` crate.

use super::graph::{Features, Graph, Padding, Window};

/// Xception's modules that halve height and width, and the 1x1 convolutions beside them.
const SHORTCUTS: [(usize, &str); 4] = [(2, "conv2d"), (3, "conv2d_1"), (4, "conv2d_2"), (13, "conv2d_3")];
/// Convolutions of VGG16's blocks.
const VGG16_BLOCKS: [usize; 5] = [2, 2, 3, 3, 3];

/// Xception (Chollet 2017) from the image to the features before pooling.
///
/// # Errors
/// A tensor is missing.
pub fn xception(graph: &mut Graph<'_>, image: Features) -> anyhow::Result<Features> {
    let mut features = image;
    for (layer, stride) in [("block1_conv1", 2), ("block1_conv2", 1)] {
        let window = Window { size: 3, stride, padding: Padding::Valid };
        let convolved = graph.convolution(&features, layer, window)?;
        features = graph.relu(&convolved, &format!("{layer}_act"));
    }
    for module in 2..=13 {
        features = residual(graph, &features, module)?;
    }
    for layer in ["block14_sepconv1", "block14_sepconv2"] {
        let convolved = graph.separable(&features, layer)?;
        features = graph.relu(&convolved, &format!("{layer}_act"));
    }
    Ok(features)
}

/// Module 2 to 13: separable convolutions beside the identity, or beside a strided 1x1 convolution.
fn residual(graph: &mut Graph<'_>, input: &Features, module: usize) -> anyhow::Result<Features> {
    let shortcut = SHORTCUTS.iter().find(|(strided, _)| *strided == module).map(|(_, layer)| *layer);
    let convolutions = if shortcut.is_some() { 2 } else { 3 };
    let mut main = input.clone();
    for index in 1..=convolutions {
        // What module 2 takes has just come out of a ReLU.
        if module > 2 || index > 1 {
            main = graph.relu(&main, &format!("block{module}_sepconv{index}_act"));
        }
        main = graph.separable(&main, &format!("block{module}_sepconv{index}"))?;
    }
    let Some(shortcut) = shortcut else {
        return Ok(graph.add(&format!("block{module}_out"), &main, input));
    };
    let window = Window { size: 3, stride: 2, padding: Padding::Same };
    let pooled = graph.max_pool(&main, &format!("block{module}_pool"), window);
    let window = Window { size: 1, stride: 2, padding: Padding::Valid };
    let beside = graph.convolution(input, shortcut, window)?;
    Ok(graph.add(&format!("block{module}_out"), &pooled, &beside))
}

/// VGG16 (Simonyan and Zisserman 2015) from the image to the features before pooling.
///
/// # Errors
/// A tensor is missing.
pub fn vgg16(graph: &mut Graph<'_>, image: Features) -> anyhow::Result<Features> {
    let mut features = image;
    for (block, convolutions) in (1..).zip(VGG16_BLOCKS) {
        for index in 1..=convolutions {
            let window = Window { size: 3, stride: 1, padding: Padding::Same };
            let layer = format!("block{block}_conv{index}");
            let convolved = graph.convolution(&features, &layer, window)?;
            features = graph.relu(&convolved, &format!("{layer}_act"));
        }
        let window = Window { size: 2, stride: 2, padding: Padding::Valid };
        features = graph.max_pool(&features, &format!("block{block}_pool"), window);
    }
    Ok(features)
}
