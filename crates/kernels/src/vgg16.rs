//! VGG16: "Very Deep Convolutional Networks for Large-Scale Image Recognition", Simonyan and Zisserman, 2015,
//! configuration D without its dense layers.

use crate::KernelError;
use crate::features::Features;
use crate::layer::convolution;
use crate::network::{Observer, Stage, Workspace};
use crate::pool::{MaxPool, pool};
use crate::product::{Finish, Weights, multiply};
use crate::source::Source;
use crate::tensors::Tensors;

/// Convolutions and output channels of the five blocks.
const BLOCKS: [(usize, usize); 5] = [(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)];

/// The packed trunk: each block's output's name, and its convolutions.
#[derive(Debug)]
pub(crate) struct Vgg16 {
    blocks: Vec<(String, Vec<Weights>)>,
}

impl Vgg16 {
    pub(crate) fn take<T>(tensors: &mut Tensors<T>) -> Result<Self, KernelError> {
        let mut inputs = 1;
        let mut blocks = Vec::new();
        for (number, (count, outputs)) in (1..).zip(BLOCKS) {
            let mut convolutions = Vec::new();
            for index in 1..=count {
                convolutions.push(convolution(tensors, &format!("block{number}_conv{index}"), [inputs, outputs], 3)?);
                inputs = outputs;
            }
            blocks.push((format!("block{number}_pool"), convolutions));
        }
        Ok(Self { blocks })
    }

    /// The activations of the last stage.
    pub(crate) fn run<'a>(
        &self,
        image: &[f32],
        side: usize,
        workspace: &'a mut Workspace,
        observe: &mut Observer<'_>,
    ) -> &'a Features {
        let Workspace { features: [pooled, input, output, _], scratch } = workspace;
        let mut at_image = true;
        for (stage, convolutions) in &self.blocks {
            for (index, weights) in convolutions.iter().enumerate() {
                let features = if index == 0 { &*pooled } else { &*input };
                let (source, side) = if at_image {
                    (Source::Grey { image, side, stride: 1, padded: true }, side)
                } else {
                    (Source::Windows { features, padded: true }, features.height())
                };
                at_image = false;
                output.reshape(weights.outputs(), side, side);
                multiply(source, weights, output, Finish { add: false, relu: true }, scratch);
                std::mem::swap(input, output);
            }
            pool(MaxPool::Valid2, input, pooled);
            observe(stage, Stage(pooled));
        }
        pooled
    }
}
