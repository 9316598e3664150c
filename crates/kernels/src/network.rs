//! A packed network and the memory it runs in.

use std::collections::BTreeMap;

use crate::KernelError;
use crate::features::Features;
use crate::product::Scratch;
use crate::tensors::{Tensor, Tensors};
use crate::vgg16::Vgg16;
use crate::xception::Xception;

/// Which trunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Architecture {
    /// Chollet 2017; 20.9 million parameters.
    Xception,
    /// Simonyan and Zisserman 2015; 14.7 million parameters.
    Vgg16,
}

impl Architecture {
    fn name(self) -> &'static str {
        match self {
            Self::Xception => "xception",
            Self::Vgg16 => "vgg16",
        }
    }

    /// Length of the pooled features.
    fn features(self) -> usize {
        match self {
            Self::Xception => 2048,
            Self::Vgg16 => 512,
        }
    }

    /// The side of the smallest image that leaves the last stage a pixel.
    fn least_side(self) -> usize {
        match self {
            Self::Xception => 7,
            Self::Vgg16 => 32,
        }
    }
}

#[derive(Debug)]
enum Trunk {
    Xception(Box<Xception>),
    Vgg16(Vgg16),
}

/// A network whose weights are packed for this machine.
#[derive(Debug)]
pub struct Network {
    architecture: Architecture,
    trunk: Trunk,
    /// `[classes, features]`.
    kernel: Vec<f32>,
    bias: Vec<f32>,
}

/// The buffers of a network, kept from one image to the next.
#[derive(Debug, Default)]
pub struct Workspace {
    pub(crate) features: [Features; 4],
    pub(crate) scratch: Scratch,
}

/// What a network makes of an image.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// One value a class.
    pub logits: Vec<f32>,
    /// The last stage's activations, averaged over the image: what the logits are made from.
    pub features: Vec<f32>,
}

/// The activations of a stage, for who asks.
#[derive(Debug, Clone, Copy)]
pub struct Stage<'a>(pub(crate) &'a Features);

impl Stage<'_> {
    /// The mean of every channel over the image.
    #[must_use]
    pub fn means(self) -> Vec<f32> {
        self.0.means().collect()
    }

    /// Every value, in the order `[channels, height, width]`.
    #[must_use]
    pub fn values(self) -> Vec<f32> {
        self.0.planar().collect()
    }
}

/// Sees every stage under its Keras name.
pub(crate) type Observer<'a> = dyn FnMut(&str, Stage<'_>) + 'a;

impl Network {
    /// Packs the tensors of a folded network with one grey input channel and batch normalisation in the convolutions.
    ///
    /// Each tensor is read, by `read`, when its layer is packed, and dropped before the next.
    ///
    /// # Errors
    /// A tensor is missing, has another shape, or belongs nowhere.
    pub fn pack<T>(
        architecture: Architecture,
        classes: usize,
        tensors: BTreeMap<String, T>,
        read: fn(T) -> Tensor,
    ) -> Result<Self, KernelError> {
        let mut tensors = Tensors { architecture: architecture.name(), unread: tensors, read };
        let kernel = tensors.take("predictions.kernel", &[classes, architecture.features()])?;
        let bias = tensors.take("predictions.bias", &[classes])?;
        let trunk = match architecture {
            Architecture::Xception => Trunk::Xception(Box::new(Xception::take(&mut tensors)?)),
            Architecture::Vgg16 => Trunk::Vgg16(Vgg16::take(&mut tensors)?),
        };
        tensors.finish()?;
        Ok(Self { architecture, trunk, kernel, bias })
    }

    /// What the network makes of an image of `side` rows of `side` pixels in [-1, 1]. `observe` sees every stage.
    ///
    /// # Errors
    /// The image has another number of pixels, or too few for the network.
    pub fn run(
        &self,
        image: &[f32],
        side: usize,
        workspace: &mut Workspace,
        observe: &mut dyn FnMut(&str, Stage<'_>),
    ) -> Result<Output, KernelError> {
        self.check(image, side)?;
        let last = match &self.trunk {
            Trunk::Xception(trunk) => trunk.run(image, side, workspace, observe),
            Trunk::Vgg16(trunk) => trunk.run(image, side, workspace, observe),
        };
        let features: Vec<f32> = last.means().collect();
        let dot = |row: &[f32]| row.iter().zip(&features).map(|(weight, feature)| weight * feature).sum::<f32>();
        let rows = self.kernel.chunks_exact(features.len());
        let logits = rows.zip(&self.bias).map(|(row, bias)| dot(row) + bias).collect();
        Ok(Output { logits, features })
    }

    fn check(&self, image: &[f32], side: usize) -> Result<(), KernelError> {
        if side.checked_mul(side) != Some(image.len()) {
            return Err(KernelError::Pixels { side, found: image.len() });
        }
        let least = self.architecture.least_side();
        if side < least {
            return Err(KernelError::Small { found: side, least, architecture: self.architecture.name() });
        }
        Ok(())
    }
}
