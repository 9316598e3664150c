//! A network as a list of operations.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::Window;

/// The number of a node in its graph; its value is what others read.
pub type NodeId = usize;

/// A network: operations, each after those whose values it reads.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Graph {
    pub(crate) name: String,
    pub(crate) smallest: usize,
    pub(crate) nodes: Vec<Node>,
    pub(crate) outputs: Vec<NodeId>,
}

/// One operation of a [`Graph`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Keras's name of the layer. No two nodes have the same.
    pub name: String,
    /// What it does.
    pub op: Op,
    /// The nodes that it reads.
    pub inputs: Vec<NodeId>,
    /// The block that it belongs to, numbered from 1 and never less than the one before; heads have the number after the
    /// last block.
    pub block: usize,
    /// Whether its value is a place that tests compare, hooks see and other heads read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stage: bool,
}

/// What a node does. Values are `[channels, height, width]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Op {
    /// The image in [-1, 1]. It is node 0 and no other.
    Image {
        /// 3 in training, 1 once it is folded.
        channels: usize,
    },
    /// A convolution.
    Convolution(Convolution),
    /// A scale and a shift of every channel by the statistics of training; its tensors are `NAME.gamma`, `NAME.beta`,
    /// `NAME.moving_mean` and `NAME.moving_variance`.
    BatchNorm {
        /// Added to variances.
        epsilon: f64,
    },
    /// A function of every value.
    Activation(Activation),
    /// The largest value of every window; padding counts as smaller than any.
    MaxPool(Window),
    /// The mean of every window; padding does not count.
    AveragePool(Window),
    /// The sum of two values of one shape.
    Add,
    /// The mean of every channel.
    GlobalAverage,
    /// A matrix product of the channels, and a bias: `NAME.kernel` `[outputs, inputs]` and `NAME.bias`.
    Linear {
        /// Rows of the matrix.
        outputs: usize,
    },
    /// The first value at the height and width of the second, by the nearest of its values, as in feature pyramids (Lin et
    /// al. 2017): row `y` is row `floor(y * from / to)`.
    Resize,
    /// The mean of every channel of the first value, a pixel weighed by the sigmoid of the second value, a map of logits of
    /// one channel.
    WeightedAverage,
    /// `ln(mean(exp(x)))` of a map of one channel: a smooth maximum (Pinheiro and Collobert 2015) that does not grow with the
    /// number of pixels.
    LogMeanExp,
    /// The channels of the first value, then those of the second.
    Concatenate,
    /// The logits of classes of which one is that nothing is there. The first value is the logit of something being there; the
    /// second has a logit for each of the other classes, which tell what. With `p` the sigmoid of the first, the softmax of the
    /// output is `1 - p` for `none`, and `p` times the softmax of the second for the others.
    Presence {
        /// The class that is nothing.
        none: usize,
    },
}

impl Op {
    /// Whether it belongs to a head: what comes out of it is so small that no engine has a kernel for it, see
    /// [`Head`](crate::Head).
    #[must_use]
    pub fn is_of_head(&self) -> bool {
        self.pools() || matches!(self, Self::Linear { .. } | Self::Concatenate | Self::Presence { .. })
    }

    /// Whether it makes one pixel of all.
    #[must_use]
    pub fn pools(&self) -> bool {
        matches!(self, Self::GlobalAverage | Self::WeightedAverage | Self::LogMeanExp)
    }
}

/// A convolution. Its tensors are named for its `layer`: see [`Role`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Convolution {
    /// Keras's layer that holds the weights.
    pub layer: String,
    /// Which of the layer's kernels it applies.
    pub role: Role,
    /// Output channels.
    pub outputs: usize,
    /// Size of the kernel, stride and padding.
    pub window: Window,
    /// Groups of channels that do not mix: 1, or as many as there are input channels.
    pub groups: usize,
    /// Whether it adds `LAYER.bias`.
    pub bias: bool,
}

/// How Keras keeps a kernel: a separable layer has two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// `LAYER.kernel`, `[outputs, inputs / groups, height, width]`.
    Kernel,
    /// `LAYER.depthwise_kernel`, `[channels, 1, height, width]`.
    Depthwise,
    /// `LAYER.pointwise_kernel`, `[outputs, inputs]`: a convolution of one pixel.
    Pointwise,
}

/// A function of every value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// The value itself.
    #[default]
    None,
    /// `max(x, 0)`.
    Relu,
    /// `min(max(x, 0), 6)`.
    Relu6,
}

impl Activation {
    /// The least and the greatest value that come out.
    #[must_use]
    pub fn bounds(self) -> (f32, f32) {
        match self {
            Self::None => (f32::MIN, f32::MAX),
            Self::Relu => (0.0, f32::MAX),
            Self::Relu6 => (0.0, 6.0),
        }
    }
}

impl Convolution {
    /// The name of its kernel.
    #[must_use]
    pub fn kernel(&self) -> String {
        let parameter = match self.role {
            Role::Kernel => "kernel",
            Role::Depthwise => "depthwise_kernel",
            Role::Pointwise => "pointwise_kernel",
        };
        format!("{}.{parameter}", self.layer)
    }

    /// The name of its bias, whether it has one or not.
    #[must_use]
    pub fn bias(&self) -> String {
        format!("{}.bias", self.layer)
    }

    /// Whether every channel has a kernel of its own.
    #[must_use]
    pub fn is_depthwise(&self) -> bool {
        self.groups > 1 && self.groups == self.outputs
    }

    /// Whether it mixes the channels of every pixel by themselves.
    #[must_use]
    pub fn is_pointwise(&self) -> bool {
        self.groups == 1 && self.window.is_pointwise()
    }

    /// The shape of its kernel for so many input channels.
    #[must_use]
    pub fn kernel_shape(&self, inputs: usize) -> Vec<usize> {
        match self.role {
            Role::Pointwise => vec![self.outputs, inputs],
            Role::Kernel | Role::Depthwise => {
                vec![self.outputs, inputs / self.groups.max(1), self.window.size, self.window.size]
            }
        }
    }
}

impl Graph {
    /// The network's name, as recipes and manifests have it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The least side of an image, in pixels: every engine refuses a smaller one.
    #[must_use]
    pub fn smallest(&self) -> usize {
        self.smallest
    }

    /// Every node, each after those it reads.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The nodes whose values are the network's answers.
    #[must_use]
    pub fn outputs(&self) -> &[NodeId] {
        &self.outputs
    }

    /// Blocks of the trunk, which are numbered from 1; heads have the number after the last.
    #[must_use]
    pub fn blocks(&self) -> usize {
        self.nodes.iter().map(|node| node.block).max().unwrap_or(0).saturating_sub(1)
    }

    /// Length of the pooled features: the channels that the first head averages.
    #[must_use]
    pub fn features(&self) -> usize {
        let average = self.nodes.iter().position(|node| node.op == Op::GlobalAverage);
        average.map_or(0, |average| self.channels()[average])
    }

    /// The answer that tells classes apart, where there is one.
    #[must_use]
    pub fn class_output(&self) -> Option<NodeId> {
        self.outputs.iter().copied().find(|&output| self.nodes[output].op.is_of_head())
    }

    /// The answer that is a map: one value for every place of the image, where there is one.
    #[must_use]
    pub fn map_output(&self) -> Option<NodeId> {
        self.outputs.iter().copied().find(|&output| !self.nodes[output].op.is_of_head())
    }

    /// Classes that the network tells apart; 0 where it answers with a map alone.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.class_output().map_or(0, |output| self.channels()[output])
    }

    /// The node of a name.
    #[must_use]
    pub fn node(&self, name: &str) -> Option<NodeId> {
        self.nodes.iter().position(|node| node.name == name)
    }

    /// Whether blocks from `block` on read one value of what lies before, so that they can be computed from it alone.
    #[must_use]
    pub fn is_cut(&self, block: usize) -> bool {
        let after = self.nodes.iter().filter(|node| node.block >= block).flat_map(|node| &node.inputs);
        let crossing: BTreeSet<NodeId> = after.copied().filter(|&input| self.nodes[input].block < block).collect();
        crossing.len() == 1
    }

    /// Whether it is the inference form: one grey input channel, and no batch normalisation.
    #[must_use]
    pub fn is_folded(&self) -> bool {
        self.nodes.iter().all(|node| match node.op {
            Op::Image { channels } => channels == 1,
            Op::BatchNorm { .. } => false,
            _ => true,
        })
    }

    /// Names of the stages, from the image to the heads.
    pub fn stages(&self) -> impl Iterator<Item = &str> {
        self.nodes.iter().filter(|node| node.stage).map(|node| node.name.as_str())
    }

    /// Channels of every node's value.
    #[must_use]
    pub fn channels(&self) -> Vec<usize> {
        let mut channels: Vec<usize> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let read =
                |index: usize| node.inputs.get(index).and_then(|&input| channels.get(input)).copied().unwrap_or(0);
            channels.push(match &node.op {
                Op::Image { channels } => *channels,
                Op::Convolution(convolution) => convolution.outputs,
                Op::Linear { outputs } => *outputs,
                Op::Concatenate => read(0) + read(1),
                Op::Presence { .. } => read(1) + 1,
                _ => read(0),
            });
        }
        channels
    }

    /// The nodes that read each node.
    #[must_use]
    pub fn readers(&self) -> Vec<Vec<NodeId>> {
        let mut readers = vec![Vec::new(); self.nodes.len()];
        for (id, node) in self.nodes.iter().enumerate() {
            for &input in &node.inputs {
                readers[input].push(id);
            }
        }
        readers
    }
}
