//! VGG16: "Very Deep Convolutional Networks for Large-Scale Image Recognition", Simonyan and Zisserman, 2015,
//! configuration D without its dense layers; 14,714,688 parameters. Names are those of Keras Applications.

use crate::{Builder, ImagenetInput, Pyramid, Spec, Window};

/// Bytes less what Keras takes off blue, green and red, in the order of its input channels.
const CAFFE: ImagenetInput = ImagenetInput { scale: 127.5, shift: [127.5 - 103.939, 127.5 - 116.779, 127.5 - 123.68] };

/// Strides of 8 and 16.
const PYRAMID: Pyramid = Pyramid { fine: "block3_pool", coarse: "block4_pool", halving: Window::valid(2).stride(2) };

pub(crate) const SPEC: Spec =
    Spec { name: "vgg16", early_stage: "block3_pool", pyramid: PYRAMID, imagenet: CAFFE, trunk };

/// Five pools of two.
const SMALLEST: usize = 32;

fn trunk() -> Builder {
    let mut flow = Builder::new(SPEC.name, SMALLEST, 3);
    for (block, (convolutions, channels)) in (1..).zip([(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)]) {
        flow.block(block);
        for index in 1..=convolutions {
            let layer = format!("block{block}_conv{index}");
            flow.biased_convolution(&layer, channels, Window::same(3)).relu(&format!("{layer}_act"));
        }
        flow.max_pool(&format!("block{block}_pool"), Window::valid(2).stride(2)).stage();
    }
    flow
}
