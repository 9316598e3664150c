//! Which nodes are computed together.

use super::Fusion;
use crate::{Activation, Convolution, Graph, GraphError, Node, NodeId, Op};

/// A step whose buffers are not known yet: values by their nodes.
pub(super) struct Kernel {
    pub(super) node: NodeId,
    pub(super) depthwise: Option<NodeId>,
    pub(super) before: Activation,
    pub(super) middle: Activation,
    pub(super) input: NodeId,
    pub(super) added: Option<NodeId>,
    pub(super) activation: Activation,
    pub(super) value: NodeId,
}

/// What a kernel does with its sums.
#[derive(Clone, Copy)]
struct End {
    sum: Option<NodeId>,
    activation: Activation,
    value: NodeId,
}

/// Decides which nodes are computed together.
pub(super) struct Planner<'a> {
    pub(super) graph: &'a Graph,
    pub(super) readers: Vec<Vec<NodeId>>,
    pub(super) fusion: Fusion,
}

impl Planner<'_> {
    /// The kernels in order.
    pub(super) fn kernels(&self) -> Result<Vec<Kernel>, GraphError> {
        let mut kernels: Vec<Kernel> = Vec::new();
        let mut covered = vec![false; self.graph.nodes.len()];
        for (id, node) in self.graph.nodes.iter().enumerate() {
            if covered[id] || self.is_prologue(id) {
                continue;
            }
            match node.op {
                Op::Image { .. } => {}
                ref op if op.is_of_head() => self.check_head(id, node)?,
                Op::BatchNorm { .. } => return Err(self.graph.wrong(node, "batch normalisation has to be folded")),
                _ => {
                    let end = self.end(id);
                    [end.sum, Some(end.value)].into_iter().flatten().for_each(|on| covered[on] = true);
                    if self.joined(id).is_none() {
                        kernels.push(self.kernel(id, end));
                    }
                }
            }
        }
        Ok(kernels)
    }

    fn kernel(&self, node: NodeId, end: End) -> Kernel {
        let first = |id: NodeId| self.graph.nodes[id].inputs.first().copied();
        let read = self.graph.nodes[node].inputs[0];
        let depthwise = [Some(read), first(read)].into_iter().flatten().find(|&id| self.joined(id) == Some(node));
        let middle = depthwise.map_or(Activation::None, |depthwise| self.end(depthwise).activation);
        let input = depthwise.and_then(first).unwrap_or(read);
        let (before, input) = match self.graph.nodes[input].op {
            Op::Activation(activation) if self.is_prologue(input) => (activation, self.graph.nodes[input].inputs[0]),
            _ => (Activation::None, input),
        };
        let added = match self.graph.nodes[node].op {
            Op::Add => self.graph.nodes[node].inputs.get(1).copied(),
            _ => end.sum.map(|sum| self.other_term(sum, node)),
        };
        Kernel { node, depthwise, before, middle, input, added, activation: end.activation, value: end.value }
    }

    /// What pools reads features, and all else of a head what was pooled; no kernel comes after it.
    fn check_head(&self, id: NodeId, node: &Node) -> Result<(), GraphError> {
        let is_of_head = |&id: &NodeId| self.graph.nodes[id].op.is_of_head();
        let reads =
            if node.op.pools() { !node.inputs.iter().any(is_of_head) } else { node.inputs.iter().all(is_of_head) };
        let fits = reads && self.readers[id].iter().all(is_of_head);
        if fits { Ok(()) } else { Err(self.graph.wrong(node, "a head pools features and then reads nothing else")) }
    }

    fn convolution(&self, id: NodeId) -> Option<&Convolution> {
        if let Op::Convolution(convolution) = &self.graph.nodes[id].op { Some(convolution) } else { None }
    }

    fn is_depthwise(&self, id: NodeId) -> bool {
        self.convolution(id).is_some_and(Convolution::is_depthwise)
    }

    /// The one that reads a value, where nothing else wants it.
    fn only_reader(&self, id: NodeId) -> Option<NodeId> {
        match self.readers[id].as_slice() {
            &[reader] if !self.graph.is_kept(id) => Some(reader),
            _ => None,
        }
    }

    /// Whether a node is an activation that those who read it apply themselves, and no kernel before it ends with it.
    fn is_prologue(&self, id: NodeId) -> bool {
        let node = &self.graph.nodes[id];
        matches!(node.op, Op::Activation(_))
            && !self.graph.is_kept(id)
            && self.readers[id].iter().all(|&reader| self.is_depthwise(reader))
            && (self.only_reader(node.inputs[0]).is_none() || self.kernel_of(node.inputs[0]).is_none())
    }

    /// The convolution that a sum or the value itself belongs to.
    fn kernel_of(&self, id: NodeId) -> Option<NodeId> {
        match self.graph.nodes[id].op {
            Op::Convolution(_) => Some(id),
            Op::Add => self.graph.nodes[id].inputs.iter().copied().find(|&input| self.adds(input) == Some(id)),
            _ => None,
        }
    }

    /// The sum that a convolution's kernel takes over: the other term is there before it, and if the sum is written over
    /// that, neither the kernel itself nor a later one reads it.
    fn adds(&self, convolution: NodeId) -> Option<NodeId> {
        let mixes = self.convolution(convolution).is_some_and(|convolution| convolution.groups == 1);
        let sum = self.only_reader(convolution).filter(|&sum| mixes && matches!(self.graph.nodes[sum].op, Op::Add))?;
        let other = self.other_term(sum, convolution);
        let is_free =
            !self.fusion.in_place || !self.graph.outputs.contains(&other) && self.is_read(other, sum, convolution);
        (other < convolution && !matches!(self.graph.nodes[other].op, Op::Image { .. }) && is_free).then_some(sum)
    }

    fn other_term(&self, sum: NodeId, term: NodeId) -> NodeId {
        let inputs = &self.graph.nodes[sum].inputs;
        if inputs[0] == term { inputs[1] } else { inputs[0] }
    }

    /// Whether all that read `value`, but for `sum`, have run before `node`.
    fn is_read(&self, value: NodeId, sum: NodeId, node: NodeId) -> bool {
        self.readers[value].iter().filter(|&&reader| reader != sum).all(|&reader| match self.graph.nodes[reader].op {
            Op::Activation(_) => reader < node && self.is_read(reader, sum, node),
            // Heads read after the last kernel.
            ref op if op.is_of_head() => false,
            _ => self.joined(reader).unwrap_or(reader) < node,
        })
    }

    fn end(&self, node: NodeId) -> End {
        let plain = End { sum: None, activation: Activation::None, value: node };
        if self.convolution(node).is_none() {
            return plain;
        }
        let summed = match self.adds(node) {
            Some(sum) => End { sum: Some(sum), value: sum, ..plain },
            None => plain,
        };
        match self.only_reader(summed.value) {
            Some(reader) => match self.graph.nodes[reader].op {
                Op::Activation(activation) => End { activation, value: reader, ..summed },
                _ => summed,
            },
            None => summed,
        }
    }

    /// The 1x1 convolution whose kernel computes this depthwise convolution.
    fn joined(&self, id: NodeId) -> Option<NodeId> {
        if !self.fusion.separable || !self.is_depthwise(id) {
            return None;
        }
        let reader = self.only_reader(self.end(id).value)?;
        self.convolution(reader).is_some_and(Convolution::is_pointwise).then_some(reader)
    }
}
