//! A trunk and its head: the network that is trained, exported and run.

use std::collections::BTreeMap;

use burn::module::{Module, ParamId};
use burn::nn::pool::AdaptiveAvgPool2dConfig;
use burn::tensor::{Device, FloatDType, Tensor};
use graph::{Architecture, Convolution, Parameter};

use crate::head::Head;
use crate::module::Trunk;
use crate::named::{self, NamedSlot};
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
    /// What a convolution is applied to.
    pub(crate) fn new(convolution: &Convolution, features: &'a Tensor<4>) -> Self {
        let window = convolution.window;
        let padding = window.on(features.dims()[2]).map_or(0, |placed| placed.before);
        let depthwise = convolution.is_depthwise();
        Self { features, kernel: window.size, stride: window.stride, padding, depthwise }
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
        let graph = self.architecture.graph(self.classes);
        let graph = if self.form == Form::Folded { graph.folded() } else { graph };
        let head = Head::new(graph.features(), self.classes, self.dropout, device);
        Network { trunk: Trunk::new(graph, device), head, architecture: self.architecture }
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
    #[module(skip)]
    architecture: Architecture,
}

impl Network {
    /// Images `[batch, channels, height, width]` in [-1, 1] to logits `[batch, classes]`.
    #[must_use]
    pub fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        self.head.forward(self.pooled(images))
    }

    /// Images to pooled features `[batch, features]`.
    #[must_use]
    pub fn pooled(&self, images: Tensor<4>) -> Tensor<2> {
        self.pooled_shown(images, None)
    }

    /// As [`Network::pooled`], and shows the output of every stage to `observe`.
    #[must_use]
    pub fn observed(&self, images: Tensor<4>, observe: &mut Features<'_>) -> Tensor<2> {
        let mut stages = |name: &str, shown: Shown<'_>| {
            if let Shown::Stage(features) = shown {
                observe(name, features);
            }
        };
        self.pooled_shown(images, Some(&mut stages))
    }

    /// Shows what every convolution's kernel is applied to, under the kernel's name: what rounding a kernel costs
    /// depends on it.
    pub fn kernel_inputs(&self, images: Tensor<4>, observe: &mut dyn FnMut(&str, KernelInput<'_>)) {
        let mut inputs = |name: &str, shown: Shown<'_>| {
            if let Shown::KernelInput(input) = shown {
                observe(name, input);
            }
        };
        let _pooled = self.pooled_shown(images, Some(&mut inputs));
    }

    fn pooled_shown(&self, images: Tensor<4>, observe: Option<&mut Observer<'_>>) -> Tensor<2> {
        average(self.trunk.forward(images, 1..self.trunk.graph().blocks() + 1, observe))
    }

    /// Images to the input of block `block`; past the last block, to the features before pooling.
    #[must_use]
    pub fn forward_to(&self, block: usize, images: Tensor<4>) -> Tensor<4> {
        self.trunk.forward(images, 1..block, None)
    }

    /// What [`Network::forward_to`] gives for a block to logits `[batch, classes]`.
    #[must_use]
    pub fn forward_from(&self, block: usize, features: Tensor<4>) -> Tensor<2> {
        let blocks = block..self.trunk.graph().blocks() + 1;
        self.head.forward(average(self.trunk.forward(features, blocks, None)))
    }

    /// Pooled features to logits.
    #[must_use]
    pub fn classify(&self, pooled: Tensor<2>) -> Tensor<2> {
        self.head.forward(pooled)
    }

    /// Which trunk this is.
    #[must_use]
    pub fn architecture(&self) -> Architecture {
        self.architecture
    }

    /// Trains only what lies at or above block `first` (Keras's numbering, from 1), and the head.
    ///
    /// A frozen block keeps its batch statistics too. 1 trains everything; a number past the last block, the head alone.
    #[must_use]
    pub fn train_from(self, first: usize) -> Self {
        let network = self.unfreeze();
        Self { trunk: network.trunk.freeze_before(first), ..network }
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
        named::write(self.trunk.slots(), tensors, architecture.name())?;
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
        let graph = self.trunk.graph();
        let block = |parameter: Parameter| (parameter.name, graph.nodes()[parameter.node].block);
        let of_name: BTreeMap<String, usize> = graph.parameters().into_iter().map(block).collect();
        let mut blocks: BTreeMap<usize, Vec<ParamId>> = BTreeMap::new();
        for (name, slot) in self.clone().slots() {
            if let (Some(id), Some(&block)) = (slot.id(), of_name.get(&name)) {
                blocks.entry(block).or_default().push(id);
            }
        }
        blocks
    }

    fn slots(&mut self) -> Vec<NamedSlot<'_>> {
        let mut slots = self.trunk.slots();
        slots.extend(self.head.slots());
        slots
    }
}
