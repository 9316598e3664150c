//! A file of rows of equal length that is made once and mapped into memory by every run that needs it.
//!
//! Rows come first, so that they are aligned for any number; then JSON with the key and notes; then its length, a checksum
//! of all before it, and a mark. A file of another key, an unfinished or a damaged one counts as none.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use bytemuck::AnyBitPattern;
use memmap2::Mmap;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use crate::cache_folder::{CacheEntry, touch};
use crate::files::{part_of, write_failed};

/// The last bytes of a whole file. The version changes with the layout, and with what decoders make of a scan.
const MARK: [u8; 8] = *b"sulcus02";

/// What follows the rows.
#[derive(Serialize, Deserialize)]
struct Trailer<N> {
    key: String,
    bytes_a_row: usize,
    notes: N,
}

/// How many rows there are, and how long each is.
#[derive(Debug, Clone, Copy, Default)]
pub struct RowsSize {
    /// How many.
    pub rows: usize,
    /// Length of each.
    pub bytes_a_row: usize,
}

/// Rows mapped into memory, and what was noted of them.
pub struct CachedRows<N> {
    map: Mmap,
    bytes_a_row: usize,
    /// What belongs to the rows and is no row.
    pub notes: N,
}

impl<N: Serialize + DeserializeOwned> CachedRows<N> {
    /// The rows that are cached; `None` where there are none, or not whole ones.
    #[must_use]
    pub fn open(entry: CacheEntry<'_>) -> Option<Self> {
        let path = entry.file();
        let map = map(&path).ok()?;
        let (before, mark) = map.split_last_chunk::<8>()?;
        let (before, checksum) = before.split_last_chunk::<4>()?;
        if *mark != MARK || crc32fast::hash(before) != u32::from_le_bytes(*checksum) {
            return None;
        }
        let (before, length) = before.split_last_chunk::<8>()?;
        let rows = before.len().checked_sub(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
        let trailer: Trailer<N> = serde_json::from_slice(&before[rows..]).ok()?;
        if trailer.key != entry.key {
            return None;
        }
        touch(&path);
        Some(Self { map, bytes_a_row: trailer.bytes_a_row, notes: trailer.notes })
    }

    /// Caches the rows that `make` writes, and the notes that it returns.
    ///
    /// # Errors
    /// Those of `make`, and the disk refusing.
    pub fn make(
        entry: CacheEntry<'_>,
        size: RowsSize,
        make: impl FnOnce(&mut RowWriter) -> anyhow::Result<N>,
    ) -> anyhow::Result<Self> {
        let (path, bytes) = (entry.file(), size.rows * size.bytes_a_row);
        let failed = |error: io::Error| write_failed(&path, bytes, &error);
        entry.folder.make_room(bytes as u64)?;
        // Of two processes that make the same file each has its own until it is whole.
        let mut writer = RowWriter {
            file: BufWriter::new(part_of(&path).map_err(failed)?),
            path: path.clone(),
            bytes_a_row: size.bytes_a_row,
            bytes,
            checksum: crc32fast::Hasher::new(),
        };
        let notes = make(&mut writer)?;
        writer.finish(entry.key, &notes)?.persist(&path).map_err(|error| failed(error.error))?;
        let map = map(&path).map_err(failed)?;
        Ok(Self { map, bytes_a_row: size.bytes_a_row, notes })
    }

    /// One row as numbers.
    #[must_use]
    pub fn row<T: AnyBitPattern>(&self, index: usize) -> &[T] {
        bytemuck::cast_slice(&self.map[index * self.bytes_a_row..][..self.bytes_a_row])
    }

    /// Bytes of the file.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.map.len()
    }
}

/// Maps a file.
#[expect(
    unsafe_code,
    reason = "a mapped file must not be changed while it is mapped: files of the cache are written under another name, \
              renamed when they are whole, and never written again"
)]
fn map(path: &Path) -> io::Result<Mmap> {
    let file = File::open(path)?;
    unsafe { Mmap::map(&file) }
}

/// Writes rows one after the other.
pub struct RowWriter {
    file: BufWriter<NamedTempFile>,
    path: PathBuf,
    bytes_a_row: usize,
    /// Of all rows.
    bytes: usize,
    checksum: crc32fast::Hasher,
}

impl RowWriter {
    /// Adds one row.
    ///
    /// # Errors
    /// The row has another length than the others, or the disk refuses.
    pub fn write<T: bytemuck::NoUninit>(&mut self, row: &[T]) -> anyhow::Result<()> {
        let bytes: &[u8] = bytemuck::cast_slice(row);
        anyhow::ensure!(
            bytes.len() == self.bytes_a_row,
            "a row of {} bytes among others of {}",
            bytes.len(),
            self.bytes_a_row
        );
        self.put(bytes)
    }

    fn put(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        self.checksum.update(bytes);
        self.file.write_all(bytes).map_err(|error| write_failed(&self.path, self.bytes, &error))
    }

    fn finish(mut self, key: &str, notes: &impl Serialize) -> anyhow::Result<NamedTempFile> {
        let trailer = serde_json::to_vec(&Trailer { key: key.to_owned(), bytes_a_row: self.bytes_a_row, notes })?;
        self.put(&trailer)?;
        self.put(&(trailer.len() as u64).to_le_bytes())?;
        let checksum = self.checksum.clone().finalize();
        self.put(&checksum.to_le_bytes())?;
        self.put(&MARK)?;
        self.file.into_inner().map_err(|error| write_failed(&self.path, self.bytes, error.error()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache_folder::{CacheFolder, CacheKind};

    fn made(cache: &CacheFolder, key: &str) -> CachedRows<String> {
        let rows = |writer: &mut RowWriter| {
            writer.write(&[1.0_f32, 2.0])?;
            writer.write(&[3.0_f32, 4.0])?;
            Ok("two rows".to_owned())
        };
        CachedRows::make(cache.entry(CacheKind::Slices, key), RowsSize { rows: 2, bytes_a_row: 8 }, rows).unwrap()
    }

    fn open(cache: &CacheFolder, key: &str) -> Option<CachedRows<String>> {
        CachedRows::open(cache.entry(CacheKind::Slices, key))
    }

    #[test]
    fn rows_come_back_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let cache = CacheFolder::new(Some(folder.path()));
        assert!(open(&cache, "a").is_none());
        made(&cache, "a");
        let kept = open(&cache, "a").unwrap();
        assert_eq!((kept.row::<f32>(0), kept.row::<f32>(1)), ([1.0, 2.0].as_slice(), [3.0, 4.0].as_slice()));
        assert_eq!(kept.notes, "two rows");
    }

    #[test]
    fn damaged_cut_and_foreign_files_are_as_good_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let cache = CacheFolder::new(Some(folder.path()));
        drop(made(&cache, "a"));
        let [file, other] = ["a", "b"].map(|key| cache.entry(CacheKind::Slices, key).file());
        let whole = std::fs::read(&file).unwrap();
        std::fs::write(&other, &whole).unwrap();
        assert!(open(&cache, "b").is_none(), "the file is of another key");
        for length in 0..whole.len() {
            std::fs::write(&other, &whole[..length]).unwrap();
            std::fs::rename(&other, &file).unwrap();
            assert!(open(&cache, "a").is_none(), "cut to {length} bytes");
        }
        for place in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[place] ^= 1;
            std::fs::write(&other, &damaged).unwrap();
            std::fs::rename(&other, &file).unwrap();
            assert!(open(&cache, "a").is_none(), "byte {place} was changed");
        }
    }

    #[test]
    fn what_could_not_be_made_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let cache = CacheFolder::new(Some(folder.path()));
        let (entry, size) = (cache.entry(CacheKind::Slices, "a"), RowsSize { rows: 1, bytes_a_row: 8 });
        let made = CachedRows::<String>::make(entry, size, |_| anyhow::bail!("no rows"));
        assert!(made.is_err() && std::fs::read_dir(folder.path()).unwrap().next().is_none());
    }
}
