//! The directory of an archive.

use std::ops::Range;

use super::end;
use super::entry::{Entry, LONGEST_LOCAL};
use crate::{ArchiveError, Limits};

/// Shortest record of an entry.
const SHORTEST_RECORD: u64 = 46;
/// Longest directory: 640 bytes for each of the most entries accepted by default.
const LONGEST: u64 = 64 << 20;

/// Where an archive's directory lies, and how many entries it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    range: Range<u64>,
    entries: usize,
}

impl Directory {
    /// Finds the directory by the last bytes of an archive of `total` bytes: [`TAIL_LENGTH`](crate::TAIL_LENGTH) of
    /// them, or all where it is shorter.
    ///
    /// # Errors
    /// When there is no end record, it contradicts itself, the archive is in several files, begins with a program that
    /// unpacks it, or has more entries than `limits`.
    pub fn locate(tail: &[u8], total: u64, limits: &Limits) -> Result<Self, ArchiveError> {
        let end = end::find(tail, total)?;
        let limit = limits.max_entries;
        let size = end.directory.end - end.directory.start;
        if end.entries > limit {
            return Err(ArchiveError::TooManyEntries { found: end.entries, limit });
        }
        if end.entries.saturating_mul(SHORTEST_RECORD) > size || size > LONGEST {
            let (entries, most) = (end.entries, LONGEST >> 20);
            let reason =
                format!("its directory has {size} bytes for {entries} entries; 46 an entry to {most} MiB are accepted");
            return Err(ArchiveError::Damaged(reason));
        }
        Ok(Self { range: end.directory, entries: end.entries as usize })
    }

    /// The bytes of the archive that [`read`](Self::read) needs.
    #[must_use]
    pub fn range(&self) -> Range<u64> {
        self.range.clone()
    }

    /// The entries, in the order of the directory, which is `bytes`.
    ///
    /// # Errors
    /// When the directory is damaged or has fewer entries than declared, and when two entries overlap.
    pub fn read(&self, mut bytes: &[u8]) -> Result<Vec<Entry>, ArchiveError> {
        let mut entries = Vec::with_capacity(self.entries);
        for number in 0..self.entries {
            let damaged = || ArchiveError::Damaged(format!("entry {number} of its directory can't be read"));
            let (entry, length) = Entry::read(bytes).ok_or_else(damaged)?;
            entries.push(entry);
            bytes = &bytes[length..];
        }
        self.bound(&mut entries)?;
        Ok(entries)
    }

    /// Ends every entry where the next one or the directory begins, if its longest possible header does not before.
    fn bound(&self, entries: &mut [Entry]) -> Result<(), ArchiveError> {
        let mut order: Vec<usize> = (0..entries.len()).collect();
        order.sort_by_key(|&index| entries[index].range.start);
        for (place, &index) in order.iter().enumerate() {
            let next = order.get(place + 1).copied();
            let next_start = next.map_or(self.range.start, |next| entries[next].range.start);
            if entries[index].shortest_end() > next_start {
                let first = entries[index].name.clone();
                let second = next.map_or("the directory", |next| &entries[next].name).to_owned();
                return Err(ArchiveError::Overlap { first, second });
            }
            let longest_end = entries[index].shortest_end().saturating_add(LONGEST_LOCAL);
            entries[index].range.end = next_start.min(longest_end);
        }
        Ok(())
    }
}
