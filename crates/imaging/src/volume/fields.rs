//! Numbers in a header.

/// A header's bytes, and in which order its numbers have theirs.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) big: bool,
}

impl Fields<'_> {
    fn number<const N: usize>(&self, at: usize) -> Result<[u8; N], String> {
        let number = self.bytes.get(at..).and_then(<[u8]>::first_chunk).copied();
        let mut number: [u8; N] =
            number.ok_or_else(|| format!("its header is cut off at {} bytes", self.bytes.len()))?;
        if self.big {
            number.reverse();
        }
        Ok(number)
    }

    pub(super) fn i16(&self, at: usize) -> Result<i16, String> {
        self.number(at).map(i16::from_le_bytes)
    }

    pub(super) fn i32(&self, at: usize) -> Result<i32, String> {
        self.number(at).map(i32::from_le_bytes)
    }

    pub(super) fn i64(&self, at: usize) -> Result<i64, String> {
        self.number(at).map(i64::from_le_bytes)
    }

    pub(super) fn f32(&self, at: usize) -> Result<f32, String> {
        self.number(at).map(f32::from_le_bytes)
    }

    pub(super) fn f64(&self, at: usize) -> Result<f64, String> {
        self.number(at).map(f64::from_le_bytes)
    }
}
