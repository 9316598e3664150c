//! Xception and VGG16 on the CPU, without a framework: natively and in WebAssembly, on one thread.
//!
//! A [`Network`] takes the tensors of a folded network by their Keras names and packs them once. [`Network::run`] takes
//! a grey image and gives logits and pooled features; its [`Workspace`] holds every buffer, so that a second image of
//! the same size takes no memory.
//!
//! Activations lie in planes of eight channels, eight neighbours in memory for each pixel. All convolutions are one
//! matrix product (`product`), which reads its input through a `Source`: windows of the image, or what a depthwise
//! convolution makes of it, computed just before. Bias, addition to the shortcut and ReLU happen where sums are written.

mod error;
mod features;
mod lanes;
mod layer;
mod network;
mod pool;
mod product;
mod source;
mod tensors;
mod vgg16;
mod xception;

pub use error::KernelError;
pub use network::{Architecture, Network, Output, Stage, Workspace};
pub use tensors::Tensor;
