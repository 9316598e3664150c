//! Networks for inference, as kernels for WebGPU, Vulkan, Metal and Direct3D 12.
//!
//! A [`graph::Graph`]'s plan is one list of launches: batch normalisation folded into the weights, ReLU, bias and
//! residual fused into the kernels around them, buffers planned once and used again, one read at the end. Int8 weights
//! are read as the weights file has them.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use gpu::{GpuNetwork, Tile};
//!
//! let file = weights::read(&std::fs::read("weights/xception.safetensors")?)?;
//! let (device, adapter) = gpu::open().await?;
//! let client = device.client();
//! let graph = file.manifest.architecture.graph(file.manifest.classes.len()).folded();
//! let network = GpuNetwork::new(client.clone(), Tile::of(&client), graph, file.tensors)?;
//! let answers = network.forward(&[0.0; 2 * 299 * 299], 299, Some("block4_out")).await?;
//! println!("{adapter}: {:?}", answers[1].logits);
//! # Ok(())
//! # }
//! ```

mod device;
mod error;
mod kernels;
mod launch;
mod network;
mod parameters;
mod tile;

pub use cubecl::Device;
pub use cubecl::client::Client;
#[cfg(not(target_family = "wasm"))]
pub use device::on_first_api;
pub use device::open;
pub use error::GpuError;
pub use kernels::{Format, READ};
pub use launch::{Buffers, Ends, Launch, average};
pub use network::{Answer, GpuNetwork, Timing};
pub use tile::Tile;
