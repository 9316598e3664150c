//! Deflate streams (RFC 1951, with or without the zlib header of RFC 1950), inflated in pieces.
//!
//! A megabyte can inflate to a gigabyte, and memory of a WebAssembly module never shrinks: a caller asks for as many
//! bytes as it has a use for, and no more are made.

use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZError, MZFlush, MZStatus};

/// A stream and what has been inflated of it.
pub(crate) struct Inflater<'a> {
    code: &'a [u8],
    state: Box<InflateState>,
    pub(crate) inflated: Vec<u8>,
}

impl<'a> Inflater<'a> {
    /// A stream without a header.
    pub(crate) fn raw(code: &'a [u8]) -> Self {
        Self::of(code, DataFormat::Raw)
    }

    /// A stream with the header of zlib.
    pub(crate) fn zlib(code: &'a [u8]) -> Self {
        Self::of(code, DataFormat::ZLibIgnoreChecksum)
    }

    fn of(code: &'a [u8], format: DataFormat) -> Self {
        Self { code, state: InflateState::new_boxed(format), inflated: Vec::new() }
    }

    /// Inflates until there are `length` bytes; whether the stream ended before.
    ///
    /// # Errors
    /// In words, when the stream is damaged or the bytes do not fit in memory. That it is cut off is no error.
    pub(crate) fn inflate_to(&mut self, length: usize) -> Result<bool, String> {
        let mut filled = self.inflated.len();
        let more = length.saturating_sub(filled);
        self.inflated.try_reserve_exact(more).map_err(|_| format!("{length} bytes do not fit in memory"))?;
        self.inflated.resize(filled + more, 0);
        let mut ended = false;
        while filled < length && !ended {
            let piece = inflate(&mut self.state, self.code, &mut self.inflated[filled..], MZFlush::None);
            self.code = &self.code[piece.bytes_consumed..];
            filled += piece.bytes_written;
            ended = match piece.status {
                Ok(status) => status == MZStatus::StreamEnd,
                // No byte more can be made of what there is.
                Err(MZError::Buf) => true,
                Err(_) => return Err("its deflated bytes are damaged".to_owned()),
            };
        }
        self.inflated.truncate(filled);
        Ok(ended)
    }
}
