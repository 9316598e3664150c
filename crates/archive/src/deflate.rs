//! Deflate streams (RFC 1951, with or without the zlib header of RFC 1950), inflated as far as asked.
//!
//! A megabyte can inflate to a gigabyte, and memory of a WebAssembly module never shrinks: a caller asks for as many
//! bytes as it has a use for, and no more are made.

use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZError, MZFlush, MZStatus};

/// Most bytes that one deflated byte stands for: a match of 258 takes two bits.
const HIGHEST_RATIO: u64 = 1032;

/// Whether `packed` deflated bytes can hold `size` bytes.
#[must_use]
pub const fn can_hold(packed: usize, size: u64) -> bool {
    size <= (packed as u64).saturating_mul(HIGHEST_RATIO)
}

/// A stream, and how far it has been inflated.
pub struct Deflated<'a> {
    code: &'a [u8],
    state: Box<InflateState>,
}

/// What an inflation gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filled {
    /// Bytes written. Fewer than were asked for where the stream ended, or is cut off.
    pub bytes: usize,
    /// Whether the stream came to its end.
    pub ended: bool,
}

impl<'a> Deflated<'a> {
    /// A stream without a header.
    #[must_use]
    pub fn raw(code: &'a [u8]) -> Self {
        Self::of(code, DataFormat::Raw)
    }

    /// A stream with the header of zlib; its checksum is not looked at.
    #[must_use]
    pub fn zlib(code: &'a [u8]) -> Self {
        Self::of(code, DataFormat::ZLibIgnoreChecksum)
    }

    fn of(code: &'a [u8], format: DataFormat) -> Self {
        Self { code, state: InflateState::new_boxed(format) }
    }

    /// Inflates the next bytes into `out`. That the stream is cut off is no error.
    ///
    /// # Errors
    /// In words, when the stream is damaged.
    pub fn fill(&mut self, out: &mut [u8]) -> Result<Filled, &'static str> {
        let mut filled = Filled { bytes: 0, ended: false };
        while filled.bytes < out.len() && !filled.ended {
            let piece = inflate(&mut self.state, self.code, &mut out[filled.bytes..], MZFlush::None);
            self.code = &self.code[piece.bytes_consumed..];
            filled.bytes += piece.bytes_written;
            match piece.status {
                Ok(status) => filled.ended = status == MZStatus::StreamEnd,
                // No byte more can be made of what there is.
                Err(MZError::Buf) => break,
                Err(_) => return Err("its deflated bytes are damaged"),
            }
        }
        Ok(filled)
    }

    /// The bytes behind what has been inflated.
    #[must_use]
    pub const fn rest(&self) -> &'a [u8] {
        self.code
    }
}
