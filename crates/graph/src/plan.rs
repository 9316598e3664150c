//! A network in its inference form as a list of kernels and the buffers between them.

mod buffers;
mod kernels;

use crate::{Activation, Graph, GraphError, NodeId, Op, Shape};
use buffers::Buffers;
use kernels::Planner;

/// The number of a buffer that holds a value; steps hand it on and write it again.
pub type Slot = usize;

/// What an engine's kernels do beside their own operation. Every engine's convolutions add a value and end with an
/// activation, and its depthwise convolutions begin with one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fusion {
    /// A depthwise convolution that only a 1x1 convolution reads is computed while that one reads it.
    pub separable: bool,
    /// A sum is written over the value that is added, instead of beside it.
    pub in_place: bool,
}

impl Fusion {
    /// Every convolution is a kernel of its own, and no buffer is read and written at once.
    pub const SEPARATE: Self = Self { separable: false, in_place: false };
    /// Separable convolutions are one kernel, and sums are written in place.
    pub const JOINED: Self = Self { separable: true, in_place: true };
}

/// Steps for images of one size.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// What is computed, in order.
    pub steps: Vec<Step>,
    /// Values of each buffer, for one image.
    pub slots: Vec<usize>,
    /// What is read from the buffers after the last step, in the order of nodes.
    pub reads: Vec<Read>,
}

/// Where a step reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The image.
    Image,
    /// A buffer.
    Slot(Slot),
}

/// One kernel: `activation(node(middle(depthwise(before(input)))) + added)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The node whose operation and weights it has.
    pub node: NodeId,
    /// A depthwise convolution that comes before it.
    pub depthwise: Option<NodeId>,
    /// What is applied to the input.
    pub before: Activation,
    /// What is applied between the depthwise convolution and the node.
    pub middle: Activation,
    /// What is applied to the sum.
    pub activation: Activation,
    /// Shape of the input.
    pub from: Shape,
    /// Shape of the output.
    pub to: Shape,
    /// Where the input is.
    pub input: Place,
    /// What is added to the node's value.
    pub added: Option<Slot>,
    /// Where the output goes.
    pub output: Slot,
    /// The node whose value the output is: the node itself, or the sum or activation that the kernel ends with.
    pub value: NodeId,
}

/// What is read from a plan's buffers once its steps have run, for the [`Head`](crate::Head).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Read {
    /// The node whose value it is.
    pub node: NodeId,
    /// Where it is read.
    pub from: Slot,
    /// The shape of what is there.
    pub shape: Shape,
    /// What is read of it.
    pub pooling: Pooling,
}

/// What is read of a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pooling {
    /// Every value.
    None,
    /// The mean of every channel.
    Average,
    /// The mean of every channel, each pixel weighed by the sigmoid of the map in this buffer.
    Weighted(Slot),
}

impl Graph {
    /// The kernels that compute this graph, which must be [`Graph::folded`], for an image of `side` x `side` pixels.
    ///
    /// # Errors
    /// The image is too small, something would be beyond [`limits`], or a node is of a kind that is not run: a batch
    /// normalisation that was not folded, or what belongs to a head elsewhere than there.
    pub fn plan(&self, side: usize, fusion: Fusion) -> Result<Plan, GraphError> {
        let shapes = self.shapes(side)?;
        let kernels = Planner { graph: self, readers: self.readers(), fusion }.kernels()?;
        Buffers::new(self, &shapes, &kernels)?.plan(fusion, &kernels)
    }

    /// Whether a node's value is wanted as it is.
    fn is_kept(&self, id: NodeId) -> bool {
        self.nodes[id].stage || self.outputs.contains(&id)
    }

    /// The nodes whose values a head starts from: what pools, and maps that are an answer or are pooled beside.
    fn read_by_head(&self) -> Vec<NodeId> {
        let is_read = |id: NodeId| match self.nodes[id].op {
            Op::GlobalAverage | Op::WeightedAverage => true,
            _ => {
                let measured = |node: &crate::Node| node.op == Op::LogMeanExp && node.inputs == [id];
                !self.nodes[id].op.is_of_head() && (self.outputs.contains(&id) || self.nodes.iter().any(measured))
            }
        };
        (0..self.nodes.len()).filter(|&id| is_read(id)).collect()
    }
}
