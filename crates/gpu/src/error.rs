//! What can be wrong with a network on a device.

/// A network could not be built or run.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GpuError {
    /// There is no adapter, or it can't be had.
    #[error("no graphics adapter: {reason}\nhint: install a driver for Vulkan, such as Mesa's, or compute on the CPU")]
    Unavailable {
        /// What the graphics API said.
        reason: String,
    },
    /// A tensor that the network needs is not there.
    #[error("the tensor \"{name}\" is missing")]
    Missing {
        /// The tensor's name.
        name: String,
    },
    /// A tensor has another shape than the network's.
    #[error("the tensor \"{name}\" has the shape {found:?}; the network's is {expected:?}")]
    Shape {
        /// The tensor's name.
        name: String,
        /// The shape that was given.
        found: Vec<usize>,
        /// The shape that fits.
        expected: Vec<usize>,
    },
    /// A tensor is there that the network has no place for.
    #[error("the tensor \"{name}\" belongs to no layer of the network")]
    Unknown {
        /// The tensor's name.
        name: String,
    },
    /// A stage was asked for that the network does not have.
    #[error("the network has no stage \"{name}\"")]
    Stage {
        /// The stage's name.
        name: String,
    },
    /// The images are not whole squares of the size given, or too small for the network.
    #[error("{values} values are no images of {size}x{size} pixels; the smallest is {smallest}x{smallest}")]
    Images {
        /// How many values there are.
        values: usize,
        /// Width and height asked for.
        size: usize,
        /// The smallest width and height.
        smallest: usize,
    },
    /// The device failed.
    #[error("the device failed: {reason}")]
    Device {
        /// What the device said.
        reason: String,
    },
}
