//! Networks on the CPU, without a framework: natively and in WebAssembly, on one thread.
//!
//! A [`Network`] takes a [`graph::Graph`] in its inference form and its tensors, and packs them once. [`Network::run`]
//! takes a grey image, runs the graph's plan and gives the answers; its [`Workspace`] holds every buffer,
//! so that a second image of the same size takes no memory for activations.
//!
//! Activations lie in planes of eight channels, eight neighbours in memory for each pixel. All convolutions are one
//! matrix product (`gemm`), which reads its input through a `Source`: windows of the image, or what a depthwise
//! convolution makes of it, computed just before. Bias, addition to the shortcut and ReLU happen where sums are written.

mod error;
mod features;
mod gemm;
mod im2col;
mod layer;
mod network;
mod pool;
mod simd;
mod tensors;

pub use error::KernelError;
pub use graph::Answer;
pub use network::{Network, Stage, Workspace};
