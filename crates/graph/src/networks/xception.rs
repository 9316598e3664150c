//! Xception: "Deep Learning with Depthwise Separable Convolutions", Chollet, CVPR 2017, figure 5.
//!
//! 36 convolutions in 14 blocks; 20,861,480 parameters without head. Names are those of Keras Applications.

use crate::{Builder, ImagenetInput, Pyramid, Spec, Window};

/// Strides of 8 and 16, where the middle flow ends.
const PYRAMID: Pyramid = Pyramid { fine: "block3_out", coarse: "block12_out", halving: Window::same(2).stride(2) };

pub(crate) const SPEC: Spec =
    Spec { name: "xception", early_stage: "block3_out", pyramid: PYRAMID, imagenet: ImagenetInput::UNIT, trunk };

/// Less leaves nothing for the last pool.
const SMALLEST: usize = 32;

fn trunk() -> Builder {
    let mut flow = Builder::new(SPEC.name, SMALLEST, 3);
    // Entry flow.
    flow.block(1);
    for (layer, channels, stride) in [("block1_conv1", 32, 2), ("block1_conv2", 64, 1)] {
        flow.convolution(layer, channels, Window::valid(3).stride(stride)).norm(&format!("{layer}_bn"));
        flow.relu(&format!("{layer}_act")).stage();
    }
    halving(&mut flow, 2, "", [128, 128]);
    halving(&mut flow, 3, "_1", [256, 256]);
    halving(&mut flow, 4, "_2", [728, 728]);
    // Middle flow.
    for block in 5..=12 {
        identity(&mut flow, block);
    }
    // Exit flow.
    halving(&mut flow, 13, "_3", [728, 1024]);
    flow.block(14);
    for (index, channels) in [(1, 1536), (2, 2048)] {
        let layer = separable(&mut flow, 14, index, channels);
        flow.relu(&format!("{layer}_act")).stage();
    }
    flow
}

/// Two separable convolutions and a pool beside a 1x1 convolution, whose number in Keras is `suffix`: halves height and
/// width.
fn halving(flow: &mut Builder, block: usize, suffix: &str, channels: [usize; 2]) {
    let input = flow.block(block).here();
    for (index, channels) in (1..).zip(channels) {
        // What enters block 2 has just come out of a ReLU.
        if block > 2 || index > 1 {
            flow.relu(&format!("block{block}_sepconv{index}_act"));
        }
        separable(flow, block, index, channels);
    }
    let pooled = flow.max_pool(&format!("block{block}_pool"), Window::same(3).stride(2)).here();
    flow.resume(input).convolution(&format!("conv2d{suffix}"), channels[1], Window::valid(1).stride(2));
    let shortcut = flow.norm(&format!("batch_normalization{suffix}")).here();
    flow.resume(pooled).add(&format!("block{block}_out"), shortcut).stage();
}

/// Three separable convolutions beside the identity.
fn identity(flow: &mut Builder, block: usize) {
    let input = flow.block(block).here();
    for index in 1..=3 {
        flow.relu(&format!("block{block}_sepconv{index}_act"));
        separable(flow, block, index, 728);
    }
    flow.add(&format!("block{block}_out"), input).stage();
}

/// A separable 3x3 convolution with its normalisation, and its name.
fn separable(flow: &mut Builder, block: usize, index: usize, channels: usize) -> String {
    let layer = format!("block{block}_sepconv{index}");
    flow.separable(&layer, channels, Window::same(3)).norm(&format!("{layer}_bn"));
    layer
}
