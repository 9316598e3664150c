//! Laying down a network node by node, so that its file reads like the paper's figure.

use crate::{Activation, Convolution, Graph, Node, NodeId, Op, Role, Window};

/// A network in the making. Each method appends a node that reads the one before, unless [`Builder::resume`] went
/// elsewhere.
///
/// ```
/// use graph::{Builder, Window};
///
/// let mut flow = Builder::new("small", 8, 1);
/// let input = flow.block(1).convolution("stem", 8, Window::same(3)).norm("stem_bn").relu("stem_act").stage().here();
/// flow.block(2).convolution("mixed", 8, Window::same(3)).norm("mixed_bn").add("sum", input).relu("sum_act").stage();
/// let graph = flow.classify("predictions", 2).finish();
/// assert_eq!(graph.stages().collect::<Vec<_>>(), ["stem_act", "sum_act"]);
/// assert_eq!(graph.blocks(), 2);
/// ```
#[derive(Debug)]
pub struct Builder {
    graph: Graph,
    block: usize,
    here: NodeId,
}

/// Keras's epsilon for every batch normalisation, which is added to variances.
pub const NORM_EPSILON: f64 = 1e-3;

impl Builder {
    /// Begins with an image of `channels` channels and at least `smallest` pixels each way.
    #[must_use]
    pub fn new(name: &str, smallest: usize, channels: usize) -> Self {
        let graph = Graph { name: name.to_owned(), smallest, nodes: Vec::new(), outputs: Vec::new() };
        let mut flow = Self { graph, block: 1, here: 0 };
        flow.push("image", Op::Image { channels }, Vec::new());
        flow
    }

    /// What follows belongs to this block.
    pub fn block(&mut self, block: usize) -> &mut Self {
        self.block = block;
        self
    }

    /// The last node.
    #[must_use]
    pub fn here(&self) -> NodeId {
        self.here
    }

    /// What follows reads this node.
    pub fn resume(&mut self, node: NodeId) -> &mut Self {
        self.here = node;
        self
    }

    /// Makes the last node a stage.
    pub fn stage(&mut self) -> &mut Self {
        self.graph.nodes[self.here].stage = true;
        self
    }

    /// A convolution over all channels, without bias.
    pub fn convolution(&mut self, layer: &str, outputs: usize, window: Window) -> &mut Self {
        self.convolve(layer, Convolution::new(layer, Role::Kernel, outputs, window))
    }

    /// A convolution over all channels, with a bias.
    pub fn biased_convolution(&mut self, layer: &str, outputs: usize, window: Window) -> &mut Self {
        self.convolve(layer, Convolution { bias: true, ..Convolution::new(layer, Role::Kernel, outputs, window) })
    }

    /// A convolution of every channel by itself, without bias.
    pub fn depthwise(&mut self, layer: &str, window: Window) -> &mut Self {
        let channels = self.channels();
        let convolution = Convolution::new(layer, Role::Depthwise, channels, window);
        self.convolve(layer, Convolution { groups: channels, ..convolution })
    }

    /// Keras's separable convolution (Chollet 2017): a depthwise one, then a 1x1 convolution across channels. One layer
    /// holds both kernels.
    pub fn separable(&mut self, layer: &str, outputs: usize, window: Window) -> &mut Self {
        let channels = self.channels();
        let depthwise = Convolution::new(layer, Role::Depthwise, channels, window);
        self.convolve(&format!("{layer}_depthwise"), Convolution { groups: channels, ..depthwise });
        self.convolve(layer, Convolution::new(layer, Role::Pointwise, outputs, Window::valid(1)))
    }

    /// Batch normalisation.
    pub fn norm(&mut self, name: &str) -> &mut Self {
        self.follow(name, Op::BatchNorm { epsilon: NORM_EPSILON })
    }

    /// `max(x, 0)`.
    pub fn relu(&mut self, name: &str) -> &mut Self {
        self.follow(name, Op::Activation(Activation::Relu))
    }

    /// `min(max(x, 0), 6)`.
    pub fn relu6(&mut self, name: &str) -> &mut Self {
        self.follow(name, Op::Activation(Activation::Relu6))
    }

    /// The largest value of every window.
    pub fn max_pool(&mut self, name: &str, window: Window) -> &mut Self {
        self.follow(name, Op::MaxPool(window))
    }

    /// The mean of every window.
    pub fn average_pool(&mut self, name: &str, window: Window) -> &mut Self {
        self.follow(name, Op::AveragePool(window))
    }

    /// The sum of the last node and `other`.
    pub fn add(&mut self, name: &str, other: NodeId) -> &mut Self {
        self.join(name, Op::Add, other)
    }

    /// The last node's value is an answer of the network.
    pub fn output(&mut self) -> &mut Self {
        self.graph.outputs.push(self.here);
        self
    }

    /// What follows belongs to the head.
    pub(crate) fn head(&mut self) -> &mut Self {
        self.block += 1;
        self
    }

    /// What follows reads the node of this name, where there is one.
    pub(crate) fn resume_at(&mut self, name: &str) -> &mut Self {
        let node = self.graph.node(name).unwrap_or(self.here);
        self.resume(node)
    }

    /// An operation on the last node and another.
    pub(crate) fn join(&mut self, name: &str, op: Op, other: NodeId) -> &mut Self {
        self.push(name, op, vec![self.here, other])
    }

    /// A head: the mean of every channel, then a linear layer to one value a class, which is an answer of the network.
    pub fn classify(&mut self, layer: &str, classes: usize) -> &mut Self {
        self.head().follow("avg_pool", Op::GlobalAverage).follow(layer, Op::Linear { outputs: classes }).output()
    }

    /// The network.
    #[must_use]
    pub fn finish(&mut self) -> Graph {
        self.graph.clone()
    }

    /// Channels of the last node.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.graph.channels()[self.here]
    }

    fn convolve(&mut self, name: &str, convolution: Convolution) -> &mut Self {
        self.follow(name, Op::Convolution(convolution))
    }

    pub(crate) fn follow(&mut self, name: &str, op: Op) -> &mut Self {
        let here = self.here;
        self.push(name, op, vec![here])
    }

    fn push(&mut self, name: &str, op: Op, inputs: Vec<NodeId>) -> &mut Self {
        self.here = self.graph.nodes.len();
        self.graph.nodes.push(Node { name: name.to_owned(), op, inputs, block: self.block, stage: false });
        self
    }
}

impl Convolution {
    /// Over all channels, without bias.
    fn new(layer: &str, role: Role, outputs: usize, window: Window) -> Self {
        Self { layer: layer.to_owned(), role, outputs, window, groups: 1, bias: false }
    }
}
