//! A network's graph as a Burn module: one definition for training and for inference.
//!
//! Each node with parameters is a [`Layer`]; the forward pass walks the nodes. Names of tensors, blocks that are frozen
//! and stages are those of the graph.

use std::collections::BTreeMap;
use std::ops::Range;

use burn::module::{Initializer, Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Dropout, DropoutConfig};
use burn::tensor::{Device, Tensor};
use graph::{Activation, Convolution, Graph, Node, NodeId, Op, Role};

use crate::training::fused::adapter::has_kernels;
use crate::training::head;
use crate::training::layers::{
    Pending, activate, add, average_pool, convolve, convolve_pending, max_pool, mix, normalise, padding,
};
use crate::training::named::{NamedParameter, ParameterMut};
use crate::training::network::{Hook, Hooked, KernelInput};

/// Share of a new batch in the running statistics: Keras's 0.99 is Burn's 0.01; a short fine-tuning needs more.
const MOMENTUM: f64 = 0.05;
/// Logit of a map before training: 5 %, so that the many places without anything do not drown the first steps (Lin et al.
/// 2017, "Focal Loss for Dense Object Detection").
const RARE: f64 = -3.0;

/// The parameters of a node.
#[derive(Module, Debug)]
enum Layer {
    Convolution(Conv2d),
    Pointwise(Pointwise),
    Norm(BatchNorm),
    Linear(Linear),
}

/// A 1x1 convolution: a matrix product over the channels of every pixel.
#[derive(Module, Debug)]
pub(crate) struct Pointwise {
    /// `[out, in]`.
    pub(crate) kernel: Param<Tensor<2>>,
    pub(crate) bias: Option<Param<Tensor<1>>>,
}

/// A linear layer of a head.
#[derive(Module, Debug)]
pub(crate) struct Linear {
    /// `[out, in]`.
    pub(crate) kernel: Param<Tensor<2>>,
    pub(crate) bias: Param<Tensor<1>>,
}

/// The nodes of a graph. What a head pools has one pixel: `[batch, channels, 1, 1]`.
#[derive(Module, Debug)]
pub(crate) struct GraphModule {
    /// One a node; `None` for nodes without parameters.
    layers: Vec<Option<Layer>>,
    /// Of the features that linear layers read.
    dropout: Dropout,
    #[module(skip)]
    graph: Graph,
}

impl GraphModule {
    /// Random weights; `dropout` is the share of pooled features left out while training.
    pub(crate) fn new(graph: Graph, dropout: f64, device: &Device) -> Self {
        let channels = graph.channels();
        let map = graph.map_output();
        let layer = |(id, node): (NodeId, &Node)| {
            let inputs = node.inputs.first().map_or(0, |&input| channels[input]);
            let mut layer = Layer::new(&node.op, inputs, device)?;
            if let (true, Layer::Convolution(conv)) = (map == Some(id), &mut layer) {
                conv.bias = Some(Initializer::Constant { value: RARE }.init([1], device));
            }
            Some(layer)
        };
        let layers = graph.nodes().iter().enumerate().map(layer).collect();
        Self { layers, dropout: DropoutConfig::new(dropout).init(), graph }
    }

    pub(crate) fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The values of the nodes `wanted`, in their order, from the output of the block before `blocks` (from 1) or from images
    /// `[batch, channels, height, width]` in [-1, 1].
    ///
    /// `observe` sees the output of every stage on the way, and what every kernel is applied to. Without it the processor makes
    /// no values that one layer alone reads, where it can do several layers in one.
    pub(crate) fn forward(
        &self,
        input: Tensor<4>,
        blocks: Range<usize>,
        wanted: &[NodeId],
        mut observe: Option<&mut Hook<'_>>,
    ) -> Vec<Tensor<4>> {
        let needed = self.needed(&blocks, wanted);
        let nodes = self.graph.nodes().iter().enumerate();
        let within: Vec<(NodeId, &Node)> = nodes.filter(|&(id, _)| needed[id]).collect();
        let first = self.graph.nodes().iter().position(|node| node.block >= blocks.start).unwrap_or(needed.len());
        let pends = observe.is_none() && !has_kernels(&input.device());
        let mut values = Values::new(&within, first, input, wanted);
        for (id, node) in within {
            let value = match self.pending(id, node, &mut values, pends && !wanted.contains(&id)) {
                Some(pending) => Value::Pending(pending),
                None => Value::Made(self.apply(id, node, &mut values, observe.as_deref_mut())),
            };
            if let (true, Some(observe), Value::Made(value)) = (node.stage, observe.as_deref_mut(), &value) {
                observe(&node.name, Hooked::Stage(value));
            }
            values.held.insert(id, value);
        }
        wanted.iter().map(|&id| values.take(id).made()).collect()
    }

    /// The nodes of `blocks` that the wanted values need.
    fn needed(&self, blocks: &Range<usize>, wanted: &[NodeId]) -> Vec<bool> {
        let nodes = self.graph.nodes();
        let mut needed: Vec<bool> = (0..nodes.len()).map(|id| wanted.contains(&id)).collect();
        for (id, node) in nodes.iter().enumerate().rev() {
            needed[id] &= blocks.contains(&node.block);
            if needed[id] {
                node.inputs.iter().for_each(|&input| needed[input] = true);
            }
        }
        needed
    }

    /// The value of a node that is left to the one node that reads it.
    fn pending<'a>(&'a self, id: NodeId, node: &Node, values: &mut Values<'a>, pends: bool) -> Option<Pending<'a>> {
        if !pends || values.reads.get(&id) != Some(&1) {
            return None;
        }
        match (&node.op, &self.layers[id]) {
            (Op::BatchNorm { .. }, Some(Layer::Norm(norm))) => {
                let input = values.take(node.inputs[0]).made();
                Some(Pending { input, norm: Some(norm), activation: Activation::None })
            }
            (Op::Activation(activation), _) => Some(match values.take(node.inputs[0]) {
                Value::Pending(pending) if pending.activation == Activation::None => {
                    Pending { activation: *activation, ..pending }
                }
                input => Pending { input: input.made(), norm: None, activation: *activation },
            }),
            _ => None,
        }
    }

    fn apply(&self, id: NodeId, node: &Node, values: &mut Values<'_>, observe: Option<&mut Hook<'_>>) -> Tensor<4> {
        let input = values.take(node.inputs.first().copied().unwrap_or(INPUT));
        let input = match (input, &node.op, &self.layers[id]) {
            (Value::Pending(input), Op::Convolution(convolution), Some(Layer::Convolution(conv))) => {
                return convolve_pending(conv, convolution, input);
            }
            (Value::Pending(input), Op::Activation(activation), _) if input.activation == Activation::None => {
                return Pending { activation: *activation, ..input }.made();
            }
            (Value::Pending(input), Op::MaxPool(window), _) => return input.pooled(*window),
            (input, ..) => input.made(),
        };
        match (&node.op, &self.layers[id]) {
            (Op::Convolution(convolution), Some(layer)) => {
                if let Some(observe) = observe {
                    let hooked = KernelInput::new(convolution, &input);
                    observe(&convolution.kernel(), Hooked::KernelInput(hooked));
                }
                match layer {
                    Layer::Pointwise(pointwise) => mix(pointwise, input),
                    Layer::Convolution(conv) => convolve(conv, convolution, input),
                    Layer::Norm(_) | Layer::Linear(_) => input,
                }
            }
            (Op::BatchNorm { .. }, Some(Layer::Norm(norm))) => normalise(norm, input),
            (Op::Activation(activation), _) => activate(*activation, input),
            (Op::MaxPool(window), _) => max_pool(*window, input),
            (Op::AveragePool(window), _) => average_pool(*window, input),
            (Op::Add, _) => add(input, values.take(node.inputs[1]).made()),
            (Op::Resize, _) => head::resize(input, &values.take(node.inputs[1]).made()),
            (Op::GlobalAverage, _) => head::average(input),
            (Op::WeightedAverage, _) => head::weighted_average(input, values.take(node.inputs[1]).made()),
            (Op::LogMeanExp, _) => head::log_mean_exp(input),
            (Op::Linear { .. }, Some(Layer::Linear(linear))) => head::linear(linear, input, &self.dropout),
            (Op::Concatenate, _) => Tensor::cat(vec![input, values.take(node.inputs[1]).made()], 1),
            (Op::Presence { none }, _) => head::presence(*none, input, values.take(node.inputs[1]).made()),
            _ => input,
        }
    }

    /// Switches off training of every block before `first`, batch statistics included.
    pub(crate) fn freeze_before(mut self, first: usize) -> Self {
        let blocks = self.graph.nodes().iter().map(|node| node.block);
        let freeze = |(layer, block): (Option<Layer>, usize)| if block < first { layer.freeze() } else { layer };
        self.layers = self.layers.into_iter().zip(blocks).map(freeze).collect();
        self
    }

    pub(crate) fn named_parameters(&mut self) -> Vec<NamedParameter<'_>> {
        self.named_parameters_before(usize::MAX)
    }

    /// The parameters of the blocks before `block`.
    pub(crate) fn named_parameters_before(&mut self, block: usize) -> Vec<NamedParameter<'_>> {
        let nodes = self.graph.nodes().iter().zip(&mut self.layers).filter(|(node, _)| node.block < block);
        nodes.filter_map(|(node, layer)| Some(layer.as_mut()?.named_parameters(node))).flatten().collect()
    }
}

impl Layer {
    fn new(op: &Op, inputs: usize, device: &Device) -> Option<Self> {
        match op {
            Op::Convolution(convolution) if convolution.role == Role::Pointwise => {
                let outputs = convolution.outputs;
                let initializer = Initializer::KaimingNormal { gain: 1.0, fan_out_only: false };
                let kernel = initializer.init_with([outputs, inputs], Some(inputs), Some(outputs), device);
                let bias = convolution.bias.then(|| Initializer::Zeros.init([outputs], device));
                Some(Self::Pointwise(Pointwise { kernel, bias }))
            }
            Op::Convolution(convolution) => Some(Self::Convolution(conv(convolution, inputs, device))),
            Op::Linear { outputs } => {
                // What stretches a single value begins as that value: by chance its sign might be turned, and a map of evidence
                // would be taught that a tumour is where it is low.
                let initializer =
                    if inputs == 1 { Initializer::Ones } else { Initializer::XavierUniform { gain: 1.0 } };
                let kernel = initializer.init_with([*outputs, inputs], Some(inputs), Some(*outputs), device);
                Some(Self::Linear(Linear { kernel, bias: Initializer::Zeros.init([*outputs], device) }))
            }
            Op::BatchNorm { epsilon } => {
                let config = BatchNormConfig::new(inputs).with_epsilon(*epsilon).with_momentum(MOMENTUM);
                Some(Self::Norm(config.init(device)))
            }
            _ => None,
        }
    }

    fn named_parameters<'a>(&'a mut self, node: &Node) -> Vec<NamedParameter<'a>> {
        match (self, &node.op) {
            (Self::Convolution(conv), Op::Convolution(convolution)) => {
                let kernel = (convolution.kernel(), ParameterMut::Kernel(&mut conv.weight));
                let bias = conv.bias.as_mut().map(|bias| (convolution.bias(), ParameterMut::Vector(bias)));
                std::iter::once(kernel).chain(bias).collect()
            }
            (Self::Pointwise(pointwise), Op::Convolution(convolution)) => {
                let kernel = (convolution.kernel(), ParameterMut::Matrix(&mut pointwise.kernel));
                let bias = pointwise.bias.as_mut().map(|bias| (convolution.bias(), ParameterMut::Vector(bias)));
                std::iter::once(kernel).chain(bias).collect()
            }
            (Self::Linear(linear), _) => vec![
                (format!("{}.kernel", node.name), ParameterMut::Matrix(&mut linear.kernel)),
                (format!("{}.bias", node.name), ParameterMut::Vector(&mut linear.bias)),
            ],
            (Self::Norm(norm), _) => vec![
                (format!("{}.gamma", node.name), ParameterMut::Vector(&mut norm.gamma)),
                (format!("{}.beta", node.name), ParameterMut::Vector(&mut norm.beta)),
                (format!("{}.moving_mean", node.name), ParameterMut::Statistic(&mut norm.running_mean)),
                (format!("{}.moving_variance", node.name), ParameterMut::Statistic(&mut norm.running_var)),
            ],
            _ => Vec::new(),
        }
    }
}

fn conv(convolution: &Convolution, inputs: usize, device: &Device) -> Conv2d {
    let window = convolution.window;
    Conv2dConfig::new([inputs, convolution.outputs], [window.size; 2])
        .with_stride([window.stride; 2])
        .with_groups(convolution.groups)
        .with_padding(padding(window))
        .with_bias(convolution.bias)
        .init(device)
}

/// What a node gives.
#[derive(Debug, Clone)]
enum Value<'a> {
    Made(Tensor<4>),
    /// Left to the one node that reads it.
    Pending(Pending<'a>),
}

impl Value<'_> {
    fn made(self) -> Tensor<4> {
        match self {
            Self::Made(value) => value,
            Self::Pending(pending) => pending.made(),
        }
    }
}

/// Values on the way, each let go by the last node that reads it: Burn writes over a value that nothing else holds.
struct Values<'a> {
    held: BTreeMap<NodeId, Value<'a>>,
    /// How often each value is still read.
    reads: BTreeMap<NodeId, usize>,
    /// What lies before this node is one value, that of the input.
    first: NodeId,
}

/// Where [`Values`] keep the input.
const INPUT: NodeId = NodeId::MAX;

impl<'a> Values<'a> {
    /// Before `nodes`, from `first` on; what is `wanted` is read once more, at the end.
    fn new(nodes: &[(NodeId, &Node)], first: NodeId, input: Tensor<4>, wanted: &[NodeId]) -> Self {
        let mut values = Self { held: BTreeMap::from([(INPUT, Value::Made(input))]), reads: BTreeMap::new(), first };
        let of_nodes =
            nodes.iter().flat_map(|(_, node)| if node.inputs.is_empty() { &[INPUT] } else { node.inputs.as_slice() });
        for &read in of_nodes.chain(wanted) {
            *values.reads.entry(values.place(read)).or_default() += 1;
        }
        values
    }

    fn place(&self, id: NodeId) -> NodeId {
        if id < self.first { INPUT } else { id }
    }

    fn take(&mut self, id: NodeId) -> Value<'a> {
        let place = self.place(id);
        let value = self.held[&place].clone();
        let left = self.reads.entry(place).or_default();
        *left = left.saturating_sub(1);
        if *left == 0 {
            self.held.remove(&place);
        }
        value
    }
}

#[cfg(test)]
mod tests;
