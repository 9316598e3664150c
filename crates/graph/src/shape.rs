//! What every node gives for an image of a side, and how much it costs.

use crate::{Graph, GraphError, Node, NodeId, Op, Placed, Window, limits};

/// Channels, height and width of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shape {
    /// Channels.
    pub channels: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl Shape {
    /// Values of one image. What [`Graph::shapes`] gives does not overflow.
    #[must_use]
    pub fn values(self) -> usize {
        self.channels * self.height * self.width
    }

    fn of_pixel(channels: usize) -> Self {
        Self { channels, height: 1, width: 1 }
    }

    fn is_pixel(self) -> bool {
        (self.height, self.width) == (1, 1)
    }

    fn under(self, window: Window) -> Option<Self> {
        let extent = |pixels: usize| window.on(pixels).map(|Placed { count, .. }| count);
        Some(Self { channels: self.channels, height: extent(self.height)?, width: extent(self.width)? })
    }
}

impl Op {
    /// Multiplications for one image, each with an addition; comparisons or additions for a pool.
    #[must_use]
    pub fn work(&self, from: Shape, to: Shape) -> u64 {
        let of_a_value = match self {
            Self::Convolution(convolution) => {
                convolution.window.size.pow(2) * (from.channels / convolution.groups.max(1))
            }
            Self::MaxPool(window) | Self::AveragePool(window) => window.size.pow(2),
            Self::Linear { .. } => from.channels,
            _ => 0,
        };
        (to.values() as u64).saturating_mul(of_a_value as u64)
    }
}

impl Graph {
    /// What every node gives for an image of `side` x `side` pixels.
    ///
    /// # Errors
    /// The image is too small, or a value or all work together would be beyond [`limits`].
    pub fn shapes(&self, side: usize) -> Result<Vec<Shape>, GraphError> {
        if side < self.smallest {
            return Err(GraphError::Small { network: self.name.clone(), found: side, smallest: self.smallest });
        }
        let mut shapes: Vec<Shape> = Vec::with_capacity(self.nodes.len());
        let mut work = 0_u64;
        for (id, node) in self.nodes.iter().enumerate() {
            let shape = self.shape(id, &shapes, side)?;
            let from = node.inputs.first().map_or(shape, |&input| shapes[input]);
            work = work.saturating_add(node.op.work(from, shape));
            shapes.push(shape);
        }
        if work > limits::WORK {
            return Err(self.large("the network", work, limits::WORK, "multiplications an image"));
        }
        Ok(shapes)
    }

    /// Multiplications of all convolutions and linear layers for an image, each with an addition.
    ///
    /// # Errors
    /// As [`Graph::shapes`].
    pub fn multiply_adds(&self, side: usize) -> Result<u64, GraphError> {
        let shapes = self.shapes(side)?;
        let counted = |node: &&(NodeId, &Node)| matches!(node.1.op, Op::Convolution(_) | Op::Linear { .. });
        let nodes: Vec<(NodeId, &Node)> = self.nodes.iter().enumerate().collect();
        Ok(nodes.iter().filter(counted).map(|(id, node)| node.op.work(shapes[node.inputs[0]], shapes[*id])).sum())
    }

    fn shape(&self, id: NodeId, shapes: &[Shape], side: usize) -> Result<Shape, GraphError> {
        let node = &self.nodes[id];
        let read = |index: usize| shapes[node.inputs[index]];
        let shape = match &node.op {
            Op::Image { channels } => Some(Shape { channels: *channels, height: side, width: side }),
            Op::Convolution(convolution) => {
                read(0).under(convolution.window).map(|shape| Shape { channels: convolution.outputs, ..shape })
            }
            Op::MaxPool(window) | Op::AveragePool(window) => read(0).under(*window),
            Op::BatchNorm { .. } | Op::Activation(_) => Some(read(0)),
            Op::Add => (read(0) == read(1)).then(|| read(0)),
            Op::Resize => Some(Shape { channels: read(0).channels, ..read(1) }),
            Op::GlobalAverage | Op::LogMeanExp => Some(Shape::of_pixel(read(0).channels)),
            Op::WeightedAverage => {
                (read(1) == Shape { channels: 1, ..read(0) }).then(|| Shape::of_pixel(read(0).channels))
            }
            Op::Linear { outputs } => read(0).is_pixel().then(|| Shape::of_pixel(*outputs)),
            Op::Concatenate => {
                let channels = read(0).channels.checked_add(read(1).channels);
                channels.filter(|_| read(0).is_pixel() && read(1).is_pixel()).map(Shape::of_pixel)
            }
            Op::Presence { none } => {
                let others = read(1).channels;
                let fits = read(0) == Shape::of_pixel(1) && read(1).is_pixel() && *none <= others;
                fits.then(|| Shape::of_pixel(others + 1))
            }
        };
        let shape = shape.ok_or_else(|| self.wrong(node, "what it reads has no shape that it can take"))?;
        let values = shape.channels.checked_mul(shape.height).and_then(|area| area.checked_mul(shape.width));
        match values {
            Some(values) if values <= limits::VALUES => Ok(shape),
            _ => {
                let found = values.map_or(u64::MAX, |values| values as u64);
                Err(self.large(&format!("the node \"{}\"", node.name), found, limits::VALUES as u64, "values"))
            }
        }
    }
}
