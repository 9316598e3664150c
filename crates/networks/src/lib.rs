//! A network's graph as a Burn module, for training and for inference.
//!
//! A [`Network`] is a trunk that was trained on ImageNet and a head for the classes at hand. Every parameter has
//! the name that Keras gives it (`block2_sepconv1.depthwise_kernel`), so ImageNet weights, checkpoints and the weights
//! file of the page are read and written by [`Network::load`] and [`Network::named_tensors`] alike. [`graph::fold`] turns
//! the tensors of a trained network into those of its inference form: batch normalisation folded into the convolutions
//! before it, and the first convolution reduced to one grey channel.
//!
//! ```
//! use burn::tensor::{Device, Tensor};
//! use networks::{Architecture, Form, NetworkConfig};
//!
//! let device = Device::flex();
//! let network = NetworkConfig::new(Architecture::Xception, 4, Form::Folded).init(&device);
//! let logits = network.forward(Tensor::zeros([1, 1, 71, 71], &device));
//! assert_eq!(logits.dims(), [1, 4]);
//! ```

#[cfg(not(target_arch = "wasm32"))]
mod dequantised;
#[cfg(not(target_arch = "wasm32"))]
mod error;
#[cfg(not(target_arch = "wasm32"))]
mod fused;
#[cfg(not(target_arch = "wasm32"))]
mod head;
mod identity;
#[cfg(not(target_arch = "wasm32"))]
mod keras;
#[cfg(not(target_arch = "wasm32"))]
mod layers;
#[cfg(not(target_arch = "wasm32"))]
mod module;
#[cfg(not(target_arch = "wasm32"))]
mod named;
#[cfg(not(target_arch = "wasm32"))]
mod network;
mod packed;
#[cfg(not(target_arch = "wasm32"))]
mod start;

#[cfg(not(target_arch = "wasm32"))]
pub use dequantised::network_tensors;
#[cfg(not(target_arch = "wasm32"))]
pub use error::NetworkError;
#[cfg(not(target_arch = "wasm32"))]
pub use fused::adapter::has_kernels;
#[cfg(not(target_arch = "wasm32"))]
pub use fused::steps::{AdamStep, adamw};
pub use graph::{Architecture, Tensor as NamedTensor};
#[cfg(not(target_arch = "wasm32"))]
pub use keras::{in_keras_layout, in_network_layout};
#[cfg(not(target_arch = "wasm32"))]
pub use network::{Answers, Features, Form, KernelInput, Network, NetworkConfig};
pub use packed::{Answer, PackedError, PackedNetwork, Timing};
#[cfg(not(target_arch = "wasm32"))]
pub use start::for_unit_input;
