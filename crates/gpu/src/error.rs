//! What can be wrong with a network on a device.

use graph::{GraphError, TensorError};

/// A network could not be built or run.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GpuError {
    /// There is no adapter, or it can't be had.
    #[error("no graphics adapter: {reason}\nhint: install a driver for Vulkan, such as Mesa's, or compute on the CPU")]
    Unavailable {
        /// What the graphics API said.
        reason: String,
    },
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
    /// The device failed.
    #[error("the device failed: {reason}")]
    Device {
        /// What the device said.
        reason: String,
    },
}
