//! Gzip (RFC 1952), of one member or several.

use crc32fast::Hasher;

use crate::bytes::{u16_at, u32_at};
use crate::deflate::Deflated;

const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];
const CUT: &str = "the gzip is cut off";

/// A gzip file, and how far it has been inflated.
pub struct Gunzip<'a> {
    member: Deflated<'a>,
    checksum: Hasher,
    length: u32,
    ended: bool,
}

impl<'a> Gunzip<'a> {
    /// Whether a file begins like gzip.
    #[must_use]
    pub fn is_gzip(bytes: &[u8]) -> bool {
        bytes.starts_with(&MAGIC)
    }

    /// The beginning of a gzip file.
    ///
    /// # Errors
    /// In words, when it has no whole header.
    pub fn new(bytes: &'a [u8]) -> Result<Self, &'static str> {
        let body = body(bytes).ok_or(CUT)?;
        Ok(Self { member: Deflated::raw(body), checksum: Hasher::new(), length: 0, ended: false })
    }

    /// Inflates the next bytes into `out`; fewer than its length only at the end.
    ///
    /// # Errors
    /// In words, when the file is damaged or cut off, or a checksum is not that of the bytes.
    pub fn fill(&mut self, out: &mut [u8]) -> Result<usize, &'static str> {
        let mut filled = 0;
        while filled < out.len() && !self.ended {
            let piece = self.member.fill(&mut out[filled..])?;
            let bytes = &out[filled..filled + piece.bytes];
            self.checksum.update(bytes);
            self.length = self.length.wrapping_add(bytes.len() as u32);
            filled += piece.bytes;
            if piece.ended {
                self.end_member()?;
            } else if filled < out.len() {
                return Err(CUT);
            }
        }
        Ok(filled)
    }

    /// Compares the checksum, and begins the next member if there is one. Other bytes behind the last are ignored.
    fn end_member(&mut self) -> Result<(), &'static str> {
        let rest = self.member.rest();
        let (checksum, length) = u32_at(rest, 0).zip(u32_at(rest, 4)).ok_or(CUT)?;
        if checksum != std::mem::take(&mut self.checksum).finalize() || length != self.length {
            return Err("the checksum of the gzip is not that of its bytes");
        }
        let rest = &rest[8..];
        if Self::is_gzip(rest) {
            *self = Self::new(rest)?;
        } else {
            self.ended = true;
        }
        Ok(())
    }
}

/// What follows the header of a member.
fn body(bytes: &[u8]) -> Option<&[u8]> {
    const HEADER_CHECKSUM: u8 = 2;
    const EXTRA: u8 = 4;
    const NAME: u8 = 8;
    const COMMENT: u8 = 16;
    let flags = *bytes.get(3).filter(|_| Gunzip::is_gzip(bytes))?;
    let mut at = 10;
    if flags & EXTRA != 0 {
        at += 2 + usize::from(u16_at(bytes, at)?);
    }
    for text in [NAME, COMMENT] {
        if flags & text != 0 {
            at += 1 + bytes.get(at..)?.iter().position(|&byte| byte == 0)?;
        }
    }
    if flags & HEADER_CHECKSUM != 0 {
        at += 2;
    }
    bytes.get(at..)
}
