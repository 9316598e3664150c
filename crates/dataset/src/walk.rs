//! Everything below a folder, each file judged by its first bytes.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use walkdir::{DirEntry, WalkDir};

use crate::{DatasetError, Reason, Rejected};

/// Folders that systems and archivers leave: what looks like a scan in them is none.
const OF_SYSTEMS: [&str; 4] = ["__macosx", "@eadir", "$recycle.bin", "system volume information"];

/// A file, and what speaks against it.
pub(crate) struct Found {
    /// Relative to the root, with `/` between folders.
    pub(crate) path: String,
    pub(crate) objection: Option<Reason>,
}

/// What lies below a folder, in the order of names.
#[derive(Default)]
pub(crate) struct Walk {
    pub(crate) files: Vec<Found>,
    pub(crate) folders: Vec<String>,
    /// What was not gone into.
    pub(crate) closed: Vec<Rejected>,
}

impl Walk {
    /// Links are followed, but not in a circle.
    pub(crate) fn below(root: &Path) -> Result<Self, DatasetError> {
        let read = |path: &Path, reason| DatasetError::Read { path: path.to_owned(), reason };
        std::fs::read_dir(root).map_err(|error| read(root, error))?;
        let mut walk = Self::default();
        let mut entries = WalkDir::new(root).min_depth(1).follow_links(true).sort_by_file_name().into_iter();
        while let Some(entry) = entries.next() {
            match entry {
                Ok(entry) if entry.file_type().is_dir() && is_hidden(&entry) => {
                    entries.skip_current_dir();
                    walk.closed.push(Rejected { path: relative(entry.path(), root), reason: Reason::Hidden });
                }
                Ok(entry) if entry.file_type().is_dir() => walk.folders.push(relative(entry.path(), root)),
                Ok(entry) => {
                    let objection = objection(&root.join(relative(entry.path(), root)));
                    walk.files.push(Found { path: relative(entry.path(), root), objection });
                }
                Err(error) => walk.note(error, root)?,
            }
        }
        Ok(walk)
    }

    /// A link to nowhere or in a circle is passed over. A folder that can't be listed is an error: nobody knows what
    /// would be missing.
    fn note(&mut self, error: walkdir::Error, root: &Path) -> Result<(), DatasetError> {
        let place = error.path().unwrap_or(root).to_owned();
        let path = relative(&place, root);
        match error.into_io_error() {
            None => self.closed.push(Rejected { path, reason: Reason::Circle }),
            Some(reason) if place.is_dir() => return Err(DatasetError::Read { path: place, reason }),
            Some(reason) => {
                self.files.push(Found { path, objection: Some(Reason::Unreadable(reason.to_string())) });
            }
        }
        Ok(())
    }

    /// The paths of the files that nothing speaks against.
    pub(crate) fn images(&self) -> Vec<&str> {
        self.files.iter().filter(|file| file.objection.is_none()).map(|file| file.path.as_str()).collect()
    }
}

fn is_hidden(folder: &DirEntry) -> bool {
    let name = folder.file_name().to_string_lossy();
    name.starts_with('.') || OF_SYSTEMS.contains(&name.to_lowercase().as_str())
}

/// A path below the root with `/` between folders. A name that is not Unicode is shown with replacement characters,
/// can't be opened under that name, and so ends among the rejected.
fn relative(path: &Path, root: &Path) -> String {
    let names = path.strip_prefix(root).unwrap_or(path).iter().map(|name| name.to_string_lossy());
    names.collect::<Vec<_>>().join("/")
}

/// What speaks against a file, judged by its first bytes.
fn objection(file: &Path) -> Option<Reason> {
    let mut head = Vec::new();
    // A pipe would keep whoever opens it waiting.
    if file.metadata().is_ok_and(|metadata| !metadata.is_file()) {
        return Some(Reason::NotAFile);
    }
    match File::open(file).and_then(|file| file.take(1024).read_to_end(&mut head)) {
        Err(error) => Some(Reason::Unreadable(error.to_string())),
        Ok(0) => Some(Reason::Empty),
        Ok(_) if imaging::is_readable(&head) => None,
        Ok(_) => Some(Reason::NotAnImage),
    }
}
