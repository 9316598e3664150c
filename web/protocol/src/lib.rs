//! The messages between the page and its workers.
//!
//! The page knows nothing of networks and the workers know nothing of the page; what they say to each other is
//! written here once. A message is a short text ([`encode`], [`decode`]) and at most one block of bytes, which
//! travels beside the text as a transferred `ArrayBuffer`, so that a scan is never copied into JSON.
//!
//! The text carries [`VERSION`]: a page and a worker from different builds (one of them cached by the browser)
//! refuse each other with an explanation instead of misreading numbers.
//!
//! ```
//! use protocol::{Request, decode, encode};
//!
//! let request = Request::Classify { id: 7 };
//! let text = encode(&request)?;
//! assert_eq!(decode::<Request>(&text)?, request);
//! # Ok::<(), protocol::ProtocolError>(())
//! ```

mod map;
mod message;
mod wire;

pub use map::{MapError, PlacedMap, Square};
pub use message::{ModelInfo, Picture, Probe, Reply, Request, Step};
pub use model::{Engine, Evidence, EvidenceMap, Verdict};
pub use wire::{ProtocolError, VERSION, decode, encode};
