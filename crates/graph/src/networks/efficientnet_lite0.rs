//! `EfficientNet-Lite0`: "Rethinking Model Scaling for Convolutional Neural Networks", Tan and Le, ICML 2019, table 1, without
//! squeeze-and-excitation and with `ReLU6`, as TensorFlow's `efficientnet/lite` has it.
//!
//! 3,413,024 parameters without head, statistics included. Names follow Keras Applications' `EfficientNetB0`.

use crate::{Builder, ImagenetInput, Pyramid, Spec, Window};

/// Bytes less 127, over 128.
const INPUT: ImagenetInput = ImagenetInput { scale: 127.5 / 128.0, shift: [0.5 / 128.0; 3] };

/// Strides of 8 and 16.
const PYRAMID: Pyramid = Pyramid { fine: "block3b_add", coarse: "block5c_add", halving: Window::same(2).stride(2) };

pub(crate) const SPEC: Spec =
    Spec { name: "efficientnet-lite0", early_stage: "block3b_add", pyramid: PYRAMID, imagenet: INPUT, trunk };

/// Five halvings.
const SMALLEST: usize = 32;

/// A stage: blocks, side of the depthwise kernel, stride of the first block, expansion, output channels.
const STAGES: [(usize, usize, usize, usize, usize); 7] = [
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
];

fn trunk() -> Builder {
    let mut flow = Builder::new(SPEC.name, SMALLEST, 3);
    let stem = Window::same(3).stride(2);
    flow.block(1).convolution("stem_conv", 32, stem).norm("stem_bn").relu6("stem_activation").stage();
    let mut inputs = 32;
    for (stage, (blocks, kernel, stride, expansion, outputs)) in (1..).zip(STAGES) {
        flow.block(stage);
        for (index, letter) in (0..blocks).zip('a'..) {
            let name = format!("block{stage}{letter}");
            let stride = if index == 0 { stride } else { 1 };
            inverted_residual(&mut flow, &name, Window::same(kernel).stride(stride), inputs * expansion, outputs);
            inputs = outputs;
        }
        flow.stage();
    }
    flow.block(8).convolution("top_conv", 1280, Window::same(1)).norm("top_bn").relu6("top_activation").stage();
    flow
}

/// A 1x1 convolution to more channels, a depthwise one, and a 1x1 convolution back, beside the identity where the shape
/// stays (Sandler et al. 2018).
fn inverted_residual(flow: &mut Builder, name: &str, window: Window, expanded: usize, outputs: usize) {
    let (input, inputs) = (flow.here(), flow.channels());
    if expanded != inputs {
        flow.convolution(&format!("{name}_expand_conv"), expanded, Window::same(1));
        flow.norm(&format!("{name}_expand_bn")).relu6(&format!("{name}_expand_activation"));
    }
    flow.depthwise(&format!("{name}_dwconv"), window);
    flow.norm(&format!("{name}_bn")).relu6(&format!("{name}_activation"));
    flow.convolution(&format!("{name}_project_conv"), outputs, Window::same(1));
    flow.norm(&format!("{name}_project_bn"));
    if window.stride == 1 && inputs == outputs {
        flow.add(&format!("{name}_add"), input);
    }
}
