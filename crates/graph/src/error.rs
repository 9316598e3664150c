//! What can be wrong with a graph, or with the tensors it is given.

/// A graph is none, or can't be applied to an image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// The image is too small for anything to be left of it after the last stage.
    #[error("an image of {found} x {found} pixels is too small for {network}; the least is {smallest} x {smallest}")]
    Small {
        /// The network.
        network: String,
        /// The image's side.
        found: usize,
        /// The least side.
        smallest: usize,
    },
    /// A size is beyond what any network here needs.
    #[error("{what} of {network} has {found} {unit}; the limit is {limit}.")]
    Large {
        /// The network.
        network: String,
        /// What is too large.
        what: String,
        /// How large.
        found: u64,
        /// The most that is taken.
        limit: u64,
        /// Of what.
        unit: &'static str,
    },
    /// A node does not fit what it reads, or is beyond the limits.
    #[error("the node \"{node}\" of {network} can't be used: {reason}")]
    Node {
        /// The network.
        network: String,
        /// The node's name.
        node: String,
        /// What was found, and what is accepted.
        reason: String,
    },
}

impl GraphError {
    /// What to do next, where something can be done.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Large { .. } => Some("the file that describes the network is damaged, or its input is too large"),
            Self::Small { .. } | Self::Node { .. } => None,
        }
    }
}

/// A tensor does not fit a graph.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TensorError {
    /// A tensor that the network needs is not there.
    #[error("the tensor \"{name}\" is missing; {network} needs it")]
    Missing {
        /// The tensor's name.
        name: String,
        /// The network.
        network: String,
    },
    /// A tensor has another shape than the network's.
    #[error("the tensor \"{name}\" has the shape {found:?} and {values} values; the network's shape is {expected:?}")]
    Shape {
        /// The tensor's name.
        name: String,
        /// The shape that was given.
        found: Vec<usize>,
        /// How many values it has.
        values: usize,
        /// The shape that fits.
        expected: Vec<usize>,
    },
    /// A tensor is there that the network has no place for.
    #[error("the tensor \"{name}\" belongs to no layer of {network}")]
    Unknown {
        /// The tensor's name.
        name: String,
        /// The network that was asked to take it.
        network: String,
    },
}
