//! A folder of labelled scans, ready for whoever trains, measures, audits or exports.
//!
//! [`ScansConfig`] says where the scans lie; it opens them as [`Scans`], a data set with the name of exactly its files.
//! [`Slices`] are these scans as a network takes them, decoded and prepared once and kept between runs. A file that can't
//! be read is named and left out, whatever its decoder does.

mod data;
mod decoding;
mod hint;
mod progress;
mod slices;

pub use data::{Scans, ScansConfig, fingerprint_of, held_out_fingerprint, thinned, thumbnails};
pub use decoding::{decode, decode_slice, open_scan, panic_message, read_scan};
pub use hint::{hint, told, with_hint};
pub use progress::progress_bar;
pub use slices::{Slices, Unreadable, prepare_file};
