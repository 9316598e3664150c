//! From a folder to records.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::{Dataset, DatasetError, Part, Reason, Record, Rejected};

const PARTS: [(&str, Part); 2] = [("Training", Part::Training), ("Testing", Part::Testing)];

/// An entry of a folder.
struct Entry {
    name: String,
    is_folder: bool,
}

/// A usable file, before its class has a number.
struct Found {
    path: String,
    class: String,
    part: Option<Part>,
}

#[derive(Default)]
struct Scan {
    found: Vec<Found>,
    rejected: Vec<Rejected>,
}

impl Dataset {
    /// Reads `<root>/{Training,Testing}/<class>/*`, or `<root>/<class>/*` where neither part is there.
    ///
    /// A file is judged by its first bytes, not by its name, and its pixels are not decoded. What can't be used is
    /// listed in [`Dataset::rejected`].
    ///
    /// # Errors
    /// [`DatasetError::Read`] where a folder can't be listed, [`DatasetError::TooFewClasses`] where fewer than two
    /// class folders hold an image.
    pub fn open(root: &Path) -> Result<Dataset, DatasetError> {
        let entries = list(root)?;
        let mut scan = Scan::default();
        let is_part = |entry: &Entry| entry.is_folder && PARTS.iter().any(|(name, _)| *name == entry.name);
        if entries.iter().any(is_part) {
            for entry in entries {
                match PARTS.iter().find(|(name, _)| *name == entry.name && entry.is_folder) {
                    Some((name, part)) => scan.classes(root, Some((name, *part)))?,
                    None => scan.reject(entry.name, Reason::Outside),
                }
            }
        } else {
            scan.classes(root, None)?;
        }
        scan.into_dataset(root)
    }
}

impl Scan {
    fn reject(&mut self, path: String, reason: Reason) {
        self.rejected.push(Rejected { path, reason });
    }

    /// Reads the class folders of the root or of one part of it.
    fn classes(&mut self, root: &Path, part: Option<(&str, Part)>) -> Result<(), DatasetError> {
        let prefix = part.map_or(String::new(), |(name, _)| format!("{name}/"));
        for entry in list(&root.join(&prefix))? {
            let path = format!("{prefix}{}", entry.name);
            if !entry.is_folder || entry.name.starts_with('.') {
                self.reject(path, Reason::Outside);
                continue;
            }
            let before = self.found.len();
            self.class(root, &path, &entry.name, part.map(|(_, part)| part))?;
            if self.found.len() == before {
                self.reject(path, Reason::EmptyFolder);
            }
        }
        Ok(())
    }

    fn class(&mut self, root: &Path, folder: &str, class: &str, part: Option<Part>) -> Result<(), DatasetError> {
        for entry in list(&root.join(folder))? {
            let path = format!("{folder}/{}", entry.name);
            let objection = if entry.is_folder { Some(Reason::Nested) } else { objection(&root.join(&path)) };
            match objection {
                Some(reason) => self.reject(path, reason),
                None => self.found.push(Found { path, class: class.to_owned(), part }),
            }
        }
        Ok(())
    }

    fn into_dataset(mut self, root: &Path) -> Result<Dataset, DatasetError> {
        let mut classes: Vec<String> = self.found.iter().map(|found| found.class.clone()).collect();
        classes.sort_unstable();
        classes.dedup();
        if classes.len() < 2 {
            return Err(DatasetError::TooFewClasses { root: root.to_owned(), found: classes.len() });
        }
        self.found.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        self.rejected.sort_by(|a, b| a.path.cmp(&b.path));
        let records = self.found.into_iter().map(|found| Record {
            label: classes.partition_point(|class| *class < found.class),
            path: found.path,
            part: found.part,
            patient_group: None,
            dup_group: None,
        });
        let records = records.collect();
        Ok(Dataset { root: root.to_owned(), classes, records, rejected: self.rejected })
    }
}

/// A folder's entries. A name that is not Unicode is shown with replacement characters, can't be opened under that
/// name, and so ends among the rejected.
fn list(folder: &Path) -> Result<Vec<Entry>, DatasetError> {
    let failed = |source| DatasetError::Read { path: folder.to_owned(), source };
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        entries
            .push(Entry { name: entry.file_name().to_string_lossy().into_owned(), is_folder: entry.path().is_dir() });
    }
    Ok(entries)
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
