//! The folder of what can be made again: prepared slices, the output of frozen blocks, copies that were found.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::checkpoint::write_failed;

/// Bytes that the folder may hold; beyond it, what was not used for the longest time goes.
const ROOM: u64 = 16 << 30;

/// A folder whose files may be deleted at any time.
#[derive(Debug, Clone)]
pub struct CacheFolder {
    path: PathBuf,
}

impl CacheFolder {
    /// The folder that was named, or `sulcus/trainer` in the place where this system keeps what can be made again.
    #[must_use]
    pub fn new(named: Option<&Path>) -> Self {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let usual = || {
            set("XDG_CACHE_HOME")
                .or_else(|| set("LOCALAPPDATA"))
                .or_else(|| set("HOME").map(|home| home.join(".cache")))
                .unwrap_or_else(std::env::temp_dir)
                .join("sulcus/trainer")
        };
        Self { path: named.map_or_else(usual, Path::to_owned) }
    }

    /// The file of `kind` for what `key` says: the same key, the same file.
    #[must_use]
    pub fn file(&self, kind: &str, key: &str) -> PathBuf {
        self.path.join(format!("{kind}-{}", &weights::sha256(key.as_bytes())[..16]))
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

    /// Deletes the files that were not used for the longest time until the rest has `room` bytes at most. A file that
    /// can't be looked at or deleted stays: another process may have been quicker, and a folder that is too full harms
    /// nobody.
    fn make_room_of(&self, room: u64) {
        let Ok(entries) = fs::read_dir(&self.path) else { return };
        let file = |entry: fs::DirEntry| {
            let metadata = entry.metadata().ok().filter(fs::Metadata::is_file)?;
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
        let path = |name: &str| folder.path().join(name);
        for (age, name) in [(3, "old"), (2, "middle"), (1, "young")] {
            fs::write(path(name), [0; 100]).unwrap();
            let then = fs::FileTimes::new().set_modified(SystemTime::now() - Duration::from_mins(age));
            fs::File::options().append(true).open(path(name)).unwrap().set_times(then).unwrap();
        }
        touch(&path("old"));
        cache.make_room_of(250);
        assert_eq!([path("old"), path("middle"), path("young")].map(|path| path.exists()), [true, false, true]);
    }

    #[test]
    fn another_key_has_another_file() {
        let cache = CacheFolder::new(Some(Path::new("cache")));
        assert_eq!(cache.file("slices", "a"), cache.file("slices", "a"));
        assert_ne!(cache.file("slices", "a"), cache.file("slices", "b"));
    }
}
