//! One file or folder of an archive.

use std::ops::Range;

use super::Method;
use crate::bytes::{u16_at, u32_at, u64_at};
use crate::deflate::{Deflated, can_hold};
use crate::{ArchiveError, Budget, names};

/// Length of a local header without its name and extra field.
const LOCAL: u64 = 30;
/// Longest name and extra field of a local header, and nearly all of a data descriptor behind the content.
pub(super) const LONGEST_LOCAL: u64 = 2 * 0xffff + 24;
const CUT: ArchiveError = ArchiveError::File("it is cut off");

/// A file or folder of an archive, as the directory has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its path: relative, `/` between its parts, without `..`, drives and control characters, whatever the archive
    /// says. Bytes that are not UTF-8 are U+FFFD.
    pub name: String,
    /// The bytes of the archive that hold its local header and content, and at most 128 KiB more.
    pub range: Range<u64>,
    /// How it is packed.
    pub method: Method,
    /// Bytes of its content in the archive.
    pub compressed: u64,
    /// Bytes of its content, unpacked, as declared.
    pub size: u64,
    /// Checksum of its content.
    pub crc32: u32,
    /// Whether it needs a password.
    pub encrypted: bool,
    /// Whether it is a folder, which has no content.
    pub folder: bool,
}

impl Entry {
    /// The entry whose record begins the bytes, and the record's length. The range has no end yet.
    pub(super) fn read(bytes: &[u8]) -> Option<(Self, usize)> {
        let record = bytes.strip_prefix(b"PK\x01\x02").map(|_| bytes)?;
        let [name, extra, comment] = [28, 30, 32].map(|at| u16_at(record, at).map(usize::from));
        let name = record.get(46..46 + name?)?;
        let extra = record.get(46 + name.len()..46 + name.len() + extra?)?;
        let length = 46 + name.len() + extra.len() + comment?;
        let [compressed, size, start] = [20, 24, 42].map(|at| u32_at(record, at).map(u64::from));
        let (mut compressed, mut size, mut start) = (compressed?, size?, start?);
        widen(extra, [&mut size, &mut compressed, &mut start])?;
        let entry = Self {
            name: names::safe(name),
            range: start..start,
            method: Method::of(u16_at(record, 10)?),
            compressed,
            size,
            crc32: u32_at(record, 16)?,
            encrypted: u16_at(record, 8)? & 1 == 1,
            folder: names::is_folder(name),
        };
        (length <= bytes.len()).then_some((entry, length))
    }

    /// Where the content would end if the local header had no name.
    pub(super) const fn shortest_end(&self) -> u64 {
        self.range.start.saturating_add(LOCAL).saturating_add(self.compressed)
    }

    /// The bytes of the archive that hold the content. `local` is the beginning of [`range`](Self::range), 30 bytes at
    /// least.
    ///
    /// # Errors
    /// When there is no local header of the same method, or the content reaches into the next entry.
    pub fn data_range(&self, local: &[u8]) -> Result<Range<u64>, ArchiveError> {
        let header = local.strip_prefix(b"PK\x03\x04").map(|_| local);
        let header = header.ok_or(ArchiveError::File("its local header is not where the directory says"))?;
        let [method, name, extra] = [8, 26, 28].map(|at| u16_at(header, at).ok_or(CUT));
        if Method::of(method?) != self.method {
            return Err(ArchiveError::File("its local header and the directory name different methods"));
        }
        let start = self.range.start + LOCAL + u64::from(name?) + u64::from(extra?);
        let end = start.saturating_add(self.compressed);
        if end > self.range.end {
            return Err(ArchiveError::File("its content reaches into the next file"));
        }
        Ok(start..end)
    }

    /// The content, from the bytes of [`range`](Self::range).
    ///
    /// # Errors
    /// As [`data_range`](Self::data_range) and [`inflate`](Self::inflate).
    pub fn unpack(&self, bytes: &[u8], budget: &mut Budget) -> Result<Vec<u8>, ArchiveError> {
        let range = self.data_range(bytes)?;
        let place = |at: u64| usize::try_from(at - self.range.start).map_err(|_| CUT);
        self.inflate(bytes.get(place(range.start)?..place(range.end)?).ok_or(CUT)?, budget)
    }

    /// The content, from the bytes of [`data_range`](Self::data_range). `budget` counts it before memory is taken.
    ///
    /// # Errors
    /// When the file is encrypted, packed in another way than by deflate, too large, or not as declared.
    pub fn inflate(&self, packed: &[u8], budget: &mut Budget) -> Result<Vec<u8>, ArchiveError> {
        self.check(packed)?;
        let length = budget.take(self.size)?;
        let content = match self.method {
            Method::Deflated => inflate_exactly(packed, length)?,
            _ => packed.to_vec(),
        };
        if crc32fast::hash(&content) != self.crc32 {
            return Err(ArchiveError::File("its checksum is not that of its content"));
        }
        Ok(content)
    }

    /// Refuses what can't be unpacked to the declared size.
    fn check(&self, packed: &[u8]) -> Result<(), ArchiveError> {
        let fits = match self.method {
            _ if self.encrypted => return Err(ArchiveError::Encrypted),
            Method::Stored => self.size == self.compressed,
            Method::Deflated => can_hold(packed.len(), self.size),
            Method::Other(_) => return Err(ArchiveError::Method(self.method.to_string())),
        };
        if packed.len() as u64 != self.compressed {
            return Err(CUT);
        }
        if fits { Ok(()) } else { Err(ArchiveError::File("it can't have the size that it declares")) }
    }
}

/// Inflates a stream of `length` bytes, neither more nor less.
fn inflate_exactly(packed: &[u8], length: usize) -> Result<Vec<u8>, ArchiveError> {
    let mut content = Vec::new();
    content.try_reserve_exact(length).map_err(|_| ArchiveError::File("it does not fit in memory"))?;
    content.resize(length, 0);
    let mut stream = Deflated::raw(packed);
    let filled = stream.fill(&mut content).map_err(ArchiveError::File)?;
    let end = if filled.ended { filled } else { stream.fill(&mut [0]).map_err(ArchiveError::File)? };
    if filled.bytes < length || !end.ended || !filled.ended && end.bytes > 0 {
        return Err(ArchiveError::File("it does not have the size that it declares"));
    }
    Ok(content)
}

/// Takes sizes and place from the extra field of zip64 where the record has no room for them.
fn widen(mut extra: &[u8], fields: [&mut u64; 3]) -> Option<()> {
    const WIDE: u16 = 1;
    let mut wanted = fields.into_iter().filter(|field| **field == u64::from(u32::MAX)).peekable();
    while let (Some(id), Some(length), Some(_)) = (u16_at(extra, 0), u16_at(extra, 2), wanted.peek()) {
        let field = extra.get(4..4 + usize::from(length))?;
        if id == WIDE {
            for (place, value) in wanted.by_ref().enumerate() {
                *value = u64_at(field, 8 * place)?;
            }
        }
        extra = &extra[4 + field.len()..];
    }
    Some(())
}
