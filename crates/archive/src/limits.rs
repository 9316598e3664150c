//! How much an archive may hold.

use crate::ArchiveError;

/// Bounds of an archive, checked on declared sizes before memory is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most entries, folders among them.
    pub max_entries: u64,
    /// Longest file, unpacked, in bytes.
    pub max_file: u64,
    /// Longest sum of all unpacked files, in bytes: a bound of time, since each may be dropped before the next.
    pub max_total: u64,
}

impl Default for Limits {
    /// 100,000 entries, files of 1 GiB, 16 GiB in all.
    fn default() -> Self {
        Self { max_entries: 100_000, max_file: 1 << 30, max_total: 16 << 30 }
    }
}

/// Counts what is unpacked of an archive, whether it turns out to be sound or not.
#[derive(Debug, Clone)]
pub struct Budget {
    limits: Limits,
    left: u64,
}

impl Budget {
    /// Nothing unpacked yet.
    #[must_use]
    pub const fn new(limits: &Limits) -> Self {
        Self { limits: *limits, left: limits.max_total }
    }

    /// Counts a file of `size` bytes before it is unpacked.
    pub(crate) fn take(&mut self, size: u64) -> Result<usize, ArchiveError> {
        let Limits { max_file, max_total, .. } = self.limits;
        let length = usize::try_from(size).ok().filter(|_| size <= max_file);
        let length = length.ok_or(ArchiveError::TooLarge { found: size, limit: max_file })?;
        self.left = self.left.checked_sub(size).ok_or(ArchiveError::Exhausted { limit: max_total })?;
        Ok(length)
    }
}
