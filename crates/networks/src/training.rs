//! The graph as a Burn module that can be trained, and what goes in and out of it; not in WebAssembly, where only the packed
//! form runs.

mod dequantised;
mod error;
mod fused;
mod head;
mod keras;
mod layers;
mod module;
mod named;
mod network;
mod pretrained;

pub use dequantised::network_tensors;
pub use error::NetworkError;
pub use fused::adapter::has_kernels;
pub use fused::steps::{AdamStep, adamw};
pub use keras::{in_keras_layout, in_network_layout};
pub use network::{Answers, Features, Form, KernelInput, Network, NetworkConfig};
pub use pretrained::for_unit_input;
