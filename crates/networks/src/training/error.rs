//! What can be wrong with the tensors a network is given.

/// A set of named tensors does not fit a network.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NetworkError {
    /// A tensor that the network needs is not there.
    #[error("the tensor \"{name}\" is missing; {architecture} needs it")]
    Missing {
        /// The tensor's name.
        name: String,
        /// The network that asked.
        architecture: String,
    },
    /// A tensor has another shape than the network's.
    #[error("the tensor \"{name}\" has the shape {found:?}; the network's is {expected:?}")]
    Shape {
        /// The tensor's name.
        name: String,
        /// The shape in the file.
        found: Vec<usize>,
        /// The shape that fits.
        expected: Vec<usize>,
    },
    /// A tensor is there that the network has no place for.
    #[error("the tensor \"{name}\" belongs to no layer of {architecture}")]
    Unknown {
        /// The tensor's name.
        name: String,
        /// The network that was asked to take it.
        architecture: String,
    },
    /// A network's parameter could not be read back from its device.
    #[error("cannot read the tensor \"{name}\" back from the device: {reason}")]
    Device {
        /// The tensor's name.
        name: String,
        /// What the device said.
        reason: String,
    },
}
