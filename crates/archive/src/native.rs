//! Every file of an archive on disk, for the command line.

use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

use crate::{ArchiveError, Budget, Directory, Entry, File, Gunzip, Kind, Limits, ReadError, TAIL_LENGTH, Unpacker};

/// Bytes that go through a tar at once.
const PIECE: usize = 1 << 20;

/// Gives on every file of an archive, folders left out; one is in memory at a time, of a tar in gzip its packed bytes too.
///
/// `found` gets a file that can't be unpacked with the reason. Names for which `wanted` is false are not unpacked.
///
/// # Errors
/// When the archive can't be read, is of no [`Kind`], or damaged where its files are listed.
pub fn each_file<R: Read + Seek>(
    archive: &mut R,
    limits: &Limits,
    wanted: impl Fn(&str) -> bool,
    mut found: impl FnMut(File),
) -> Result<(), ReadError> {
    let total = archive.seek(SeekFrom::End(0))?;
    let beginning = bytes_of(archive, &(0..total.min(Kind::BEGINNING as u64)))?;
    let mut found = |file: File| {
        if wanted(&file.name) {
            found(file);
        }
    };
    archive.rewind()?;
    match Kind::of(&beginning) {
        Some(Kind::Zip) => each_of_zip(archive, total, limits, &wanted, &mut found),
        Some(Kind::Tar) => each_of_tar(archive, limits, &mut found),
        Some(Kind::TarGz) => {
            let packed = bytes_of(archive, &(0..total))?;
            let inflated = Gunzip::new(&packed).map_err(damaged)?;
            each_of_tar(&mut Inflated(inflated), limits, &mut found)
        }
        None => Err(ArchiveError::Unsupported("accepted are zip, tar and tar.gz").into()),
    }
}

fn each_of_zip<R: Read + Seek>(
    archive: &mut R,
    total: u64,
    limits: &Limits,
    wanted: &impl Fn(&str) -> bool,
    found: &mut dyn FnMut(File),
) -> Result<(), ReadError> {
    let tail = bytes_of(archive, &(total.saturating_sub(TAIL_LENGTH as u64)..total))?;
    let directory = Directory::locate(&tail, total, limits)?;
    let entries = directory.read(&bytes_of(archive, &directory.range())?)?;
    let mut budget = Budget::new(limits);
    for entry in entries.into_iter().filter(|entry| !entry.folder && wanted(&entry.name)) {
        let content = unpack(archive, &entry, limits, &mut budget)?;
        found(File { name: entry.name, content });
    }
    Ok(())
}

/// The content of an entry; packed bytes are no more than unpacked ones may be.
fn unpack<R: Read + Seek>(
    archive: &mut R,
    entry: &Entry,
    limits: &Limits,
    budget: &mut Budget,
) -> Result<Result<Vec<u8>, ArchiveError>, ReadError> {
    if entry.compressed > limits.max_file {
        return Ok(Err(ArchiveError::TooLarge { found: entry.compressed, limit: limits.max_file }));
    }
    let local = bytes_of(archive, &entry.range)?;
    Ok(entry.unpack(&local, budget))
}

fn each_of_tar(archive: &mut impl Read, limits: &Limits, found: &mut dyn FnMut(File)) -> Result<(), ReadError> {
    let mut unpacker = Unpacker::new(limits);
    let mut piece = vec![0; PIECE];
    loop {
        let length = archive.read(&mut piece)?;
        if length == 0 {
            return Ok(unpacker.finish()?);
        }
        unpacker.push(&piece[..length], found)?;
    }
}

/// A gzip as something to read.
struct Inflated<'a>(Gunzip<'a>);

impl Read for Inflated<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        self.0.fill(out).map_err(|reason| std::io::Error::new(std::io::ErrorKind::InvalidData, reason))
    }
}

fn damaged(reason: &str) -> ArchiveError {
    ArchiveError::Damaged(reason.to_owned())
}

/// The bytes of a range that lies inside the archive.
fn bytes_of<R: Read + Seek>(archive: &mut R, range: &Range<u64>) -> std::io::Result<Vec<u8>> {
    archive.seek(SeekFrom::Start(range.start))?;
    let mut bytes = Vec::new();
    archive.take(range.end.saturating_sub(range.start)).read_to_end(&mut bytes)?;
    archive.rewind()?;
    Ok(bytes)
}
