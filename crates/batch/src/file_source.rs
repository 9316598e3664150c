//! Which files a job is about.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use anyhow::Context;
use imaging::Limits;
use imaging::series::is_clutter;
use scans::{Unreadable, read_scan, told};
use walkdir::{DirEntry, WalkDir};

use crate::Part;

/// Where the files of a job are named. Folders stand for all files in them.
#[derive(Debug, Clone, Default)]
pub struct FileSource {
    /// Files and folders.
    pub named: Vec<PathBuf>,
    /// A file that names one file or folder a line; `-` is standard input.
    pub list: Option<PathBuf>,
    /// Which of them.
    pub part: Part,
}

impl FileSource {
    /// The files of the part, as they are found: nothing is kept. In a folder they come sorted by name; what an operating
    /// system leaves there (`.DS_Store`, `Thumbs.db`, `desktop.ini`, `__MACOSX`) and what is hidden is left out.
    ///
    /// # Errors
    /// The list can't be opened. What can't be read later is an item of its own.
    pub fn files(&self) -> anyhow::Result<impl Iterator<Item = Result<PathBuf, Unreadable>>> {
        let listed = self.list.as_deref().map(lines).transpose()?;
        let named = self.named.clone().into_iter().map(Ok).chain(listed.into_iter().flatten());
        let part = self.part;
        Ok(named.flat_map(expand).filter(move |found| match found {
            Ok(path) | Err(Unreadable { path, .. }) => part.holds(path),
        }))
    }

    /// How many files there are; `None` where that is known only at the end, as of standard input.
    ///
    /// # Errors
    /// As [`FileSource::files`].
    pub fn count(&self) -> anyhow::Result<Option<u64>> {
        let streamed = self.list.as_deref().is_some_and(is_streamed);
        if streamed { Ok(None) } else { Ok(Some(self.files()?.count() as u64)) }
    }
}

/// Whether a list can be read only once.
fn is_streamed(list: &Path) -> bool {
    list == Path::new("-") || !list.is_file()
}

type Named = Result<PathBuf, Unreadable>;

fn lines(list: &Path) -> anyhow::Result<impl Iterator<Item = Named> + use<>> {
    let reader: Box<dyn BufRead> = if list == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        let file = File::open(list).with_context(|| format!("cannot read the list \"{}\"", list.display()))?;
        Box::new(BufReader::new(file))
    };
    let list = list.to_owned();
    let mut lines = reader.split(b'\n');
    let mut failed = false;
    // After an error there is no next line: the reader would give the same error for ever.
    Ok(std::iter::from_fn(move || if failed { None } else { lines.next() }.inspect(|line| failed = line.is_err()))
        .map(move |line| match line {
            Ok(line) => Ok(to_path(line)),
            Err(error) => Err(Unreadable { path: list.clone(), reason: error.to_string() }),
        })
        .filter(|named| !matches!(named, Ok(path) if path.as_os_str().is_empty())))
}

/// The path that a line names, whatever its encoding where the system allows any.
fn to_path(mut line: Vec<u8>) -> PathBuf {
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    #[cfg(unix)]
    return PathBuf::from(<std::ffi::OsString as std::os::unix::ffi::OsStringExt>::from_vec(line));
    #[cfg(not(unix))]
    return PathBuf::from(String::from_utf8_lossy(&line).into_owned());
}

/// A file, or the files in a folder.
fn expand(named: Named) -> Box<dyn Iterator<Item = Result<PathBuf, Unreadable>>> {
    match named {
        Ok(folder) if folder.is_dir() => {
            let walk = WalkDir::new(&folder).follow_links(true).sort_by_file_name().into_iter();
            // The files that a directory of DICOM files names lie in the folder too.
            let is_wanted = |name: &OsStr| !is_hidden(name) && name != "DICOMDIR";
            let entries = walk.filter_entry(move |entry| entry.depth() == 0 || is_wanted(entry.file_name()));
            Box::new(entries.filter_map(move |entry| found_entry(entry, &folder)))
        }
        Ok(path) => match directory_entries(&path) {
            Some(files) => Box::new(files.into_iter()),
            None => Box::new(std::iter::once(Ok(path))),
        },
        Err(unreadable) => Box::new(std::iter::once(Err(unreadable))),
    }
}

/// The files that a directory of DICOM files (DICOMDIR) names; nothing for any other file.
fn directory_entries(path: &Path) -> Option<Vec<Result<PathBuf, Unreadable>>> {
    let is_named_so = path.file_name().is_some_and(|name| name.eq_ignore_ascii_case("DICOMDIR"));
    if !is_named_so || !path.is_file() {
        return None;
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    let entries = read_scan(path).and_then(|bytes| Ok(imaging::directory(&bytes, &Limits::default())?));
    Some(match entries {
        Ok(entries) => entries
            .into_iter()
            .map(|entry| Ok(entry.path.iter().fold(folder.to_owned(), |path, part| path.join(part))))
            .collect(),
        Err(error) => vec![Err(Unreadable { path: path.to_owned(), reason: told(&error) })],
    })
}

/// What a step through a folder found; nothing for a folder.
fn found_entry(entry: walkdir::Result<DirEntry>, folder: &Path) -> Option<Result<PathBuf, Unreadable>> {
    match entry {
        Ok(entry) if entry.file_type().is_dir() => None,
        Ok(entry) => Some(Ok(entry.into_path())),
        Err(error) => {
            let path = error.path().unwrap_or(folder).to_owned();
            let reason = match error.loop_ancestor() {
                Some(above) => format!("the link leads back to the folder \"{}\"", above.display()),
                None => error.into_io_error().map(|error| error.to_string()).unwrap_or_default(),
            };
            Some(Err(Unreadable { path, reason }))
        }
    }
}

/// Whether a name in a folder is no scan but what an operating system or a person hides there.
fn is_hidden(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with('.') || is_clutter(&name)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    fn folder() -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in
            ["scans/b/2.png", "scans/a/1.png", "scans/.DS_Store", "scans/__MACOSX/1.png", "scans/Thumbs.db", "c.dcm"]
        {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        folder
    }

    fn found(source: &FileSource, folder: &TempDir) -> Vec<PathBuf> {
        let files = source.files().unwrap().map(Result::unwrap);
        files.map(|file| file.strip_prefix(folder.path()).unwrap().to_owned()).collect()
    }

    #[test]
    fn folders_stand_for_their_files_in_order_without_clutter() {
        let folder = folder();
        let named = ["c.dcm", "scans"].map(|name| folder.path().join(name)).to_vec();
        let source = FileSource { named, ..FileSource::default() };
        assert_eq!(found(&source, &folder), ["c.dcm", "scans/a/1.png", "scans/b/2.png"].map(Path::new));
        assert_eq!(source.count().unwrap(), Some(3));
    }

    #[test]
    fn a_list_names_files_and_folders_line_by_line() {
        let folder = folder();
        let list = folder.path().join("list.txt");
        let [scans, file] = ["scans/b", "c.dcm"].map(|name| folder.path().join(name).display().to_string());
        fs::write(&list, format!("{scans}\r\n\n{file}")).unwrap();
        let source = FileSource { list: Some(list), ..FileSource::default() };
        assert_eq!(found(&source, &folder), ["scans/b/2.png", "c.dcm"].map(Path::new));
        let missing = FileSource { list: Some("nowhere.txt".into()), ..FileSource::default() };
        assert!(missing.files().err().unwrap().to_string().contains("cannot read the list \"nowhere.txt\""));
    }

    #[test]
    fn a_dicomdir_stands_for_the_files_that_it_names() {
        let folder = folder();
        let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/../imaging/tests/fixtures/frames/DICOMDIR");
        let directory = folder.path().join("DICOMDIR");
        fs::copy(fixture, &directory).unwrap();
        let named = FileSource { named: vec![directory.clone()], ..FileSource::default() };
        let entries = imaging::directory(&fs::read(fixture).unwrap(), &Limits::default()).unwrap();
        let expected: Vec<PathBuf> = entries.iter().map(|entry| entry.path.iter().collect()).collect();
        assert!(!expected.is_empty());
        assert_eq!(found(&named, &folder), expected);
        let walked = FileSource { named: vec![folder.path().to_owned()], ..FileSource::default() };
        assert!(!found(&walked, &folder).contains(&PathBuf::from("DICOMDIR")));
        fs::write(&directory, "no directory").unwrap();
        let damaged: Vec<_> = named.files().unwrap().collect();
        assert!(matches!(&damaged[..], [Err(Unreadable { path, .. })] if *path == directory), "{damaged:?}");
    }

    #[test]
    fn the_parts_of_a_job_have_every_file_once() {
        let folder = folder();
        for number in 0..50 {
            fs::write(folder.path().join(format!("scans/{number}.png")), "").unwrap();
        }
        let named = vec![folder.path().to_owned()];
        let of = |part: &str| {
            let source = FileSource { named: named.clone(), part: part.parse().unwrap(), list: None };
            found(&source, &folder)
        };
        let mut shared_out = [of("1/3"), of("2/3"), of("3/3")].concat();
        let mut all = of("1/1");
        shared_out.sort();
        all.sort();
        assert_eq!(shared_out, all);
        assert_eq!(all.len(), 53);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_in_a_circle_is_told_and_ends() {
        let folder = folder();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("scans/again")).unwrap();
        let source = FileSource { named: vec![folder.path().to_owned()], ..FileSource::default() };
        let errors: Vec<_> = source.files().unwrap().filter_map(Result::err).collect();
        assert_eq!(errors.len(), 1);
        assert!(errors[0].reason.contains("leads back"), "{errors:?}");
    }
}
