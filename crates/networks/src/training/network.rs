//! The network that is trained, exported and run.

use std::collections::BTreeMap;

use burn::module::{Module, ParamId};
use burn::tensor::{Device, Tensor};
use graph::{Architecture, Convolution, Graph, NodeId, Op, Parameter};

use crate::training::module::GraphModule;
use crate::training::named::{self, NamedParameter};
use crate::{NamedTensor, NetworkError};

/// Sees features `[batch, channels, height, width]` by name.
pub type Features<'a> = dyn FnMut(&str, &Tensor<4>) + 'a;

/// What a hook is given.
pub(crate) enum Hooked<'a> {
    /// The output of a stage.
    Stage(&'a Tensor<4>),
    /// What a kernel is applied to.
    KernelInput(KernelInput<'a>),
}

/// Is called on the way through a network: with stages under Keras's names, inputs of kernels under the kernels' names.
pub(crate) type Hook<'a> = dyn FnMut(&str, Hooked<'_>) + 'a;

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
#[derive(Debug, Clone)]
pub struct NetworkConfig {
    architecture: Architecture,
    graph: Graph,
    form: Form,
    dropout: f64,
}

impl NetworkConfig {
    /// A network of the given architecture and form, which answers with classes, without dropout.
    #[must_use]
    pub fn new(architecture: Architecture, classes: usize, form: Form) -> Self {
        Self { architecture, graph: architecture.graph(classes), form, dropout: 0.0 }
    }

    /// The same with a map of evidence: see [`Architecture::graph_with_map`].
    #[must_use]
    pub fn with_map(mut self, none: Option<usize>) -> Self {
        self.graph = self.architecture.graph_with_map(self.graph.classes(), none);
        self
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
        let graph = if self.form == Form::Folded { self.graph.folded() } else { self.graph.clone() };
        Network { module: GraphModule::new(graph, self.dropout, device), architecture: self.architecture }
    }
}

/// What a network answers.
#[derive(Debug, Clone)]
pub struct Answers {
    /// The last features, averaged over the image: `[batch, features]`.
    pub features: Tensor<2>,
    /// `[batch, classes]`.
    pub logits: Tensor<2>,
    /// Logits of evidence, `[batch, 1, height, width]`, where the network has a map.
    pub map: Option<Tensor<4>>,
}

/// A network by its graph.
#[derive(Module, Debug)]
pub struct Network {
    module: GraphModule,
    #[module(skip)]
    architecture: Architecture,
}

impl Network {
    /// Images `[batch, channels, height, width]` in [-1, 1] to logits `[batch, classes]`.
    #[must_use]
    pub fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        self.answers(images).logits
    }

    /// Images to all that the network answers.
    #[must_use]
    pub fn answers(&self, images: Tensor<4>) -> Answers {
        self.answers_from(1, images)
    }

    /// As [`Network::answers`], and shows the output of every stage to `observe`.
    #[must_use]
    pub fn observed(&self, images: Tensor<4>, observe: &mut Features<'_>) -> Answers {
        let mut stages = |name: &str, hooked: Hooked<'_>| {
            if let Hooked::Stage(features) = hooked {
                observe(name, features);
            }
        };
        self.run(1, images, Some(&mut stages))
    }

    /// Shows what every convolution's kernel is applied to, under the kernel's name: what rounding a kernel costs
    /// depends on it.
    pub fn kernel_inputs(&self, images: Tensor<4>, observe: &mut dyn FnMut(&str, KernelInput<'_>)) {
        let mut inputs = |name: &str, hooked: Hooked<'_>| {
            if let Hooked::KernelInput(input) = hooked {
                observe(name, input);
            }
        };
        let _answers = self.run(1, images, Some(&mut inputs));
    }

    /// Images to the input of block `block`, which later blocks can be computed from: see [`Graph::is_cut`].
    #[must_use]
    pub fn forward_to(&self, block: usize, images: Tensor<4>) -> Tensor<4> {
        let last = self.graph().nodes().iter().rposition(|node| node.block < block).filter(|_| block > 1);
        let values = last.map(|last| self.module.forward(images.clone(), 1..block, &[last], None));
        values.and_then(|mut values| values.pop()).unwrap_or(images)
    }

    /// What [`Network::forward_to`] gives for a block to the answers.
    #[must_use]
    pub fn answers_from(&self, block: usize, features: Tensor<4>) -> Answers {
        self.run(block, features, None)
    }

    fn run(&self, block: usize, input: Tensor<4>, observe: Option<&mut Hook<'_>>) -> Answers {
        let graph = self.graph();
        let average = graph.nodes().iter().position(|node| node.op == Op::GlobalAverage);
        let wanted: Vec<NodeId> = average.into_iter().chain(graph.class_output()).chain(graph.map_output()).collect();
        let values = self.module.forward(input, block..usize::MAX, &wanted, observe);
        // Every architecture has pooled features and classes.
        let vector = |index: usize| values[index].clone().flatten(1, 3);
        Answers { features: vector(0), logits: vector(1), map: values.get(2).cloned() }
    }

    /// The network as a graph.
    #[must_use]
    pub fn graph(&self) -> &Graph {
        self.module.graph()
    }

    /// Which architecture this is.
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
        Self { module: network.module.freeze_before(first), ..network }
    }

    /// Every parameter by its Keras name.
    ///
    /// # Errors
    /// The device could not be read back.
    pub fn named_tensors(&self) -> Result<BTreeMap<String, NamedTensor>, NetworkError> {
        named::read(&self.clone().named_parameters())
    }

    /// Fills the whole network from `tensors`.
    ///
    /// # Errors
    /// A tensor is missing, has another shape, or belongs nowhere; the network is unchanged then.
    pub fn load(mut self, tensors: &BTreeMap<String, NamedTensor>) -> Result<Self, NetworkError> {
        let architecture = self.architecture();
        let parameters = self.named_parameters();
        if let Some(name) = tensors.keys().find(|name| !parameters.iter().any(|(own, _)| own == *name)) {
            return Err(NetworkError::Unknown { name: name.clone(), architecture: architecture.to_string() });
        }
        named::write(parameters, tensors, architecture.name())?;
        Ok(self)
    }

    /// Fills the trunk alone, from ImageNet weights without head; the head stays as it is.
    ///
    /// # Errors
    /// A tensor of the trunk is missing or has another shape; the network is unchanged then.
    pub fn load_trunk(mut self, tensors: &BTreeMap<String, NamedTensor>) -> Result<Self, NetworkError> {
        let architecture = self.architecture();
        let head = self.graph().blocks() + 1;
        named::write(self.module.named_parameters_before(head), tensors, architecture.name())?;
        Ok(self)
    }

    /// Gives parameters identities that are the same in every run, so that optimiser states can be resumed.
    ///
    /// Reads every parameter back from its device: for training, not for a browser.
    #[must_use]
    pub fn identified(mut self) -> Self {
        named::identify(self.named_parameters());
        self
    }

    /// This network, moved towards `other` of the same architecture by `share` of the way: the step of a moving average
    /// of weights (Polyak and Juditsky 1992). Both must be without gradients.
    #[must_use]
    pub fn ema_update(mut self, mut other: Self, share: f64) -> Self {
        named::blend(self.named_parameters(), other.named_parameters(), share);
        self
    }

    /// The identities of the trained parameters of every block; those of the head under the number after the last block.
    #[must_use]
    pub fn parameters_by_block(&self) -> BTreeMap<usize, Vec<ParamId>> {
        let graph = self.graph();
        let block = |parameter: Parameter| (parameter.name, graph.nodes()[parameter.node].block);
        let of_name: BTreeMap<String, usize> = graph.parameters().into_iter().map(block).collect();
        let mut blocks: BTreeMap<usize, Vec<ParamId>> = BTreeMap::new();
        for (name, parameter) in self.clone().named_parameters() {
            if let (Some(id), Some(&block)) = (parameter.id(), of_name.get(&name)) {
                blocks.entry(block).or_default().push(id);
            }
        }
        blocks
    }

    fn named_parameters(&mut self) -> Vec<NamedParameter<'_>> {
        self.module.named_parameters()
    }
}
