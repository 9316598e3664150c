//! The kernels. Tensors lie as `[batch, height, width, channels]`, in vectors of neighbouring channels; every length and
//! position counts vectors. Sums are of 32-bit floats, whatever the tensors hold.
#![allow(
    clippy::used_underscore_binding,
    clippy::needless_pass_by_value,
    clippy::trivially_copy_pass_by_ref,
    clippy::manual_is_multiple_of,
    clippy::float_cmp,
    reason = "what `cube` makes of the kernels, whose Rust is no program but the text of one; places are whole numbers"
)]

mod activation;
mod batch_norm;
mod depthwise_convolution;
mod parameters;
mod sums;
mod windows;

pub use self::activation::{relu, relu_gradient};
pub use self::batch_norm::{finish_moments, moments, normalise, normalise_gradient, normalise_sums};
pub use self::depthwise_convolution::{RUN, depthwise, depthwise_kernel_gradient};
pub use self::parameters::{AdamStepLaunch, adamw, lerp};
pub use self::sums::{COLUMNS, ROWS, add_parts};
pub use self::windows::{WindowsLaunch, col2im, im2col, max_pool, max_pool_backward};
