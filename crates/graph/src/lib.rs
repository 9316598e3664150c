//! What a network is: its operations, their shapes and names, and the plan that engines run.
//!
//! Every engine, the training modules, the ONNX file and the tests walk one [`Graph`]; none of them spells a network
//! again. A network is a file in `networks/` and a line in [`Architecture`].
//!
//! - A [`Graph`] is a list of [`Node`]s, each after those it reads. Node 0 is the image.
//! - [`Graph::shapes`] says what every node gives for an image of a side. [`Window::on`] is the only padding rule.
//! - [`Graph::parameters`] lists the tensors by Keras's names.
//! - [`Graph::folded`] is the inference form: no batch normalisation, one grey input channel. [`fold`] does the same to
//!   the tensors.
//! - [`Graph::plan`] is the inference form as a list of kernels with fused ends and reusable buffers; [`Head`] is what is
//!   computed from the few values that are read then.
//!
//! A graph may come from an untrusted file: what deserialises is within [`limits`], and sizes are computed with checks.
//!
//! ```
//! use graph::{Architecture, Fusion};
//!
//! let xception = Architecture::Xception.graph(4);
//! assert_eq!(xception.parameters().iter().filter(|parameter| parameter.name.ends_with("kernel")).count(), 75);
//!
//! let plan = xception.folded().plan(299, Fusion::SEPARATE)?;
//! assert_eq!(plan.slots.len(), 3);
//! # Ok::<(), graph::GraphError>(())
//! ```

mod architecture;
mod builder;
mod check;
mod error;
mod evidence;
mod fold;
mod head;
mod model;
mod networks;
mod parameters;
mod plan;
mod shape;
mod window;

pub use architecture::{Architecture, ImagenetInput, Spec};
pub use builder::{Builder, NORM_EPSILON};
pub use check::limits;
pub use error::{GraphError, TensorError};
pub use evidence::Pyramid;
pub use fold::fold;
pub use head::{Answer, Head};
pub use model::{Activation, Convolution, Graph, Node, NodeId, Op, Role};
pub use parameters::{Parameter, Tensor};
pub use plan::{Fusion, Place, Plan, Pooling, Read, Slot, Step};
pub use shape::Shape;
pub use window::{Padding, Placed, Window};
