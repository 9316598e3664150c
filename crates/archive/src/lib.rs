//! The files of a zip or tar archive, and deflated bytes, within bounds of memory.
//!
//! Nothing here does I/O but [`each_file`]: a browser reads the end of a zip archive, then its directory, then every
//! file by its range, and never holds the archive whole. Sizes are checked before memory is taken, a [`Budget`] counts
//! what was unpacked, and no bytes make it panic.
//!
//! ```
//! use archive::{Budget, Directory, Limits, TAIL_LENGTH};
//!
//! // An archive of one stored file: "a" with the content "hi".
//! # let mut bytes = b"PK\x03\x04\x0a\0\0\0\0\0\0\0\0\0\xac\x2a\x93\xd8\x02\0\0\0\x02\0\0\0\x01\0\0\0ahi".to_vec();
//! # bytes.extend(b"PK\x01\x02\x0a\0\x0a\0\0\0\0\0\0\0\0\0\xac\x2a\x93\xd8\x02\0\0\0\x02\0\0\0\x01\0");
//! # bytes.extend(b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0a");
//! # bytes.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0\x2f\0\0\0\x21\0\0\0\0\0");
//! let limits = Limits::default();
//! let tail = &bytes[bytes.len() - TAIL_LENGTH.min(bytes.len())..];
//! let directory = Directory::locate(tail, bytes.len() as u64, &limits)?;
//! let range = directory.range();
//! let entries = directory.read(&bytes[range.start as usize..range.end as usize])?;
//!
//! let mut budget = Budget::new(&limits);
//! let range = &entries[0].range;
//! let content = entries[0].unpack(&bytes[range.start as usize..range.end as usize], &mut budget)?;
//! assert_eq!((entries[0].name.as_str(), content.as_slice()), ("a", b"hi".as_slice()));
//! # Ok::<(), archive::ArchiveError>(())
//! ```

mod bytes;
mod deflate;
mod error;
mod gzip;
mod kind;
mod limits;
mod names;
mod native;
mod tar;
mod zip;

pub use deflate::{Deflated, Filled, can_hold};
pub use error::{ArchiveError, ReadError};
pub use gzip::Gunzip;
pub use kind::Kind;
pub use limits::{Budget, Limits};
pub use native::each_file;
pub use tar::Unpacker;
pub use zip::{Directory, Entry, Method, TAIL_LENGTH};

/// A file of an archive, or why it can't be unpacked. One bad file does not stop the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its path in the archive, made safe as [`Entry::name`].
    pub name: String,
    /// What is in it.
    pub content: Result<Vec<u8>, ArchiveError>,
}
