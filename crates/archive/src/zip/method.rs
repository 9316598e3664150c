//! How an entry is packed.

use std::fmt;

/// How an entry is packed, APPNOTE 4.4.5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// As it is.
    Stored,
    /// By deflate.
    Deflated,
    /// In another way, by its number; not read.
    Other(u16),
}

impl Method {
    pub(super) const fn of(number: u16) -> Self {
        match number {
            0 => Self::Stored,
            8 => Self::Deflated,
            other => Self::Other(other),
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stored => "no method",
            Self::Deflated => "deflate",
            Self::Other(9) => "Deflate64",
            Self::Other(12) => "bzip2",
            Self::Other(14) => "LZMA",
            Self::Other(93) => "Zstandard",
            Self::Other(95) => "XZ",
            Self::Other(98) => "PPMd",
            Self::Other(99) => "AES encryption",
            Self::Other(number) => return write!(f, "method {number}"),
        })
    }
}
