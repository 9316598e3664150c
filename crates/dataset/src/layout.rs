//! What the folders of a data set say of the files in them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::Part;
use crate::names::{known_class, part_of, quoted};

/// How the folders of a data set lie in one another.
pub(crate) struct Layout {
    /// The folders around all the others, each with a `/` after it.
    wrapper: String,
    /// At which level below them folders name parts: 0 for `Training/glioma`, 1 for `glioma/Training`.
    part_level: Option<usize>,
}

/// What the folders say of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place<'a> {
    pub(crate) class: &'a str,
    pub(crate) part: Option<Part>,
    /// The folder between the data set's and the class's.
    pub(crate) above: Option<&'a str>,
    /// The folder inside the class's.
    pub(crate) inside: Option<&'a str>,
}

impl Layout {
    /// Judges by where the images lie.
    pub(crate) fn of(images: &[&str]) -> Self {
        let folders: Vec<Vec<&str>> =
            images.iter().map(|path| folders_of(path)).filter(|all| !all.is_empty()).collect();
        let deepest = folders.iter().map(Vec::len).max().unwrap_or(0);
        let depth = (0..deepest).find(|&depth| !wraps(&folders, depth)).unwrap_or(0);
        let inner: Vec<&[&str]> = folders.iter().map(|all| &all[depth..]).filter(|all| !all.is_empty()).collect();
        let wrapper = folders.first().map_or_else(String::new, |all| all[..depth].join("/"));
        let wrapper = if wrapper.is_empty() { wrapper } else { wrapper + "/" };
        Self { wrapper, part_level: part_level(&inner) }
    }

    /// The folder in all those around it.
    pub(crate) fn root(&self, root: &Path) -> PathBuf {
        root.join(&self.wrapper).components().collect()
    }

    /// What the folders say of a file; nothing where it lies in no class, or in no part while others do.
    pub(crate) fn place<'a>(&self, path: &'a str) -> Option<Place<'a>> {
        let mut folders = folders_of(path.strip_prefix(&self.wrapper)?);
        let part = match self.part_level {
            Some(level) if level < folders.len() => Some(part_of(folders.remove(level))?.0),
            Some(_) => return None,
            None => None,
        };
        let class = folders.iter().position(|name| known_class(name).is_some()).unwrap_or(0);
        let above = class.checked_sub(1).map(|above| folders[above]);
        Some(Place { class: folders.get(class)?, part, above, inside: folders.get(class + 1).copied() })
    }

    /// A path in the form that is relative to the folder in all those around it.
    pub(crate) fn unwrapped(&self, path: &str) -> String {
        let up = || "../".repeat(self.wrapper.matches('/').count()) + path;
        path.strip_prefix(&self.wrapper).map_or_else(up, str::to_owned)
    }

    /// What of a file that has no place is to be named: the folder where that lies beside those of parts.
    pub(crate) fn outside<'a>(&self, path: &'a str) -> &'a str {
        let folder = path.strip_prefix(&self.wrapper).and_then(|inner| inner.split_once('/')).map(|(folder, _)| folder);
        match folder {
            Some(name) if self.part_level == Some(0) && part_of(name).is_none() => {
                &path[..self.wrapper.len() + name.len()]
            }
            _ => path,
        }
    }

    /// What a person should know of how the folders were read.
    pub(crate) fn notes<'a>(&self, placed: impl Iterator<Item = (&'a str, &'a Place<'a>)> + Clone) -> Vec<String> {
        let wrapper = self.wrapper.strip_suffix('/');
        let wrapper = wrapper.map(|name| format!("the data set is the folder \"{name}\"; paths are relative to it"));
        let part = |path: &'a str| folders_of(path.strip_prefix(&self.wrapper)?).get(self.part_level?).copied();
        let above = told(placed.clone().filter_map(|(_, place)| place.above), |names| {
            format!(
                "the folders {names} around class folders say nothing of the files in them; where they are patients, name \
                 these in a CSV of groups"
            )
        });
        [wrapper, validation_note(placed.filter_map(|(path, _)| part(path))), above].into_iter().flatten().collect()
    }
}

/// What a person should know where parts are for validation, of which Sulcus makes its own.
pub(crate) fn validation_note<'a>(parts: impl Iterator<Item = &'a str>) -> Option<String> {
    let validates = |name: &&str| part_of(name).is_some_and(|(_, validates)| validates);
    told(parts.filter(validates), |names| {
        format!("{names} counts as Training: what validates is a share of that, which the recipe says")
    })
}

/// A class may be called "test". So folders name parts only where others lie in them, or where all do.
fn part_level(folders: &[&[&str]]) -> Option<usize> {
    let names_part = |all: &[&str], level: usize| all.get(level).is_some_and(|name| part_of(name).is_some());
    let nests = |level| folders.iter().any(|all| all.len() > 1 && names_part(all, level));
    let only_parts = !folders.is_empty() && folders.iter().all(|all| names_part(all, 0));
    [0, 1].into_iter().find(|&level| nests(level) || (level == 0 && only_parts))
}

/// Whether all the folders at this depth are one, with others in it: neither a part nor a class.
fn wraps(folders: &[Vec<&str>], depth: usize) -> bool {
    let Some(name) = folders.first().and_then(|all| all.get(depth)) else { return false };
    folders.iter().all(|all| all.get(depth) == Some(name))
        && folders.iter().any(|all| all.len() > depth + 1)
        && part_of(name).is_none()
        && known_class(name).is_none()
}

/// The folders that a file lies in, from the outside in.
pub(crate) fn folders_of(path: &str) -> Vec<&str> {
    let mut names: Vec<&str> = path.split('/').collect();
    names.pop();
    names
}

/// A sentence about names, where there are any.
pub(crate) fn told<'a>(names: impl Iterator<Item = &'a str>, say: impl Fn(&str) -> String) -> Option<String> {
    let names: Vec<&str> = names.collect::<BTreeSet<&str>>().into_iter().collect();
    (!names.is_empty()).then(|| say(&quoted(&names)))
}
