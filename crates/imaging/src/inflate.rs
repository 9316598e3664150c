//! Deflate streams, inflated into memory as far as asked.

use archive::Deflated;

/// A stream and what has been inflated of it.
pub(crate) struct Inflater<'a> {
    stream: Deflated<'a>,
    pub(crate) inflated: Vec<u8>,
}

impl<'a> Inflater<'a> {
    /// A stream without a header.
    pub(crate) fn raw(code: &'a [u8]) -> Self {
        Self { stream: Deflated::raw(code), inflated: Vec::new() }
    }

    /// A stream with the header of zlib.
    pub(crate) fn zlib(code: &'a [u8]) -> Self {
        Self { stream: Deflated::zlib(code), inflated: Vec::new() }
    }

    /// Inflates until there are `length` bytes; whether the stream ended before.
    ///
    /// # Errors
    /// In words, when the stream is damaged or the bytes do not fit in memory. That it is cut off is no error.
    pub(crate) fn inflate_to(&mut self, length: usize) -> Result<bool, String> {
        let before = self.inflated.len();
        let more = length.saturating_sub(before);
        self.inflated.try_reserve_exact(more).map_err(|_| format!("{length} bytes do not fit in memory"))?;
        self.inflated.resize(before + more, 0);
        let filled = self.stream.fill(&mut self.inflated[before..])?;
        self.inflated.truncate(before + filled.bytes);
        Ok(filled.ended || filled.bytes < more)
    }
}
