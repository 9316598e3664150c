//! Which buffer holds which value when.

use super::kernels::Kernel;
use super::{Fusion, Place, Plan, Pooling, Read, Slot, Step};
use crate::{Graph, GraphError, Node, NodeId, Op, Shape, limits};

/// Gives buffers to values.
pub(super) struct Buffers<'a> {
    graph: &'a Graph,
    shapes: &'a [Shape],
    /// The number of the kernel that reads a node's value last; past all for what a head reads.
    last_read: Vec<usize>,
    /// The value that each buffer holds.
    holds: Vec<NodeId>,
    sizes: Vec<usize>,
}

impl<'a> Buffers<'a> {
    pub(super) fn new(graph: &'a Graph, shapes: &'a [Shape], kernels: &[Kernel]) -> Result<Self, GraphError> {
        let mut last_read = vec![0; graph.nodes.len()];
        for (index, kernel) in kernels.iter().enumerate() {
            last_read[kernel.input] = index;
            if let Some(added) = kernel.added {
                last_read[added] = index;
            }
        }
        for id in graph.read_by_head() {
            let node = &graph.nodes[id];
            let sources = if node.op.is_of_head() { node.inputs.as_slice() } else { &[id] };
            for &source in sources {
                if !kernels.iter().any(|kernel| kernel.value == source) {
                    return Err(graph.wrong(node, "what a head reads has to be what a kernel computes"));
                }
                last_read[source] = usize::MAX;
            }
        }
        Ok(Self { graph, shapes, last_read, holds: Vec::new(), sizes: Vec::new() })
    }

    pub(super) fn plan(mut self, fusion: Fusion, kernels: &[Kernel]) -> Result<Plan, GraphError> {
        let steps: Vec<Step> =
            kernels.iter().enumerate().map(|(index, kernel)| self.step(index, fusion, kernel)).collect();
        let reads = self.graph.read_by_head().into_iter().map(|node| self.read(node)).collect();
        let all = self.sizes.iter().fold(0_usize, |all, &size| all.saturating_add(size));
        if all > limits::VALUES {
            return Err(self.graph.large("the buffers", all as u64, limits::VALUES as u64, "values"));
        }
        Ok(Plan { steps, slots: self.sizes, reads })
    }

    fn step(&mut self, index: usize, fusion: Fusion, kernel: &Kernel) -> Step {
        let &Kernel { node, depthwise, before, middle, input, added, activation, value } = kernel;
        let added = added.map(|value| self.slot_of(value));
        let is_sum = matches!(self.graph.nodes[node].op, Op::Add);
        let output = added.filter(|_| fusion.in_place && !is_sum).unwrap_or_else(|| self.free(index));
        let (from, to) = (self.shapes[input], self.shapes[value]);
        let input = match self.graph.nodes[input].op {
            Op::Image { .. } => Place::Image,
            _ => Place::Slot(self.slot_of(input)),
        };
        self.holds[output] = value;
        self.sizes[output] = self.sizes[output].max(to.values());
        Step { node, depthwise, before, middle, activation, from, to, input, added, output, value }
    }

    /// The first buffer whose value nothing reads from the kernel `index` on, or a new one.
    fn free(&mut self, index: usize) -> Slot {
        let free = self.holds.iter().position(|&value| self.last_read[value] < index);
        free.unwrap_or_else(|| {
            self.holds.push(0);
            self.sizes.push(0);
            self.holds.len() - 1
        })
    }

    /// The buffer that holds a value; every value is written before it is read.
    fn slot_of(&self, value: NodeId) -> Slot {
        self.holds.iter().position(|&held| held == value).unwrap_or(0)
    }

    fn read(&self, node: NodeId) -> Read {
        let Node { op, inputs, .. } = &self.graph.nodes[node];
        let source = if op.is_of_head() { inputs[0] } else { node };
        let pooling = match op {
            Op::WeightedAverage => Pooling::Weighted(self.slot_of(inputs[1])),
            Op::GlobalAverage => Pooling::Average,
            _ => Pooling::None,
        };
        Read { node, from: self.slot_of(source), shape: self.shapes[source], pooling }
    }
}
