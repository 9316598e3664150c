//! What can be wrong with what a network is given.

use graph::{GraphError, TensorError};

/// A network can't be run here, or what it is given does not fit it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KernelError {
    /// An image is too small or too large for the network, or there is no kernel for one of its nodes.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// A tensor is missing, has another shape, or belongs nowhere.
    #[error(transparent)]
    Tensor(#[from] TensorError),
    /// An image has another number of pixels than its side says.
    #[error("an image of {side} x {side} pixels came with {found} values")]
    Pixels {
        /// The side it is said to have.
        side: usize,
        /// The values it has.
        found: usize,
    },
}

impl KernelError {
    /// What to do next, where something can be done.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Graph(error) => error.hint(),
            Self::Tensor(_) | Self::Pixels { .. } => None,
        }
    }
}
