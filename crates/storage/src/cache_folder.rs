//! The folder of what can be made again: prepared slices, the output of frozen blocks, copies that were found.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use directories::BaseDirs;

use crate::files::write_failed;

/// Bytes that the folder may hold; beyond it, what was not used for the longest time goes.
const ROOM: u64 = 16 << 30;

/// What is cached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheKind {
    /// Prepared slices.
    Slices,
    /// The output of frozen blocks.
    Activations,
    /// Copies within a data set.
    Copies,
    /// Copies of a data set among slices of other sources.
    Others,
}

impl CacheKind {
    const ALL: [Self; 4] = [Self::Slices, Self::Activations, Self::Copies, Self::Others];

    /// The first word of the names of its files.
    fn name(self) -> &'static str {
        match self {
            Self::Slices => "slices",
            Self::Activations => "activations",
            Self::Copies => "copies",
            Self::Others => "others",
        }
    }
}

/// One thing in the cache.
#[derive(Debug, Clone, Copy)]
pub struct CacheEntry<'a> {
    pub(crate) folder: &'a CacheFolder,
    kind: CacheKind,
    /// All that decides its content.
    pub(crate) key: &'a str,
}

impl CacheEntry<'_> {
    /// Its file: the same key, the same file.
    pub(crate) fn file(self) -> PathBuf {
        let digest = weights::sha256(self.key.as_bytes());
        self.folder.path.join(format!("{}-{}", self.kind.name(), &digest[..16]))
    }
}

/// A folder whose files of a [`CacheKind`] may be deleted at any time.
#[derive(Debug, Clone)]
pub struct CacheFolder {
    path: PathBuf,
}

impl CacheFolder {
    /// The folder that was named, or `sulcus/trainer` in the place where this system keeps what can be made again.
    #[must_use]
    pub fn new(named: Option<&Path>) -> Self {
        let usual = || {
            let base = BaseDirs::new();
            base.map_or_else(std::env::temp_dir, |base| base.cache_dir().to_owned()).join("sulcus/trainer")
        };
        Self { path: named.map_or_else(usual, Path::to_owned) }
    }

    /// What is cached of a kind under `key`, which says all that decides its content.
    #[must_use]
    pub fn entry<'a>(&'a self, kind: CacheKind, key: &'a str) -> CacheEntry<'a> {
        CacheEntry { folder: self, kind, key }
    }

    /// Makes the folder, and room in it for `bytes` more.
    ///
    /// # Errors
    /// The folder can't be made.
    pub fn make_room(&self, bytes: u64) -> anyhow::Result<()> {
        fs::create_dir_all(&self.path).map_err(|error| write_failed(&self.path, 0, &error))?;
        self.make_room_of(ROOM.saturating_sub(bytes));
        Ok(())
    }

    /// Deletes its own files that were not used for the longest time until the rest of them has `room` bytes at most. A
    /// file that can't be looked at or deleted stays: another process may have been quicker, and a folder that is too full
    /// harms nobody. Other files are never touched: the folder may be one that is used for more.
    fn make_room_of(&self, room: u64) {
        let Ok(entries) = fs::read_dir(&self.path) else { return };
        let file = |entry: fs::DirEntry| {
            let is_own = entry.file_name().to_str().is_some_and(is_own_name);
            let metadata = entry.metadata().ok().filter(|metadata| is_own && metadata.is_file())?;
            Some((metadata.modified().ok()?, metadata.len(), entry.path()))
        };
        let mut files: Vec<(SystemTime, u64, PathBuf)> = entries.flatten().filter_map(file).collect();
        files.sort();
        let mut held: u64 = files.iter().map(|(_, size, _)| size).sum();
        for (_, size, path) in files {
            if held <= room {
                return;
            }
            if fs::remove_file(path).is_ok() {
                held -= size;
            }
        }
    }
}

/// Whether a file bears a name that [`CacheEntry::file`] gives, or that of one which is being written:
/// `slices-0123456789abcdef`, `slices-0123456789abcdef.Xy12ab.part`.
fn is_own_name(name: &str) -> bool {
    let hex = |text: &str| text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let (name, rest) = name.split_once('.').unwrap_or((name, ""));
    let is_part = rest.strip_suffix(".part").is_some_and(|random| !random.contains('.'));
    (rest.is_empty() || is_part)
        && name
            .split_once('-')
            .is_some_and(|(kind, digest)| CacheKind::ALL.iter().any(|own| own.name() == kind) && hex(digest))
}

/// Notes that a file was used now. Where the file belongs to someone else it keeps its time, and goes sooner.
pub fn touch(path: &Path) {
    let now = fs::FileTimes::new().set_modified(SystemTime::now());
    let _ = fs::File::options().append(true).open(path).and_then(|file| file.set_times(now));
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_was_not_used_for_the_longest_time_goes_first() {
        let folder = tempfile::tempdir().unwrap();
        let cache = CacheFolder::new(Some(folder.path()));
        let [old, middle, young] = ["old", "middle", "young"].map(|key| cache.entry(CacheKind::Slices, key).file());
        for (age, path) in [(3, &old), (2, &middle), (1, &young)] {
            write_aged(path, age);
        }
        touch(&old);
        cache.make_room_of(250);
        assert_eq!([old, middle, young].map(|path| path.exists()), [true, false, true]);
    }

    fn write_aged(path: &Path, minutes: u64) {
        fs::write(path, [0; 100]).unwrap();
        let then = fs::FileTimes::new().set_modified(SystemTime::now() - Duration::from_mins(minutes));
        fs::File::options().append(true).open(path).unwrap().set_times(then).unwrap();
    }

    #[test]
    fn files_of_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        let cache = CacheFolder::new(Some(folder.path()));
        let others = ["thesis.txt", "slices", "slices-12", "slices-0123456789abcdef.tar", "backup-0123456789abcdef"];
        let others = others.map(|name| folder.path().join(name));
        let [whole, unfinished] = ["a", "b"].map(|key| cache.entry(CacheKind::Others, key).file());
        let own = [whole, unfinished.with_extension("Xy12ab.part")];
        for path in others.iter().chain(&own) {
            write_aged(path, 1);
        }
        cache.make_room_of(0);
        assert!(others.iter().all(|path| path.exists()));
        assert!(own.iter().all(|path| !path.exists()));
    }

    #[test]
    fn another_key_has_another_file() {
        let cache = CacheFolder::new(Some(Path::new("cache")));
        let file = |key| cache.entry(CacheKind::Slices, key).file();
        assert_eq!(file("a"), file("a"));
        assert_ne!(file("a"), file("b"));
    }
}
