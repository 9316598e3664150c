//! The weights file: one safetensors file a model, which any tool of the field can open.
//!
//! Kernels are int8 with one scale an output channel, everything else is f32, and a manifest says what the network is,
//! what it must be fed and where it comes from. The crate knows files and numbers, not networks or images. It takes
//! any bytes: what is wrong with them is an error that says so, never a panic.
//!
//! ```
//! # fn main() -> Result<(), weights::WeightsError> {
//! use std::collections::BTreeMap;
//! use weights::{quantise, read_tensors, write_tensors};
//!
//! // Two output channels of 1 x 1 x 3 weights.
//! let kernel = quantise(&[2, 1, 1, 3], &[0.5, -0.25, 0.125, 8.0, 4.0, -2.0])?;
//! let bytes = write_tensors(&BTreeMap::from([("conv.kernel".to_owned(), kernel)]))?;
//!
//! let values = read_tensors(&bytes)?["conv.kernel"].to_f32();
//! assert!((values[5] + 2.0).abs() < 0.04);
//! # Ok(())
//! # }
//! ```

mod catalogue;
mod container;
mod error;
mod file;
mod manifest;
mod quantise;
mod tensor;

pub use catalogue::{CATALOGUE_SCHEMA, Catalogue, CatalogueEntry, sha256};
pub use container::{HEADER_LIMIT, SIZE_LIMIT, read_tensors, write_tensors};
pub use error::WeightsError;
pub use file::{WeightsFile, read, write};
pub use graph::{Architecture, Graph};
pub use manifest::{MANIFEST_SCHEMA, Manifest, MetricsSummary, NAMED_SCHEMA, RejectionRule};
pub use model::{Crop, InputSpec, Intensity, SplitProtocol};
pub use quantise::{LEVELS, quantise};
pub use tensor::{Tensor, Values};
