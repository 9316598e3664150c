//! Bytes of a scan to the input of a network.
//!
//! One direction: [`open`] reads a file of any [`Format`] as a [`Scan`], which decodes each of its [`Slice`]s when it is
//! asked for, or [`decode`] a file of one slice at once; [`prepare`] makes a network's input of a slice, as the
//! [`InputSpec`] in the weights file says. The same bytes give the same input,
//! bit for bit, natively and in WebAssembly. Nothing here does I/O, and no bytes make it panic.
//!
//! [`volume`] reads files of whole volumes, and [`series`] puts the slices of many files in order.
//!
//! ```
//! use imaging::{InputSpec, Slice, prepare};
//!
//! let slice = Slice::new(4, 2, vec![0.0, 9.0, 9.0, 0.0, 0.0, 9.0, 9.0, 0.0])?;
//! let input = prepare(&slice, &InputSpec::default());
//! assert_eq!(input.pixels().len(), 299 * 299);
//! # Ok::<(), imaging::SliceError>(())
//! ```

mod colour;
mod decode;
mod dicom;
mod error;
mod geometry;
mod grey;
mod head;
mod inflate;
mod jpeg;
mod plane;
mod png;
mod prepare;
mod raster;
mod region;
mod resample;
mod scan;
pub mod series;
mod slice;
mod study;
mod tiff;
pub mod volume;

pub use colour::{Channels, ColourMode};
pub use decode::{decode, is_dicom, is_readable};
pub use error::DecodeError;
pub use geometry::SliceGeometry;
pub use head::{Rect, head_bounds};
pub use model::{Crop, InputSpec, Intensity};
pub use plane::{Orientation, Plane};
pub use prepare::{PreparedSlice, prepare};
pub use resample::squeeze;
pub use scan::{Attributes, DirectoryEntry, Scan, SliceInfo, Warning, directory, is_directory, open};
pub use slice::{Slice, SliceError, Window};
pub use study::{Format, Limits, Source, Study};
