//! The kernels that networks are run with on WebGPU, Vulkan, Metal and Direct3D 12, and the device that runs them.
//!
//! A [`Launch`] is one step of a [`graph::Graph`]'s plan: its shapes, its window, and the activation that its kernel ends
//! with. Buffers are the caller's: in `networks` they are those of Burn's tensors. Int8 weights are read as the weights file
//! has them, four to a word.
//!
//! ```no_run
//! # async fn example() -> Result<(), gpu::GpuError> {
//! let (device, adapter) = gpu::open().await?;
//! println!("{adapter}: {:?}", gpu::Tile::of(&device.client()));
//! # Ok(())
//! # }
//! ```

mod device;
mod error;
mod kernels;
mod launch;
mod tile;

pub use cubecl::Device;
pub use cubecl::client::Client;
#[cfg(not(target_family = "wasm"))]
pub use device::on_first_api;
pub use device::open;
pub use error::GpuError;
pub use kernels::{Format, READ};
pub use launch::{Buffers, Epilogue, Launch};
pub use tile::Tile;
