//! Files on the disk: written whole or not at all, and errors that name them.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use model::Hinted;
use serde::Serialize;
use tempfile::{Builder, NamedTempFile};
use walkdir::WalkDir;

/// Writes a file whole or not at all, whenever the machine stops: beside it first, then in its place.
///
/// # Errors
/// The disk refuses; what was there before stays.
pub fn write_whole(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    // What is no file, such as /dev/stdout, can't be replaced.
    let is_special = path.exists() && !path.is_file();
    let written = if is_special { fs::write(path, bytes) } else { replace(path, bytes) };
    written.map_err(|error| write_failed(path, bytes.len(), &error))
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut part = part_of(path)?;
    part.write_all(bytes)?;
    // A name on the disk must never come before the bytes that it names.
    part.as_file().sync_all()?;
    part.persist(path)?;
    sync_folder(folder_of(path))
}

/// A new file beside `path`, to be renamed to it. It has a name of its own and is removed when it is dropped.
pub(crate) fn part_of(path: &Path) -> io::Result<NamedTempFile> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".");
    let mut builder = Builder::new();
    builder.prefix(&name).suffix(".part");
    // Others may read what they may read of any new file; a temporary one is its owner's alone.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder_of(path))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Brings the names in a folder to the disk. Only Unix opens folders; elsewhere the system does this by itself.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { fs::File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Writes a value as JSON that people can read.
///
/// # Errors
/// The disk refuses.
pub fn write_json(path: &Path, value: &impl Serialize) -> anyhow::Result<()> {
    write_whole(path, (serde_json::to_string_pretty(value)? + "\n").as_bytes())
}

/// What to say of a file of `size` bytes that could not be written.
#[must_use]
pub fn write_failed(path: &Path, size: usize, error: &io::Error) -> anyhow::Error {
    let full = matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
    let wanted = size.div_ceil(1_000_000);
    let message = format!("cannot write \"{}\": {error}.", path.display());
    if !full {
        return anyhow!(message);
    }
    let kept = "What was whole before is kept: training goes on with --resume";
    Hinted::new(message, format!("make room; this file needs {wanted} MB. {kept}")).into()
}

/// Removes a folder with all that is in it; one that is not there is gone already.
///
/// # Errors
/// The disk refuses.
pub fn remove_folder(path: &Path) -> anyhow::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove \"{}\"", path.display()))
        }
        _ => Ok(()),
    }
}

/// Every file in a folder and the folders in it, sorted. Links to folders are not followed: they may lead in a circle.
///
/// # Errors
/// A folder can't be read.
pub fn files_below(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    fs::read_dir(folder).with_context(|| format!("cannot read \"{}\"", folder.display()))?;
    let mut files = Vec::new();
    for entry in WalkDir::new(folder) {
        let path = entry.map_err(unreadable)?.into_path();
        if !path.is_dir() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// What the system says of a folder; walkdir would say it twice.
fn unreadable(error: walkdir::Error) -> anyhow::Error {
    let path = error.path().unwrap_or(Path::new("")).display().to_string();
    let reason = error.into_io_error().map(|error| error.to_string()).unwrap_or_default();
    anyhow!("cannot read \"{path}\": {reason}")
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_file_is_replaced_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("progress.json");
        for bytes in [b"before".as_slice(), b"after"] {
            write_whole(&file, bytes).unwrap();
            assert_eq!(fs::read(&file).unwrap(), bytes);
        }
        assert_eq!(files_below(folder.path()).unwrap(), [file]);
    }

    #[test]
    fn a_file_half_written_leaves_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("progress.json");
        write_whole(&file, b"before").unwrap();
        let mut parts = [part_of(&file).unwrap(), part_of(&file).unwrap()];
        for part in &mut parts {
            part.write_all(b"aft").unwrap();
        }
        assert_eq!(files_below(folder.path()).unwrap().len(), 3, "two processes do not share a file");
        drop(parts);
        assert_eq!(fs::read(&file).unwrap(), b"before");
        assert_eq!(files_below(folder.path()).unwrap(), [file]);
    }

    #[test]
    fn a_new_file_may_be_read_by_whom_the_user_lets_read_files() {
        let folder = tempfile::tempdir().unwrap();
        let [whole, plain] = ["whole", "plain"].map(|name| folder.path().join(name));
        write_whole(&whole, b"").unwrap();
        fs::write(&plain, b"").unwrap();
        let permissions = |path| fs::metadata(path).unwrap().permissions();
        assert_eq!(permissions(&whole), permissions(&plain));
    }

    #[test]
    fn a_full_disk_names_the_file_and_what_it_needs() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("progress.json");
        // Every write into this device fails as on a full disk.
        symlink("/dev/full", &file).unwrap();
        let error = write_whole(&file, &vec![0; 3_000_000]).unwrap_err();
        assert!(error.to_string().contains("progress.json"), "{error}");
        assert!(error.downcast_ref::<Hinted>().unwrap().hint.contains("needs 3 MB"), "{error}");
    }

    #[test]
    fn what_is_no_file_is_written_into_and_stays() {
        write_whole(Path::new("/dev/null"), b"gone").unwrap();
        assert!(!Path::new("/dev/null").is_file());
    }

    #[test]
    fn links_that_lead_in_a_circle_end() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("inner")).unwrap();
        let file = folder.path().join("inner/scan.png");
        fs::write(&file, b"scan").unwrap();
        symlink(folder.path(), folder.path().join("inner/circle")).unwrap();
        symlink(&file, folder.path().join("linked.png")).unwrap();
        assert_eq!(files_below(folder.path()).unwrap(), [file, folder.path().join("linked.png")]);
    }
}
