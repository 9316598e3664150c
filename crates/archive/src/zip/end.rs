//! The end record, which says where the directory is.

use std::ops::Range;

use crate::ArchiveError;
use crate::bytes::{u16_at, u32_at, u64_at};

/// Bytes of an archive's end that are enough to find its directory: the end records of zip and zip64, and the longest
/// comment.
pub const TAIL_LENGTH: usize = WIDE_END + WIDE_LOCATOR + END + 0xffff;

const END: usize = 22;
const WIDE_LOCATOR: usize = 20;
const WIDE_END: usize = 56;
const SPANNED: ArchiveError = ArchiveError::Unsupported("it is spread over several files");

/// What an end record says.
pub(super) struct End {
    pub(super) entries: u64,
    pub(super) directory: Range<u64>,
}

/// The last end record whose directory ends where the record begins.
///
/// A comment may have the mark of a record in it, and bytes may follow the archive.
pub(super) fn find(tail: &[u8], total: u64) -> Result<End, ArchiveError> {
    let start = total.saturating_sub(tail.len() as u64);
    let mut first_error = None;
    let places = (0..=tail.len().saturating_sub(END)).rev();
    for at in places.filter(|&at| tail[at..].starts_with(b"PK\x05\x06")) {
        let end = read(tail, at, start).unwrap_or_else(|| Err(ArchiveError::Damaged("its end is cut off".to_owned())));
        match end {
            Ok(end) => return Ok(end),
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    Err(first_error.unwrap_or(ArchiveError::NoEnd { searched: tail.len() }))
}

/// The record at `at` of the tail, which begins at `start` of the archive; `None` where it is cut off.
fn read(tail: &[u8], at: usize, start: u64) -> Option<Result<End, ArchiveError>> {
    let record = &tail[at..];
    let comment = usize::from(u16_at(record, 20)?);
    if record.len() < END + comment {
        return None;
    }
    let (entries, size, offset) = (u16_at(record, 10)?, u32_at(record, 12)?, u32_at(record, 16)?);
    if entries == u16::MAX || size == u32::MAX || offset == u32::MAX {
        let locator = at.checked_sub(WIDE_LOCATOR).filter(|&at| tail[at..].starts_with(b"PK\x06\x07"));
        if let Some(locator) = locator {
            return read_wide(tail, locator, start);
        }
    }
    if u16_at(record, 4)? != 0 || u16_at(record, 6)? != 0 {
        return Some(Err(SPANNED));
    }
    Some(end(entries.into(), size.into(), offset.into(), start + at as u64))
}

/// The record of zip64 that the locator at `locator` names.
fn read_wide(tail: &[u8], locator: usize, start: u64) -> Option<Result<End, ArchiveError>> {
    let place = u64_at(tail, locator + 8)?;
    let at = usize::try_from(place.checked_sub(start)?).ok()?;
    let record = tail.get(at..).filter(|record| record.starts_with(b"PK\x06\x06"))?;
    if u32_at(record, 16)? != 0 || u32_at(record, 20)? != 0 {
        return Some(Err(SPANNED));
    }
    Some(end(u64_at(record, 32)?, u64_at(record, 40)?, u64_at(record, 48)?, place))
}

/// Checks that a directory ends where its end record begins.
fn end(entries: u64, size: u64, offset: u64, record: u64) -> Result<End, ArchiveError> {
    match offset.checked_add(size) {
        Some(end) if end == record => Ok(End { entries, directory: offset..end }),
        Some(end) if end < record => Err(ArchiveError::Unsupported(
            "its directory is not where it says; accepted are archives with nothing before the first file",
        )),
        _ => Err(ArchiveError::Damaged("its directory is declared behind its end".to_owned())),
    }
}
