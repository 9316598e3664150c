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

mod identity;
mod packed;
#[cfg(not(target_arch = "wasm32"))]
mod training;

pub use graph::{Architecture, Tensor as NamedTensor};
pub use packed::{Answer, PackedError, PackedNetwork, Timing};
#[cfg(not(target_arch = "wasm32"))]
pub use training::{
    AdamStep, Answers, Features, Form, KernelInput, Network, NetworkConfig, NetworkError, adamw, for_unit_input,
    has_kernels, in_keras_layout, in_network_layout, network_tensors,
};
