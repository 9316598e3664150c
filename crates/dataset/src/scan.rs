//! From a folder to records.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use crate::images::{Images, Labelled};
use crate::labels::Labels;
use crate::layout::{Layout, Place, folders_of, told};
use crate::names::{Classes, any_known};
use crate::walk::Walk;
use crate::{Dataset, DatasetError, Reason, Rejected};

/// Folders that are named in an error; the rest is only counted.
const SHOWN: usize = 12;

impl Dataset {
    /// Reads `<root>/<class>/*`, with folders `Training` and `Testing` (or `train`, `val`, `test`) above or below those of
    /// the classes or without, with a folder around it all or without. Folders inside class folders are taken for
    /// patients. Spellings of glioma, meningioma, pituitary and no tumour are each one class; other classes are called as
    /// their folders are. Where no folders name classes, a CSV in `root` does, see [`Dataset::open_labelled`].
    ///
    /// A file is judged by its first bytes, not by its name, and its pixels are not decoded. What can't be used is
    /// listed in [`Dataset::rejected`], and what a person should know of how it was read in [`Dataset::notes`].
    ///
    /// # Errors
    /// [`DatasetError::Read`] where a folder can't be listed, [`DatasetError::TooFewClasses`] where fewer than two
    /// classes have an image, and those of [`Dataset::open_labelled`].
    pub fn open(root: &Path) -> Result<Dataset, DatasetError> {
        let walk = Walk::below(root)?;
        match (by_folders(root, &walk), Labels::in_folder(root, &walk)) {
            (Err(_), Ok(Some(labels))) => labels.dataset(root, &walk, 2),
            (Err(_), Err(labels)) => Err(labels),
            (Ok(folders), Ok(Some(labels))) if labels.any_known() && !any_known(&folders.classes) => {
                labels.dataset(root, &walk, 2)
            }
            (Ok(mut folders), Ok(Some(labels))) => {
                folders.notes.extend(labels.contradiction(&folders));
                Ok(folders)
            }
            (folders, _) => folders,
        }
    }

    /// Reads the files below `root` that a CSV with the columns `path` and `label` names. `split`, `patient_group` and
    /// `dup_group` may be there too. Paths are relative to `root` or to the CSV.
    ///
    /// # Errors
    /// [`DatasetError::Read`] or [`DatasetError::Csv`] for what can't be read, [`DatasetError::NoColumn`],
    /// [`DatasetError::RepeatedRow`] and [`DatasetError::NoRowMatches`] for a CSV that can't be used,
    /// [`DatasetError::TooFewClasses`] where fewer than two classes have an image.
    pub fn open_labelled(root: &Path, csv: &Path) -> Result<Dataset, DatasetError> {
        Labels::read(csv)?.dataset(root, &Walk::below(root)?, 2)
    }

    /// As [`Dataset::open_labelled`], where one class is enough: slices that are trained on beside those of a data set, or that a model is
    /// measured on.
    ///
    /// # Errors
    /// As [`Dataset::open_labelled`], or [`DatasetError::TooFewClasses`] where no class has an image.
    pub fn open_source(root: &Path, csv: &Path) -> Result<Dataset, DatasetError> {
        Labels::read(csv)?.dataset(root, &Walk::below(root)?, 1)
    }
}

impl Dataset {
    /// What the CSV of labels says in another column of every record; nothing where it has no such column, or where no CSV
    /// labels the data set. Spellings of the heading are those that `label` may have.
    ///
    /// # Errors
    /// The CSV is no longer what it was.
    pub fn column(&self, name: &str) -> Result<Vec<Option<String>>, DatasetError> {
        match &self.labels {
            Some(csv) => Labels::read(csv)?.column(self, name),
            None => Ok(vec![None; self.records.len()]),
        }
    }
}

/// The data set whose classes are named by folders.
fn by_folders(root: &Path, walk: &Walk) -> Result<Dataset, DatasetError> {
    let images = walk.images();
    let layout = Layout::of(&images);
    let placed: Vec<(&str, Place<'_>)> =
        images.iter().filter_map(|path| layout.place(path).map(|place| (*path, place))).collect();
    let patients = patient_folders(&placed);
    let mut classes = Classes::default();
    let labelled = |(path, place): &(&str, Place<'_>)| Labelled {
        path: layout.unwrapped(path),
        class: classes.class_of(place.class),
        part: place.part,
        patient: place.inside.filter(|name| patients.contains(name)).map(|name| name.trim().to_owned()),
    };
    let labelled = placed.iter().map(labelled).collect();
    let found = lie(images.iter().map(|path| layout.unwrapped(path)));
    let images = Images { labelled, classes, rejected: rejected(walk, &layout) };
    let mut dataset = images.dataset(&layout.root(root), 2, found)?;
    dataset.notes.splice(0..0, layout.notes(placed.iter().map(|(path, place)| (*path, place))));
    dataset.notes.extend(told(patients.iter().copied(), |names| {
        format!(
            "the folders {names} inside class folders are taken for patients, those of one name for one; where they are \
             not, say so in a CSV of groups"
        )
    }));
    Ok(dataset)
}

/// The folders inside class folders that may be of patients. A single name, such as `images`, tells none apart.
fn patient_folders<'a>(placed: &[(&str, Place<'a>)]) -> HashSet<&'a str> {
    let inside: HashSet<&str> = placed.iter().filter_map(|(_, place)| place.inside).collect();
    if inside.len() < 2 { HashSet::new() } else { inside }
}

/// What was passed over: files outside of all classes, files that are no image, and folders without an image.
fn rejected(walk: &Walk, layout: &Layout) -> Vec<Rejected> {
    let unusable = walk.files.iter().filter_map(|file| {
        let (path, reason) = match layout.place(&file.path) {
            None => (layout.outside(&file.path), Reason::Outside),
            Some(_) => (file.path.as_str(), file.objection.clone()?),
        };
        Some(Rejected { path: path.to_owned(), reason })
    });
    let rejected: Vec<Rejected> = walk.closed.iter().cloned().chain(unusable).collect();
    let passed: HashSet<&str> = rejected.iter().map(|file| file.path.as_str()).collect();
    let empty = empty_folders(walk, passed).into_iter();
    let empty: Vec<_> = empty.map(|path| Rejected { path: path.to_owned(), reason: Reason::EmptyFolder }).collect();
    let all = rejected.into_iter().chain(empty);
    all.map(|file| Rejected { path: layout.unwrapped(&file.path), ..file }).collect()
}

/// The outermost folders without an image, but for those that are in `passed`, or lie in one of these.
fn empty_folders<'a>(walk: &'a Walk, mut passed: HashSet<&'a str>) -> Vec<&'a str> {
    let used: HashSet<&str> = walk.images().into_iter().flat_map(ancestors).collect();
    let unused = walk.folders.iter().map(String::as_str).filter(|folder| !used.contains(folder));
    unused.filter(|folder| !ancestors(folder).any(|above| passed.contains(above)) && passed.insert(folder)).collect()
}

/// The folders that a file or folder lies in.
fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(end, _)| &path[..end])
}

/// Where the images lie, for an error.
fn lie(images: impl Iterator<Item = String>) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for path in images {
        *counts.entry(folders_of(&path).join("/")).or_default() += 1;
    }
    let named = counts.iter().take(SHOWN).map(|(folder, count)| match folder.as_str() {
        "" => format!("{count} in the folder itself"),
        folder => format!("{count} in \"{folder}\""),
    });
    let named: Vec<String> = named.collect();
    match (counts.len().saturating_sub(SHOWN), named.len()) {
        (_, 0) => "no image is below it".to_owned(),
        (0, _) => format!("images: {}", named.join(", ")),
        (more, _) => format!("images: {}, and those of {more} more folders", named.join(", ")),
    }
}
