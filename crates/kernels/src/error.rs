//! What can be wrong with what a network is given.

/// A set of named tensors does not fit a network, or an image does not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KernelError {
    /// A tensor that the network needs is not there.
    #[error("the tensor \"{name}\" is missing; {architecture} needs it")]
    Missing {
        /// The tensor's name.
        name: String,
        /// The network that asked.
        architecture: &'static str,
    },
    /// A tensor has another shape than the network's.
    #[error("the tensor \"{name}\" has the shape {found:?} and {values} values; the network's shape is {expected:?}")]
    Shape {
        /// The tensor's name.
        name: String,
        /// The shape it has.
        found: Vec<usize>,
        /// How many values it has.
        values: usize,
        /// The shape that fits.
        expected: Vec<usize>,
    },
    /// A tensor is there that the network has no place for.
    #[error("the tensor \"{name}\" belongs to no layer of {architecture}")]
    Unknown {
        /// The tensor's name.
        name: String,
        /// The network that was asked to take it.
        architecture: &'static str,
    },
    /// An image is too small for anything to be left of it after the last stage.
    #[error("an image of {found} x {found} pixels is too small for {architecture}; the least is {least} x {least}")]
    Small {
        /// The image's side.
        found: usize,
        /// The least side.
        least: usize,
        /// The network.
        architecture: &'static str,
    },
    /// An image has another number of pixels than its side says.
    #[error("an image of {side} x {side} pixels came with {found} values")]
    Pixels {
        /// The side it is said to have.
        side: usize,
        /// The values it has.
        found: usize,
    },
}
