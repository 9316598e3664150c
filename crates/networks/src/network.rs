//! A trunk and its head: the network that is trained, exported and run.

use std::collections::BTreeMap;
use std::ops::Range;

use burn::module::{Module, ParamId};
use burn::nn::PaddingConfig2d;
use burn::nn::conv::Conv2d;
use burn::nn::pool::AdaptiveAvgPool2dConfig;
use burn::tensor::{Device, FloatDType, Tensor};
use graph::Architecture;

use crate::head::Head;
use crate::named::{self, NamedSlot};
use crate::vgg16::Vgg16;
use crate::xception::Xception;
use crate::{NamedTensor, NetworkError};

/// Sees features `[batch, channels, height, width]` by name.
pub type Features<'a> = dyn FnMut(&str, &Tensor<4>) + 'a;

/// What a network shows on the way.
pub(crate) enum Shown<'a> {
    /// The output of a stage.
    Stage(&'a Tensor<4>),
    /// What a kernel is applied to.
    KernelInput(KernelInput<'a>),
}

/// Sees what a network shows: stages under Keras's names, inputs of kernels under the kernels' names.
pub(crate) type Observer<'a> = dyn FnMut(&str, Shown<'_>) + 'a;

/// What a kernel is applied to, and where.
#[derive(Debug, Clone, Copy)]
pub struct KernelInput<'a> {
    /// `[batch, channels, height, width]`.
    pub features: &'a Tensor<4>,
    /// Height and width of the kernel.
    pub kernel: usize,
    /// Pixels from one place to the next.
    pub stride: usize,
    /// Rows and columns of zeros around the features, on each side.
    pub padding: usize,
    /// Whether each channel has a kernel of its own.
    pub depthwise: bool,
}

impl<'a> KernelInput<'a> {
    /// What a kernel of one pixel is applied to everywhere.
    pub(crate) fn pointwise(features: &'a Tensor<4>) -> Self {
        Self { features, kernel: 1, stride: 1, padding: 0, depthwise: false }
    }

    /// What a convolution is applied to. With a stride of 1, the same padding is even.
    pub(crate) fn of(conv: &Conv2d, features: &'a Tensor<4>) -> Self {
        let kernel = conv.kernel_size[0];
        let padding = if matches!(conv.padding, PaddingConfig2d::Same) { kernel / 2 } else { 0 };
        Self { features, kernel, stride: conv.stride[0], padding, depthwise: conv.groups > 1 }
    }
}

/// Whether a network can be trained, or only run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Three input channels, batch normalisation of its own.
    Trainable,
    /// One grey input channel, batch normalisation folded into the convolutions.
    Folded,
}

impl Form {
    /// Input channels.
    #[must_use]
    pub fn channels(self) -> usize {
        match self {
            Self::Trainable => 3,
            Self::Folded => 1,
        }
    }
}

/// What a [`Network`] looks like.
#[derive(Debug, Clone, Copy)]
pub struct NetworkConfig {
    architecture: Architecture,
    classes: usize,
    form: Form,
    dropout: f64,
}

impl NetworkConfig {
    /// A network of the given architecture and form, without dropout.
    #[must_use]
    pub fn new(architecture: Architecture, classes: usize, form: Form) -> Self {
        Self { architecture, classes, form, dropout: 0.0 }
    }

    /// The share of pooled features left out while training, 0 to below 1.
    #[must_use]
    pub fn with_dropout(mut self, dropout: f64) -> Self {
        self.dropout = dropout;
        self
    }

    /// Random weights on `device`.
    #[must_use]
    pub fn init(&self, device: &Device) -> Network {
        let channels = self.form.channels();
        let trunk = match self.architecture {
            Architecture::Xception => Trunk::Xception(Xception::new(channels, self.form, device)),
            Architecture::Vgg16 => Trunk::Vgg16(Vgg16::new(channels, device)),
        };
        let head = Head::new(self.architecture.features(), self.classes, self.dropout, device);
        Network { trunk, head }
    }
}

/// The two trunks behind one forward.
#[derive(Module, Debug)]
enum Trunk {
    Xception(Xception),
    Vgg16(Vgg16),
}

impl Trunk {
    fn forward(&self, input: Tensor<4>, blocks: Range<usize>, observe: &mut Observer<'_>) -> Tensor<4> {
        match self {
            Self::Xception(trunk) => trunk.forward(input, blocks, observe),
            Self::Vgg16(trunk) => trunk.forward(input, blocks, observe),
        }
    }
}

/// Global average pooling: `[batch, channels, height, width]` to `[batch, channels]`.
fn average(features: Tensor<4>) -> Tensor<2> {
    AdaptiveAvgPool2dConfig::new([1, 1]).init().forward(features.cast(FloatDType::F32)).flatten(1, 3)
}

/// A trunk, global average pooling, and a head.
#[derive(Module, Debug)]
pub struct Network {
    trunk: Trunk,
    head: Head,
}

impl Network {
    /// Images `[batch, channels, height, width]` in [-1, 1] to logits `[batch, classes]`.
    #[must_use]
    pub fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        self.head.forward(self.pooled(images))
    }

    /// Images to pooled features `[batch, 2048]` (Xception) or `[batch, 512]` (VGG16).
    #[must_use]
    pub fn pooled(&self, images: Tensor<4>) -> Tensor<2> {
        self.pooled_shown(images, &mut |_, _| ())
    }

    /// As [`Network::pooled`], and shows the output of every stage to `observe`.
    #[must_use]
    pub fn observed(&self, images: Tensor<4>, observe: &mut Features<'_>) -> Tensor<2> {
        self.pooled_shown(images, &mut |name, shown| {
            if let Shown::Stage(features) = shown {
                observe(name, features);
            }
        })
    }

    /// Shows what every convolution's kernel is applied to, under the kernel's name: what rounding a kernel costs
    /// depends on it.
    pub fn kernel_inputs(&self, images: Tensor<4>, observe: &mut dyn FnMut(&str, KernelInput<'_>)) {
        let _pooled = self.pooled_shown(images, &mut |name, shown| {
            if let Shown::KernelInput(input) = shown {
                observe(name, input);
            }
        });
    }

    fn pooled_shown(&self, images: Tensor<4>, observe: &mut Observer<'_>) -> Tensor<2> {
        average(self.trunk.forward(images, 1..self.architecture().blocks() + 1, observe))
    }

    /// Images to the input of block `block`; past the last block, to the features before pooling.
    #[must_use]
    pub fn forward_to(&self, block: usize, images: Tensor<4>) -> Tensor<4> {
        self.trunk.forward(images, 1..block, &mut |_, _| ())
    }

    /// What [`Network::forward_to`] gives for a block to logits `[batch, classes]`.
    #[must_use]
    pub fn forward_from(&self, block: usize, features: Tensor<4>) -> Tensor<2> {
        let blocks = block..self.architecture().blocks() + 1;
        self.head.forward(average(self.trunk.forward(features, blocks, &mut |_, _| ())))
    }

    /// Pooled features to logits.
    #[must_use]
    pub fn classify(&self, pooled: Tensor<2>) -> Tensor<2> {
        self.head.forward(pooled)
    }

    /// Which trunk this is.
    #[must_use]
    pub fn architecture(&self) -> Architecture {
        match &self.trunk {
            Trunk::Xception(_) => Architecture::Xception,
            Trunk::Vgg16(_) => Architecture::Vgg16,
        }
    }

    /// Trains only what lies at or above block `first` (Keras's numbering, from 1), and the head.
    ///
    /// A frozen block keeps its batch statistics too. 1 trains everything; a number past the last block, the head alone.
    #[must_use]
    pub fn train_from(self, first: usize) -> Self {
        let Self { trunk, head } = self.unfreeze();
        let trunk = match trunk {
            Trunk::Xception(trunk) => Trunk::Xception(trunk.freeze_before(first)),
            Trunk::Vgg16(trunk) => Trunk::Vgg16(trunk.freeze_before(first)),
        };
        Self { trunk, head }
    }

    /// Every parameter by its Keras name.
    ///
    /// # Errors
    /// The device could not be read back.
    pub fn named_tensors(&self) -> Result<BTreeMap<String, NamedTensor>, NetworkError> {
        named::read(&self.clone().slots())
    }

    /// Fills the whole network from `tensors`.
    ///
    /// # Errors
    /// A tensor is missing, has another shape, or belongs nowhere; the network is unchanged then.
    pub fn load(mut self, tensors: &BTreeMap<String, NamedTensor>) -> Result<Self, NetworkError> {
        let architecture = self.architecture();
        let slots = self.slots();
        if let Some(name) = tensors.keys().find(|name| !slots.iter().any(|(slot, _)| slot == *name)) {
            return Err(NetworkError::Unknown { name: name.clone(), architecture: architecture.to_string() });
        }
        named::write(slots, tensors, architecture.name())?;
        Ok(self)
    }

    /// Fills the trunk alone, from ImageNet weights without head; the head stays as it is.
    ///
    /// # Errors
    /// A tensor of the trunk is missing or has another shape; the network is unchanged then.
    pub fn load_trunk(mut self, tensors: &BTreeMap<String, NamedTensor>) -> Result<Self, NetworkError> {
        let architecture = self.architecture();
        named::write(self.trunk_slots(), tensors, architecture.name())?;
        Ok(self)
    }

    /// Gives parameters identities that are the same in every run, so that optimiser states can be resumed.
    ///
    /// Reads every parameter back from its device: for training, not for a browser.
    #[must_use]
    pub fn identified(mut self) -> Self {
        named::identify(self.slots());
        self
    }

    /// This network, moved towards `other` of the same architecture by `share` of the way: the step of a moving average
    /// of weights (Polyak and Juditsky 1992). Both must be without gradients.
    #[must_use]
    pub fn toward(mut self, mut other: Self, share: f64) -> Self {
        named::blend(self.slots(), other.slots(), share);
        self
    }

    /// The identities of the trained parameters of every block; those of the head under the number after the last block.
    #[must_use]
    pub fn parameters_by_block(&self) -> BTreeMap<usize, Vec<ParamId>> {
        let head = self.architecture().blocks() + 1;
        let mut blocks: BTreeMap<usize, Vec<ParamId>> = BTreeMap::new();
        for (name, slot) in self.clone().slots() {
            if let Some(id) = slot.id() {
                blocks.entry(named::block_of(&name).unwrap_or(head)).or_default().push(id);
            }
        }
        blocks
    }

    fn trunk_slots(&mut self) -> Vec<NamedSlot<'_>> {
        match &mut self.trunk {
            Trunk::Xception(trunk) => trunk.slots(),
            Trunk::Vgg16(trunk) => trunk.slots(),
        }
    }

    fn slots(&mut self) -> Vec<NamedSlot<'_>> {
        let Self { trunk, head } = self;
        let mut slots = match trunk {
            Trunk::Xception(trunk) => trunk.slots(),
            Trunk::Vgg16(trunk) => trunk.slots(),
        };
        slots.extend(head.slots());
        slots
    }
}
