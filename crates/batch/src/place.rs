//! Where a slice is.

use std::path::PathBuf;

/// Where a slice is: in a file, in a file of an archive, or among the slices of either.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: PathBuf,
    /// The file in it, where it is an archive.
    pub entry: Option<String>,
    /// The slice's number, counted from 1, where there are several.
    pub slice: Option<usize>,
    /// Whether more slices of the file follow.
    pub more: bool,
}

impl Place {
    /// A file as a whole.
    pub(crate) fn file(file: PathBuf) -> Self {
        Self { file, entry: None, slice: None, more: false }
    }

    /// A file of an archive, which is followed by others or is the last.
    pub(crate) fn entry(&self, name: Option<String>, more: bool) -> Self {
        Self { entry: name, more, ..self.clone() }
    }

    /// The slice of this index among `count`.
    pub(crate) fn slice(&self, index: usize, count: usize) -> Self {
        Self { slice: Some(index + 1), more: self.more || index + 1 < count, ..self.clone() }
    }

    /// A path that no other slice has: what an archive holds lies below it, and slices are numbered.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        let path = self.entry.as_ref().map_or_else(|| self.file.clone(), |entry| self.file.join(entry));
        let Some(slice) = self.slice else { return path };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        path.with_file_name(format!("{name}-{slice}"))
    }

    /// As people read it: `study.zip, brain/1.dcm, slice 3`.
    #[must_use]
    pub fn in_words(&self) -> String {
        let file = Some(self.file.display().to_string());
        let slice = self.slice.map(|slice| format!("slice {slice}"));
        file.into_iter().chain(self.entry.clone()).chain(slice).collect::<Vec<_>>().join(", ")
    }
}
