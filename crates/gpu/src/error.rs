//! Why there is no device.

/// There is no adapter, or it can't be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GpuError {
    /// There is no adapter, or it can't be had.
    #[error("no graphics adapter: {reason}")]
    Unavailable {
        /// What the graphics API said.
        reason: String,
    },
}

impl GpuError {
    /// What to do next.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Unavailable { .. } => Some("install a driver for Vulkan, such as Mesa's, or compute on the CPU"),
        }
    }
}
