//! Slices of many files become series in order.
//!
//! Everything here is a function of what the files say: which slices belong together, in which order they lie, what is
//! missing or there twice, how they are tilted, and which sequence they are of.
//!
//! ```
//! use imaging::series::{SeriesSlice, group};
//! use imaging::{SliceGeometry, SliceInfo};
//!
//! let at = |z: f64| {
//!     let geometry = SliceGeometry {
//!         position: [-120.0, -120.0, z],
//!         row: [1.0, 0.0, 0.0],
//!         column: [0.0, 1.0, 0.0],
//!         spacing: [0.5, 0.5],
//!     };
//!     let info = SliceInfo { geometry: Some(geometry), frame: 1, ..SliceInfo::default() };
//!     SeriesSlice { series: "1.2.3".to_owned(), info, rows: 512, columns: 512 }
//! };
//! let series = group(&[at(10.0), at(0.0), at(5.0), at(25.0)]);
//! assert_eq!(series[0].slices, [1, 2, 0, 3]);
//! assert_eq!(series[0].gaps[0].missing, 2);
//! ```

mod clutter;
mod group;
mod order;
mod sequence;

pub use clutter::is_clutter;
pub use group::{Series, SeriesSlice, group};
pub use order::{Duplicate, Gap, Order};
pub use sequence::{Sequence, Weighting, sequence};
