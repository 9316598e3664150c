//! The bits of a JPEG-LS scan.

/// Bits of a scan; after a byte `FF` the next holds seven.
pub(super) struct Bits<'a> {
    code: &'a [u8],
    at: usize,
    held: u64,
    count: u32,
    stuffed: bool,
}

impl<'a> Bits<'a> {
    pub(super) fn new(code: &'a [u8]) -> Self {
        Self { code, at: 0, held: 0, count: 0, stuffed: false }
    }

    pub(super) fn take(&mut self, count: u32) -> Option<u32> {
        while self.count < count {
            let &byte = self.code.get(self.at)?;
            if self.stuffed && byte >= 0x80 {
                return None;
            }
            let width = if self.stuffed { 7 } else { 8 };
            self.held = self.held << width | u64::from(byte);
            self.count += width;
            self.stuffed = byte == 0xff;
            self.at += 1;
        }
        self.count -= count;
        Some((self.held >> self.count & ((1 << count) - 1)) as u32)
    }

    pub(super) fn bit(&mut self) -> Option<bool> {
        self.take(1).map(|bit| bit == 1)
    }

    /// A Golomb code of order `k`, at most `limit` bits long (A.5.3).
    pub(super) fn golomb(&mut self, k: u32, limit: u32, range_bits: u32) -> Option<i32> {
        let longest = limit.checked_sub(range_bits + 1)?;
        let mut zeros = 0;
        while !self.bit()? {
            zeros += 1;
            if zeros > longest {
                return None;
            }
        }
        let value = if zeros < longest { zeros << k | self.take(k)? } else { self.take(range_bits)? + 1 };
        i32::try_from(value).ok().filter(|&value| value < 1 << 24)
    }
}
