//! What a graph from a file may be. Everything is checked before anything is computed of it.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer};

use crate::{Activation, Convolution, Graph, GraphError, Node, NodeId, Op, Padding, Role, Window};

/// The most that is taken of a graph; the largest network here has a tenth of each.
pub mod limits {
    /// Nodes.
    pub const NODES: usize = 1024;
    /// Bytes of a name.
    pub const NAME: usize = 64;
    /// Channels of a value.
    pub const CHANNELS: usize = 16_384;
    /// Side and stride of a window, and pixels of padding.
    pub const WINDOW: usize = 31;
    /// Answers.
    pub const OUTPUTS: usize = 8;
    /// Values of all tensors together.
    pub const PARAMETERS: u64 = 1 << 28;
    /// Values of a node for one image, and of all buffers together.
    pub const VALUES: usize = 1 << 29;
    /// Multiplications for one image.
    pub const WORK: u64 = 1 << 42;
}

/// A graph as a file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    name: String,
    smallest: usize,
    nodes: Vec<Node>,
    outputs: Vec<NodeId>,
}

impl<'de> Deserialize<'de> for Graph {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Unchecked { name, smallest, nodes, outputs } = Unchecked::deserialize(deserializer)?;
        let graph = Self { name, smallest, nodes, outputs };
        graph.check().map_err(serde::de::Error::custom)?;
        Ok(graph)
    }
}

impl Graph {
    /// Checks that the graph is one, and within [`limits`]. What was deserialised has been checked.
    ///
    /// # Errors
    /// A node reads what is not before it, two have one name, sizes don't fit each other, or something is too large.
    pub fn check(&self) -> Result<(), GraphError> {
        self.at_most("the list of nodes", self.nodes.len(), limits::NODES, "entries")?;
        self.at_most("the list of answers", self.outputs.len(), limits::OUTPUTS, "entries")?;
        self.at_most("the name", self.name.len(), limits::NAME, "bytes")?;
        let mut names = BTreeSet::new();
        for (id, node) in self.nodes.iter().enumerate() {
            self.at_most("a node's name", node.name.len(), limits::NAME, "bytes")?;
            self.require(node, names.insert(node.name.as_str()), "another node has the same name")?;
            self.check_node(id, node)?;
        }
        let Some(last) = self.nodes.last() else { return Err(self.large("the list of nodes", 0, 0, "entries")) };
        let have_answers = !self.outputs.is_empty() && self.outputs.iter().all(|&output| output < self.nodes.len());
        self.require(last, have_answers, "the answers are no nodes of the network")?;
        if let Some([_, node]) = self.nodes.array_windows().find(|[before, node]| node.block < before.block) {
            return Err(self.wrong(node, "it belongs to an earlier block than the node before it"));
        }
        self.check_channels()?;
        self.shapes(self.smallest).map(|_| ())
    }

    fn check_node(&self, id: NodeId, node: &Node) -> Result<(), GraphError> {
        let (inputs, fits) = match &node.op {
            Op::Image { channels } => (0, is_within(*channels, limits::CHANNELS) && id == 0),
            Op::Convolution(convolution) => (1, is_convolution(convolution)),
            Op::MaxPool(window) | Op::AveragePool(window) => (1, is_window(*window)),
            Op::BatchNorm { epsilon } => (1, epsilon.is_finite() && *epsilon >= 0.0),
            Op::Activation(activation) => (1, *activation != Activation::None),
            Op::GlobalAverage | Op::LogMeanExp => (1, true),
            Op::Linear { outputs } => (1, is_within(*outputs, limits::CHANNELS)),
            Op::Presence { none } => (2, *none < limits::CHANNELS),
            Op::Add | Op::Resize | Op::WeightedAverage | Op::Concatenate => (2, true),
        };
        self.require(node, fits, "its sizes are beyond the limits, or it does nothing")?;
        self.require(node, is_within(node.block, limits::NODES), "blocks are numbered from 1")?;
        let are_before = node.inputs.iter().all(|&input| input < id);
        self.require(node, node.inputs.len() == inputs && are_before, "it has to read nodes before it, one or two")?;
        self.require(node, id > 0 || inputs == 0, "node 0 has to be the image")
    }

    /// Groups divide channels, a sum's terms are alike, and all tensors together are not too large.
    fn check_channels(&self) -> Result<(), GraphError> {
        let channels = self.channels();
        for node in &self.nodes {
            let read = |index: usize| node.inputs.get(index).map_or(0, |&input| channels[input]);
            let fits = match &node.op {
                Op::Convolution(Convolution { groups, outputs, .. }) => {
                    // One kernel for all channels, or one for each; and of the image, whose channels are summed, the former.
                    *groups == 1 || *groups == read(0) && groups == outputs && node.inputs != [0]
                }
                Op::Add => read(0) == read(1),
                Op::LogMeanExp => read(0) == 1,
                Op::WeightedAverage => read(1) == 1,
                Op::Presence { none } => read(0) == 1 && *none <= read(1),
                _ => true,
            };
            self.require(node, fits, "its channels don't fit what it reads")?;
        }
        let values =
            |shape: &[usize]| shape.iter().fold(1_u64, |product, &length| product.saturating_mul(length as u64));
        let all = self.parameters().iter().fold(0_u64, |sum, tensor| sum.saturating_add(values(&tensor.shape)));
        if all > limits::PARAMETERS {
            return Err(self.large("the tensors", all, limits::PARAMETERS, "values"));
        }
        Ok(())
    }

    fn require(&self, node: &Node, holds: bool, otherwise: &str) -> Result<(), GraphError> {
        if holds { Ok(()) } else { Err(self.wrong(node, otherwise)) }
    }

    fn at_most(&self, what: &str, found: usize, limit: usize, unit: &'static str) -> Result<(), GraphError> {
        if found > limit { Err(self.large(what, found as u64, limit as u64, unit)) } else { Ok(()) }
    }

    /// The error that a node can't be used, by an engine that has no kernel for it, for example.
    #[must_use]
    pub fn refuse(&self, node: NodeId, reason: &str) -> GraphError {
        let node = self.nodes.get(node).map_or_else(String::new, |node| node.name.clone());
        GraphError::Node { network: self.name.clone(), node, reason: reason.to_owned() }
    }

    pub(crate) fn wrong(&self, node: &Node, reason: &str) -> GraphError {
        GraphError::Node { network: self.name.clone(), node: node.name.clone(), reason: reason.to_owned() }
    }

    pub(crate) fn large(&self, what: &str, found: u64, limit: u64, unit: &'static str) -> GraphError {
        GraphError::Large { network: self.name.clone(), what: what.to_owned(), found, limit, unit }
    }
}

fn is_within(value: usize, limit: usize) -> bool {
    (1..=limit).contains(&value)
}

fn is_window(window: Window) -> bool {
    let padding = match window.padding {
        Padding::Explicit { before, after } => before.max(after),
        Padding::Valid | Padding::Same => 0,
    };
    is_within(window.size, limits::WINDOW) && is_within(window.stride, limits::WINDOW) && padding < window.size
}

fn is_convolution(convolution: &Convolution) -> bool {
    let Convolution { layer, role, outputs, window, groups, .. } = convolution;
    let fits_role = match role {
        Role::Kernel => true,
        Role::Depthwise => groups == outputs,
        Role::Pointwise => window.size == 1 && *groups == 1,
    };
    let within = is_within(*outputs, limits::CHANNELS) && is_within(*groups, limits::CHANNELS);
    fits_role && within && is_window(*window) && layer.len() <= limits::NAME
}
