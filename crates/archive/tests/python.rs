//! Archives that Python's zipfile and tarfile wrote, by `fixtures/make_archives.py`, give their files.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use archive::{ArchiveError, Budget, Directory, File, Kind, Limits, ReadError, TAIL_LENGTH, Unpacker, each_file};
use needs::Need;
use tempfile::TempDir;

const ALL: [&str; 10] = [
    "stored.zip",
    "deflated.zip",
    "wide.zip",
    "comment.zip",
    "streamed.zip",
    "trailing.zip",
    "pax.tar",
    "gnu.tar",
    "packed.tar.gz",
    "members.tar.gz",
];

fn written() -> Option<TempDir> {
    written_with(&[])
}

fn written_with(arguments: &[&str]) -> Option<TempDir> {
    let mut python = Need::Python.python(&["zipfile"])?;
    let folder = tempfile::tempdir().unwrap();
    let status = python.arg("tests/fixtures/make_archives.py").arg(folder.path()).args(arguments).status().unwrap();
    assert!(status.success());
    Some(folder)
}

fn files() -> BTreeMap<String, Vec<u8>> {
    let long = format!("{}/scan.dcm", ["a folder with a long name"; 8].join("/"));
    let files = [
        ("study/empty.dcm", Vec::new()),
        ("study/1.dcm", (0..40).flat_map(|_| 0..=255).collect()),
        ("study/ümlaut.dcm", b"slice ".repeat(5000)),
        (long.as_str(), b"deep down".to_vec()),
    ];
    files.map(|(name, content)| (name.to_owned(), content)).into()
}

fn unpacked(path: &Path, limits: &Limits) -> Result<Vec<File>, ReadError> {
    let mut found = Vec::new();
    each_file(&mut fs::File::open(path).unwrap(), limits, |_| true, |file| found.push(file))?;
    Ok(found)
}

#[test]
fn every_way_of_packing_gives_the_same_files() {
    let Some(folder) = written() else { return };
    for name in ALL {
        let found = unpacked(&folder.path().join(name), &Limits::default()).unwrap();
        let found: BTreeMap<_, _> = found.into_iter().map(|file| (file.name, file.content.unwrap())).collect();
        assert_eq!(found, files(), "{name}");
    }
}

#[test]
fn a_zip_is_read_by_its_tail_its_directory_and_a_range_a_file() {
    let Some(folder) = written() else { return };
    let bytes = fs::read(folder.path().join("streamed.zip")).unwrap();
    let at = |range: std::ops::Range<u64>| &bytes[range.start as usize..range.end as usize];
    let tail = &bytes[bytes.len().saturating_sub(TAIL_LENGTH)..];
    let directory = Directory::locate(tail, bytes.len() as u64, &Limits::default()).unwrap();
    let mut budget = Budget::new(&Limits::default());
    let mut found = BTreeMap::new();
    for entry in directory.read(at(directory.range())).unwrap().into_iter().filter(|entry| !entry.folder) {
        let header = entry.range.start..entry.range.start + 30;
        let packed = at(entry.data_range(at(header)).unwrap());
        let content = entry.inflate(packed, &mut budget).unwrap();
        assert_eq!(content, entry.unpack(at(entry.range.clone()), &mut budget).unwrap(), "{}", entry.name);
        found.insert(entry.name, content);
    }
    assert_eq!(found, files());
}

#[test]
fn a_tar_may_come_byte_by_byte() {
    let Some(folder) = written() else { return };
    let bytes = fs::read(folder.path().join("gnu.tar")).unwrap();
    let mut found = BTreeMap::new();
    let mut unpacker = Unpacker::new(&Limits::default());
    for byte in bytes.chunks(1) {
        let mut keep = |file: File| drop(found.insert(file.name, file.content.unwrap()));
        unpacker.push(byte, &mut keep).unwrap();
    }
    unpacker.finish().unwrap();
    assert_eq!(found, files());
}

#[test]
fn what_is_not_wanted_is_not_unpacked() {
    let Some(folder) = written() else { return };
    let mut found = Vec::new();
    let mut zip = fs::File::open(folder.path().join("deflated.zip")).unwrap();
    each_file(&mut zip, &Limits::default(), |name| name.ends_with("1.dcm"), |file| found.push(file.name)).unwrap();
    assert_eq!(found, ["study/1.dcm"]);
}

#[test]
fn seventy_thousand_entries_are_read_and_more_than_the_limit_refused() {
    let Some(folder) = written_with(&["70000"]) else { return };
    let path = folder.path().join("many.zip");
    assert_eq!(unpacked(&path, &Limits::default()).unwrap().len(), 70_000);
    let error = unpacked(&path, &Limits { max_entries: 60_000, ..Limits::default() }).unwrap_err();
    assert_eq!(error.to_string(), "the archive declares 70000 entries; the limit is 60000");
}

#[test]
fn the_budget_is_for_all_files_together() {
    let Some(folder) = written() else { return };
    let limits = Limits { max_total: 20_000, ..Limits::default() };
    for name in ["deflated.zip", "pax.tar"] {
        let found = unpacked(&folder.path().join(name), &limits).unwrap();
        let refused: Vec<_> = found.iter().filter(|file| file.content.is_err()).collect();
        assert_eq!(refused.len(), 1, "{name}");
        assert_eq!(refused[0].content, Err(ArchiveError::Exhausted { limit: 20_000 }), "{name}");
    }
}

#[test]
fn kinds_are_told_by_their_beginning() {
    let Some(folder) = written() else { return };
    for name in ALL {
        let mut bytes = fs::read(folder.path().join(name)).unwrap();
        bytes.truncate(Kind::BEGINNING);
        let expected = match name.rsplit('.').next().unwrap() {
            "zip" => Kind::Zip,
            "tar" => Kind::Tar,
            _ => Kind::TarGz,
        };
        assert_eq!(Kind::of(&bytes), Some(expected), "{name}");
    }
    assert_eq!(Kind::of(b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x03\0\0\0\0\0\0\0\0\0"), None);
    assert_eq!(Kind::of(b""), None);
}
