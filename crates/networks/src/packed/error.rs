//! What can be wrong with a packed network.

use graph::{GraphError, TensorError};

/// A packed network could not be built or run.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PackedError {
    /// The images are too small or too large for the network, or there is no kernel for one of its nodes.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// A tensor is missing, has another shape, or belongs nowhere.
    #[error(transparent)]
    Tensor(#[from] TensorError),
    /// A stage was asked for that the network does not have.
    #[error("the network has no stage \"{name}\"")]
    Stage {
        /// The stage's name.
        name: String,
    },
    /// The images are not whole squares of the size given.
    #[error("{values} values are no images of {size} x {size} pixels")]
    Images {
        /// How many values there are.
        values: usize,
        /// Width and height asked for.
        size: usize,
    },
    /// The device failed, or is none that kernels run on.
    #[error("the device failed: {reason}")]
    Device {
        /// What the device said.
        reason: String,
    },
}

impl PackedError {
    /// What to do next, where something can be done.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Graph(error) => error.hint(),
            Self::Tensor(_) | Self::Stage { .. } | Self::Images { .. } | Self::Device { .. } => None,
        }
    }

    /// The device failed.
    pub(crate) fn device(error: &impl std::fmt::Debug) -> Self {
        Self::Device { reason: format!("{error:?}") }
    }
}
