//! Xception and VGG16 for inference as kernels of its own, on WebGPU, Vulkan, Metal or CUDA.
//!
//! One list of launches a network: batch normalisation folded into weights, ReLU, bias and residual fused into the
//! kernels around them, buffers planned once and used again, one read at the end.

mod device;
mod error;
mod graph;
mod kernels;
mod launch;
mod network;
mod parameters;
mod plan;
mod tile;

pub use cubecl::client::Client;
pub use device::open;
pub use error::GpuError;
pub use network::{Answer, GpuNetwork, Timing};
pub use tile::Tile;
