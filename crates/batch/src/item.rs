//! What a path holds, step by step: an archive, a scan of many slices, a slice.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Instant;

use imaging::{InputSpec, PreparedSlice, Scan};
use scans::{Unreadable, decode_slice, open_scan, read_scan, told};

use crate::Place;

/// What is somewhere, or why that can't be read.
pub(crate) struct Item {
    pub(crate) place: Place,
    pub(crate) content: Result<Content, String>,
}

pub(crate) enum Content {
    /// An archive on the disk.
    Archive(PathBuf),
    /// A scan of several slices, none of them decoded.
    Scan(Scan<'static>),
    /// A slice.
    Slice(Prepared),
}

/// A slice that the network can be shown.
pub(crate) struct Prepared {
    pub(crate) slice: PreparedSlice,
    pub(crate) source: Source,
    pub(crate) size: [u32; 2],
    pub(crate) milliseconds: f64,
}

/// What a file says of a slice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source {
    /// DICOM's Series Instance UID.
    pub series: Option<String>,
    /// Why it may be no brain MRI.
    pub warnings: Vec<String>,
}

impl Item {
    /// What a file holds.
    pub(crate) fn open(file: Result<PathBuf, Unreadable>, spec: &InputSpec) -> Self {
        match file {
            Ok(path) => {
                let content = content_of_file(&path, spec).map_err(|error| told(&error));
                Self { place: Place::file(path), content }
            }
            Err(Unreadable { path, reason }) => Self { place: Place::file(path), content: Err(reason) },
        }
    }

    /// What a file of an archive holds.
    pub(crate) fn unpacked(place: Place, bytes: Result<Vec<u8>, String>, spec: &InputSpec) -> Self {
        let content = bytes.and_then(|bytes| match archive::Kind::of(&bytes) {
            Some(_) => Err("an archive within an archive is not read".to_owned()),
            None => content_of_bytes(bytes, spec, Instant::now()).map_err(|error| told(&error)),
        });
        Self { place, content }
    }

    /// The slice, where it is one.
    pub(crate) fn prepared(&self) -> Option<&PreparedSlice> {
        match &self.content {
            Ok(Content::Slice(prepared)) => Some(&prepared.slice),
            _ => None,
        }
    }

    /// The slice of this index of a scan.
    pub(crate) fn slice(place: Place, scan: &Scan<'_>, index: usize, spec: &InputSpec) -> Self {
        let slice = slice(scan, index, spec, Instant::now()).map_err(|error| told(&error));
        Self { place, content: slice.map(Content::Slice) }
    }
}

fn content_of_file(path: &Path, spec: &InputSpec) -> anyhow::Result<Content> {
    let began = Instant::now();
    match read_scan(path) {
        Ok(bytes) if archive::Kind::of(&bytes).is_none() => content_of_bytes(bytes, spec, began),
        // An archive may be longer than a scan: it is never in memory whole.
        Err(error) if !is_archive(path) => Err(error),
        _ => Ok(Content::Archive(path.to_owned())),
    }
}

/// Whether a file begins like an archive.
fn is_archive(path: &Path) -> bool {
    let mut beginning = Vec::new();
    let mut read = || File::open(path)?.take(archive::Kind::BEGINNING as u64).read_to_end(&mut beginning);
    path.is_file() && read().is_ok() && archive::Kind::of(&beginning).is_some()
}

fn content_of_bytes(bytes: Vec<u8>, spec: &InputSpec, began: Instant) -> anyhow::Result<Content> {
    let scan = open_scan(bytes)?;
    Ok(if scan.slices().len() > 1 { Content::Scan(scan) } else { Content::Slice(slice(&scan, 0, spec, began)?) })
}

fn slice(scan: &Scan<'_>, index: usize, spec: &InputSpec, began: Instant) -> anyhow::Result<Prepared> {
    let slice = decode_slice(scan, index)?;
    let source = Source {
        series: scan.attributes().and_then(|attributes| attributes.series.clone()),
        warnings: scan.warnings().iter().map(ToString::to_string).collect(),
    };
    let prepared = imaging::prepare(&slice, spec);
    let milliseconds = began.elapsed().as_secs_f64() * 1e3;
    Ok(Prepared { slice: prepared, source, size: [slice.width(), slice.height()], milliseconds })
}
