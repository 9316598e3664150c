//! A network's graph as a Burn module: one definition for training and for inference.
//!
//! Each node with parameters is a [`Layer`]; the forward pass walks the nodes. Names of tensors, blocks that are frozen
//! and stages are those of the graph.

use std::collections::BTreeMap;
use std::ops::Range;

use burn::module::{Initializer, Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig};
use burn::tensor::{Device, Tensor};
use graph::{Activation, Convolution, Graph, Node, NodeId, Op, Role};

use crate::fused::adapter::has_kernels;
use crate::layers::{
    Pending, activate, add, average_pool, convolve, convolve_pending, max_pool, mix, normalise, padding,
};
use crate::named::{NamedSlot, Slot};
use crate::network::{KernelInput, Observer, Shown};

/// Share of a new batch in the running statistics: Keras's 0.99 is Burn's 0.01; a short fine-tuning needs more.
const MOMENTUM: f64 = 0.05;

/// The parameters of a node.
#[derive(Module, Debug)]
enum Layer {
    Convolution(Conv2d),
    Pointwise(Pointwise),
    Norm(BatchNorm),
}

/// A 1x1 convolution: a matrix product over the channels of every pixel.
#[derive(Module, Debug)]
pub(crate) struct Pointwise {
    /// `[out, in]`.
    pub(crate) kernel: Param<Tensor<2>>,
    pub(crate) bias: Option<Param<Tensor<1>>>,
}

/// The trunk of a network: everything before the pooled features.
#[derive(Module, Debug)]
pub(crate) struct Trunk {
    /// One a node; `None` for nodes without parameters, and for heads.
    layers: Vec<Option<Layer>>,
    #[module(skip)]
    graph: Graph,
}

impl Trunk {
    /// Random weights.
    pub(crate) fn new(graph: Graph, device: &Device) -> Self {
        let channels = graph.channels();
        let layer = |node: &Node| {
            let inputs = node.inputs.first().map_or(0, |&input| channels[input]);
            Layer::new(&node.op, inputs, device)
        };
        Self { layers: graph.nodes().iter().map(layer).collect(), graph }
    }

    pub(crate) fn graph(&self) -> &Graph {
        &self.graph
    }

    /// What blocks `blocks` (from 1) make of the output of the block before, or of images
    /// `[batch, channels, height, width]` in [-1, 1].
    ///
    /// `observe` sees the output of every stage, and what every kernel is applied to. Without it the processor makes no
    /// values that one layer alone reads, where it can do several layers in one.
    pub(crate) fn forward(
        &self,
        input: Tensor<4>,
        blocks: Range<usize>,
        mut observe: Option<&mut Observer<'_>>,
    ) -> Tensor<4> {
        let nodes = self.graph.nodes().iter().enumerate();
        let within: Vec<(NodeId, &Node)> = nodes.filter(|(_, node)| blocks.contains(&node.block)).collect();
        let Some((&(first, _), &(last, _))) = within.first().zip(within.last()) else { return input };
        let pends = observe.is_none() && !has_kernels(&input.device());
        let mut values = Values::new(&within, first, input);
        for (id, node) in within {
            let value = match self.pending(id, node, &mut values, pends && id != last) {
                Some(pending) => Value::Pending(pending),
                None => Value::Made(self.apply(id, node, &mut values, observe.as_deref_mut())),
            };
            if let (true, Some(observe), Value::Made(value)) = (node.stage, observe.as_deref_mut(), &value) {
                observe(&node.name, Shown::Stage(value));
            }
            values.held.insert(id, value);
        }
        values.take(last).made()
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

    fn apply(&self, id: NodeId, node: &Node, values: &mut Values<'_>, observe: Option<&mut Observer<'_>>) -> Tensor<4> {
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
                    let shown = KernelInput::new(convolution, &input);
                    observe(&convolution.kernel(), Shown::KernelInput(shown));
                }
                match layer {
                    Layer::Pointwise(pointwise) => mix(pointwise, input),
                    Layer::Convolution(conv) => convolve(conv, convolution, input),
                    Layer::Norm(_) => input,
                }
            }
            (Op::BatchNorm { .. }, Some(Layer::Norm(norm))) => normalise(norm, input),
            (Op::Activation(activation), _) => activate(*activation, input),
            (Op::MaxPool(window), _) => max_pool(*window, input),
            (Op::AveragePool(window), _) => average_pool(*window, input),
            (Op::Add, _) => add(input, values.take(node.inputs[1]).made()),
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

    pub(crate) fn slots(&mut self) -> Vec<NamedSlot<'_>> {
        let nodes = self.graph.nodes().iter().zip(&mut self.layers);
        nodes.filter_map(|(node, layer)| Some(layer.as_mut()?.slots(node))).flatten().collect()
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
            Op::BatchNorm { epsilon } => {
                let config = BatchNormConfig::new(inputs).with_epsilon(*epsilon).with_momentum(MOMENTUM);
                Some(Self::Norm(config.init(device)))
            }
            _ => None,
        }
    }

    fn slots<'a>(&'a mut self, node: &Node) -> Vec<NamedSlot<'a>> {
        match (self, &node.op) {
            (Self::Convolution(conv), Op::Convolution(convolution)) => {
                let kernel = (convolution.kernel(), Slot::Kernel(&mut conv.weight));
                let bias = conv.bias.as_mut().map(|bias| (convolution.bias(), Slot::Vector(bias)));
                std::iter::once(kernel).chain(bias).collect()
            }
            (Self::Pointwise(pointwise), Op::Convolution(convolution)) => {
                let kernel = (convolution.kernel(), Slot::Matrix(&mut pointwise.kernel));
                let bias = pointwise.bias.as_mut().map(|bias| (convolution.bias(), Slot::Vector(bias)));
                std::iter::once(kernel).chain(bias).collect()
            }
            (Self::Norm(norm), _) => vec![
                (format!("{}.gamma", node.name), Slot::Vector(&mut norm.gamma)),
                (format!("{}.beta", node.name), Slot::Vector(&mut norm.beta)),
                (format!("{}.moving_mean", node.name), Slot::Statistic(&mut norm.running_mean)),
                (format!("{}.moving_variance", node.name), Slot::Statistic(&mut norm.running_var)),
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
    /// Before `nodes`, the first of which is `first`.
    fn new(nodes: &[(NodeId, &Node)], first: NodeId, input: Tensor<4>) -> Self {
        let mut values = Self { held: BTreeMap::from([(INPUT, Value::Made(input))]), reads: BTreeMap::new(), first };
        for (_, node) in nodes {
            let inputs = if node.inputs.is_empty() { &[INPUT] } else { node.inputs.as_slice() };
            for &read in inputs {
                *values.reads.entry(values.place(read)).or_default() += 1;
            }
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
