//! What can keep a slice from being classified.

use kernels::KernelError;
use weights::WeightsError;

/// A classifier could not be loaded, or could not answer.
#[derive(Debug, thiserror::Error)]
pub enum ClassifierError {
    /// The weights file is damaged or is none.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The weights file's tensors are not those of its architecture.
    #[error("the weights file does not hold the network that its manifest names: {reason}")]
    Network {
        /// Which tensor is wrong, and how.
        reason: String,
        /// What to do next, where something can be done.
        hint: Option<&'static str>,
    },
    /// This build or this machine has no such engine.
    #[error("WebGPU is not available: {reason}")]
    NoWebGpu {
        /// Why.
        reason: String,
    },
    /// A slice was prepared for another input.
    #[error("the slice was prepared at {found} x {found} pixels; this model takes {expected} x {expected}")]
    Size {
        /// Side of the prepared slice.
        found: u32,
        /// Side the model takes.
        expected: u32,
    },
    /// The engine gave no answer, or none that is a number.
    #[error("the engine failed: {reason}")]
    Engine {
        /// What happened.
        reason: String,
    },
    /// The weights file says when to name no class, but not by what.
    #[error("the weights file's reserve cannot be used: {reason}")]
    Rejection {
        /// What is missing or does not fit.
        reason: String,
    },
}

impl ClassifierError {
    /// What to do next, where something can be done.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Weights(error) => error.hint(),
            Self::Network { hint, .. } => *hint,
            Self::NoWebGpu { .. } => {
                Some("use the CPU engine, or natively install a driver for Vulkan, such as Mesa's.")
            }
            Self::Rejection { .. } => Some("run `sulcus calibrate` on it again."),
            Self::Size { .. } | Self::Engine { .. } => None,
        }
    }
}

impl From<KernelError> for ClassifierError {
    fn from(error: KernelError) -> Self {
        Self::Network { reason: error.to_string(), hint: error.hint() }
    }
}
