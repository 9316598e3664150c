//! What a network runs on.

use serde::{Deserialize, Serialize};

/// What a network runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// The processor: everywhere.
    Cpu,
    /// The graphics processor, by Burn with the kernels of `gpu`: through WebGPU in a browser and through Vulkan, Metal or Direct3D 12 natively.
    WebGpu,
}
