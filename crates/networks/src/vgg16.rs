//! VGG16: "Very Deep Convolutional Networks for Large-Scale Image Recognition", Simonyan and Zisserman, 2015,
//! configuration D without its dense layers; 14,714,688 parameters.

use std::ops::Range;

use burn::module::{Module, Param};
use burn::nn::PaddingConfig2d;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::tensor::{Device, Tensor};

use crate::layers::{convolve, pool, rectify};
use crate::named::{NamedSlot, Slot};
use crate::network::{KernelInput, Observer, Shown};

/// Convolutions and output channels of the five blocks.
pub(crate) const BLOCKS: [(usize, usize); 5] = [(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)];

/// The trunk of VGG16: everything before the pooled features.
#[derive(Module, Debug)]
pub struct Vgg16 {
    blocks: Vec<Vec<Conv2d>>,
    pool: MaxPool2d,
}

impl Vgg16 {
    /// Random weights; `channels` is 3 for the ImageNet form, 1 once folded to grey.
    #[must_use]
    pub fn new(channels: usize, device: &Device) -> Self {
        let mut input = channels;
        let mut conv = |output| {
            let conv = Conv2dConfig::new([input, output], [3, 3]).with_padding(PaddingConfig2d::Same).init(device);
            input = output;
            conv
        };
        Self {
            blocks: BLOCKS.map(|(count, output)| (0..count).map(|_| conv(output)).collect()).into(),
            pool: MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init(),
        }
    }

    /// What blocks `blocks` (1 to 5) make of the output of the block before; of images `[batch, channels, height, width]`
    /// in [-1, 1], all blocks make features `[batch, 512, height / 32, width / 32]`.
    ///
    /// `observe` sees the output of every block, and what every kernel is applied to.
    pub(crate) fn forward(&self, input: Tensor<4>, blocks: Range<usize>, observe: &mut Observer<'_>) -> Tensor<4> {
        let mut features = input;
        for (index, block) in self.blocks.iter().enumerate().filter(|(index, _)| blocks.contains(&(index + 1))) {
            for (conv_index, conv) in block.iter().enumerate() {
                let shown = Shown::KernelInput(KernelInput::of(conv, &features));
                observe(&format!("{}.kernel", layer(index, conv_index)), shown);
                features = rectify(convolve(conv, features));
            }
            features = pool(&self.pool, features);
            observe(&format!("block{}_pool", index + 1), Shown::Stage(&features));
        }
        features
    }

    /// Switches off training of every block before `first`.
    #[must_use]
    pub fn freeze_before(mut self, first: usize) -> Self {
        self.blocks = self
            .blocks
            .into_iter()
            .enumerate()
            .map(|(index, block)| if index + 1 < first { block.freeze() } else { block })
            .collect();
        self
    }

    pub(crate) fn slots(&mut self) -> Vec<NamedSlot<'_>> {
        let mut slots = Vec::new();
        for (block_index, block) in self.blocks.iter_mut().enumerate() {
            for (index, conv) in block.iter_mut().enumerate() {
                let layer = layer(block_index, index);
                slots.push((format!("{layer}.kernel"), Slot::Kernel(&mut conv.weight)));
                slots.extend(bias(&layer, &mut conv.bias));
            }
        }
        slots
    }
}

/// Keras's name of a convolution, both indices from 0.
fn layer(block: usize, index: usize) -> String {
    format!("block{}_conv{}", block + 1, index + 1)
}

fn bias<'a>(layer: &str, bias: &'a mut Option<Param<Tensor<1>>>) -> Option<NamedSlot<'a>> {
    bias.as_mut().map(|bias| (format!("{layer}.bias"), Slot::Vector(bias)))
}
