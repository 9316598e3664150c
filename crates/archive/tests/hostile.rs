//! Archives made to exhaust or deceive a reader: bounded memory, an error that says what was found, never a panic.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::io::Cursor;

use archive::{ArchiveError, Budget, Directory, Entry, File, Gunzip, Kind, Limits, TAIL_LENGTH, Unpacker, each_file};
use miniz_oxide::deflate::compress_to_vec;
use proptest::prelude::*;

/// An entry as it stands in an archive, with what it says of itself.
#[derive(Clone)]
struct Written {
    name: String,
    packed: Vec<u8>,
    flags: u16,
    method: u16,
    crc32: u32,
    size: u32,
}

impl Written {
    fn stored(name: &str, content: &[u8]) -> Self {
        let crc32 = crc32fast::hash(content);
        Self { name: name.into(), packed: content.into(), flags: 0, method: 0, crc32, size: content.len() as u32 }
    }

    fn deflated(name: &str, content: &[u8]) -> Self {
        Self { packed: compress_to_vec(content, 6), method: 8, ..Self::stored(name, content) }
    }

    /// From the flags to the length of the name, which both headers have.
    fn fields(&self) -> Vec<u8> {
        let mut fields = [self.flags.to_le_bytes(), self.method.to_le_bytes(), [0; 2], [0; 2]].concat();
        for number in [self.crc32, self.packed.len() as u32, self.size] {
            fields.extend(number.to_le_bytes());
        }
        fields.extend((self.name.len() as u16).to_le_bytes());
        fields
    }

    fn local(&self) -> Vec<u8> {
        [b"PK\x03\x04\x14\0".as_slice(), &self.fields(), &[0; 2], self.name.as_bytes(), &self.packed].concat()
    }

    fn record(&self, place: u32) -> Vec<u8> {
        let place = place.to_le_bytes();
        [b"PK\x01\x02\x14\0\x14\0".as_slice(), &self.fields(), &[0; 12], &place, self.name.as_bytes()].concat()
    }
}

/// An archive of `body` and a directory of these entries at these places.
fn archive(mut body: Vec<u8>, entries: &[(Written, u32)]) -> Vec<u8> {
    let records: Vec<u8> = entries.iter().flat_map(|(entry, place)| entry.record(*place)).collect();
    let count = (entries.len() as u16).to_le_bytes();
    let (size, place) = ((records.len() as u32).to_le_bytes(), (body.len() as u32).to_le_bytes());
    body.extend(records);
    body.extend([b"PK\x05\x06\0\0\0\0".as_slice(), &count, &count, &size, &place, &[0; 2]].concat());
    body
}

fn zip(entries: &[Written]) -> Vec<u8> {
    let mut body = Vec::new();
    let mut placed = Vec::new();
    for entry in entries {
        placed.push((entry.clone(), body.len() as u32));
        body.extend(entry.local());
    }
    archive(body, &placed)
}

fn entries(bytes: &[u8]) -> Result<Vec<Entry>, ArchiveError> {
    let tail = &bytes[bytes.len().saturating_sub(TAIL_LENGTH)..];
    let directory = Directory::locate(tail, bytes.len() as u64, &Limits::default())?;
    let range = directory.range();
    directory.read(&bytes[range.start as usize..range.end as usize])
}

fn unpack(bytes: &[u8]) -> Vec<Result<Vec<u8>, ArchiveError>> {
    let mut budget = Budget::new(&Limits::default());
    let content =
        |entry: Entry| entry.unpack(&bytes[entry.range.start as usize..entry.range.end as usize], &mut budget);
    entries(bytes).unwrap().into_iter().map(content).collect()
}

fn only_error(entry: Written) -> String {
    unpack(&zip(&[entry])).remove(0).unwrap_err().to_string()
}

#[test]
fn one_bad_file_does_not_stop_the_others() {
    let mut damaged = Written::deflated("b", b"content of b");
    damaged.crc32 ^= 1;
    let bytes = zip(&[Written::stored("a", b"content of a"), damaged, Written::deflated("c", b"content of c")]);
    let found = unpack(&bytes);
    assert_eq!(found[0].as_deref(), Ok(b"content of a".as_slice()));
    assert_eq!(found[1], Err(ArchiveError::File("its checksum is not that of its content")));
    assert_eq!(found[2].as_deref(), Ok(b"content of c".as_slice()));
}

#[test]
fn a_bomb_takes_the_memory_that_it_declares_and_no_more_than_the_limit() {
    let bomb = Written::deflated("bomb", &vec![0; 64 << 20]);
    assert!(bomb.packed.len() < 100_000);
    let limits = Limits { max_file: 1 << 20, ..Limits::default() };
    let bytes = zip(std::slice::from_ref(&bomb));
    let entry = entries(&bytes).unwrap().remove(0);
    let refused = entry.unpack(&bytes[..entry.range.end as usize], &mut Budget::new(&limits)).unwrap_err();
    assert_eq!(refused.to_string(), "the file declares 67108864 bytes; the limit is 1048576");
    let modest = Written { size: 1000, ..bomb };
    assert_eq!(only_error(modest), "the file is damaged: it does not have the size that it declares");
}

#[test]
fn a_file_that_declares_more_than_its_bytes_can_hold_is_refused_before_memory_is_taken() {
    let lying = Written { size: 1 << 29, ..Written::deflated("lying", b"short") };
    assert_eq!(only_error(lying), "the file is damaged: it can't have the size that it declares");
    let lying = Written { size: 7, ..Written::stored("lying", b"short") };
    assert_eq!(only_error(lying), "the file is damaged: it can't have the size that it declares");
    let lying = Written { size: 50, ..Written::deflated("lying", b"short") };
    assert_eq!(only_error(lying), "the file is damaged: it does not have the size that it declares");
}

#[test]
fn entries_that_share_their_bytes_are_refused() {
    let kernel = Written::deflated("kernel", &vec![0; 1 << 20]);
    let placed: Vec<_> = (0..10_000).map(|_| (kernel.clone(), 0)).collect();
    let error = entries(&archive(kernel.local(), &placed)).unwrap_err();
    assert!(matches!(error, ArchiveError::Overlap { .. }), "{error}");
    let inner = Written::stored("inner", b"content");
    let outer = Written::stored("outer", &inner.local());
    let place = 30 + "outer".len() as u32;
    let error = entries(&archive(outer.local(), &[(outer, 0), (inner, place)])).unwrap_err();
    assert_eq!(error.to_string(), "the archive's files \"outer\" and \"inner\" claim the same bytes");
}

#[test]
fn content_that_reaches_into_the_directory_is_refused() {
    let mut entry = Written::stored("a", b"content");
    let local = entry.local();
    entry.packed.extend([0; 20]);
    let error = entries(&archive(local, &[(entry, 0)])).unwrap_err();
    assert!(matches!(error, ArchiveError::Overlap { .. }), "{error}");
}

#[test]
fn what_is_not_read_is_refused_by_its_name() {
    let entry = Written::stored("a", b"content");
    let error = only_error(Written { flags: 1, ..entry.clone() });
    assert_eq!(error, "the file is encrypted; only files without a password are read");
    for (method, name) in [(9, "Deflate64"), (14, "LZMA"), (93, "Zstandard"), (77, "method 77")] {
        let error = only_error(Written { method, ..entry.clone() });
        assert_eq!(error, format!("the file is packed by {name}; accepted are stored and deflated files"));
    }
    let bytes = [b"MZ program".as_slice(), &zip(&[entry])].concat();
    let error = entries(&bytes).unwrap_err().to_string();
    assert!(error.contains("accepted are archives with nothing before the first file"), "{error}");
}

#[test]
fn names_stay_inside_the_archive() {
    let bytes = zip(&[Written::stored("..\\../etc/passwd\0", b"")]);
    assert_eq!(entries(&bytes).unwrap()[0].name, "etc/passwd\u{fffd}");
}

#[test]
fn every_cut_of_an_archive_is_an_error() {
    let bytes = zip(&[Written::stored("a", b"content"), Written::deflated("b", b"content")]);
    for length in 0..bytes.len() {
        assert!(entries(&bytes[..length]).is_err(), "{length} of {} bytes are an archive", bytes.len());
    }
    let error = entries(&bytes[..40]).unwrap_err().to_string();
    assert_eq!(error, "this is no whole zip archive: its last 40 bytes have no end record");
}

#[test]
fn a_declared_number_of_entries_takes_no_memory() {
    let mut bytes = zip(&[Written::stored("a", b"content")]);
    let end = bytes.len() - 22;
    bytes[end + 8..end + 12].copy_from_slice(&[0xfe, 0xff, 0xfe, 0xff]);
    assert!(matches!(entries(&bytes), Err(ArchiveError::Damaged(_))));
}

fn tar_header(name: &str, size: &str, kind: u8) -> Vec<u8> {
    let mut header = vec![0; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[124..124 + size.len()].copy_from_slice(size.as_bytes());
    header[148..156].fill(b' ');
    header[156] = kind;
    let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
    header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    header
}

fn files_of_tar(bytes: &[u8]) -> (Vec<File>, Result<(), ArchiveError>) {
    let mut found = Vec::new();
    let mut unpacker = Unpacker::new(&Limits::default());
    let end = unpacker.push(bytes, &mut |file| found.push(file));
    (found, end.and_then(|()| unpacker.finish()))
}

#[test]
fn a_tar_that_ends_early_is_told_after_its_whole_files() {
    let whole = [tar_header("a", "3", b'0'), vec![b'a'; 512]].concat();
    let cut = [whole.clone(), tar_header("b", "77777777777", b'0'), vec![b'b'; 100]].concat();
    let (found, end) = files_of_tar(&cut);
    assert_eq!(end.unwrap_err().to_string(), "the archive is damaged: the tar is cut off");
    assert_eq!(found, [File { name: "a".into(), content: Ok(b"aaa".to_vec()) }]);
    let (found, end) = files_of_tar(&[whole, vec![1; 512]].concat());
    assert_eq!(found.len(), 1);
    assert_eq!(end.unwrap_err().to_string(), "the archive is damaged: the header of entry 1 of the tar can't be read");
}

#[test]
fn a_gzip_with_another_checksum_is_damaged() {
    let mut bytes = b"\x1f\x8b\x08\0\0\0\0\0\0\xff".to_vec();
    bytes.extend(compress_to_vec(b"content", 6));
    bytes.extend([0; 8]);
    let found = Gunzip::new(&bytes).unwrap().fill(&mut [0; 20]);
    assert_eq!(found, Err("the checksum of the gzip is not that of its bytes"));
}

/// Reads with limits small enough for many cases.
fn survives(bytes: &[u8]) {
    let limits = Limits { max_entries: 50, max_file: 1 << 16, max_total: 1 << 18 };
    let mut total = 0;
    let count = |file: File| total += file.content.map_or(0, |content| content.len() as u64);
    let _ = each_file(&mut Cursor::new(bytes), &limits, |_| true, count);
    assert!(total <= limits.max_total);
    if let Ok(mut gzip) = Gunzip::new(bytes) {
        let _ = gzip.fill(&mut [0; 5000]);
    }
    let _ = Kind::of(bytes);
}

fn sound() -> Vec<Vec<u8>> {
    let content = b"content ".repeat(30);
    let zip = zip(&[Written::stored("a", &content), Written::deflated("b", &content)]);
    let tar = [tar_header("long", "5", b'L'), b"name\0".to_vec(), vec![0; 507], tar_header("a", "360", b'0')];
    let tar = [tar.concat(), content, vec![0; 272 + 1024]].concat();
    let packed = [b"\x1f\x8b\x08\0\0\0\0\0\0\xff".to_vec(), compress_to_vec(&tar, 6)].concat();
    let length = (tar.len() as u32).to_le_bytes();
    let packed = [packed, crc32fast::hash(&tar).to_le_bytes().to_vec(), length.to_vec()].concat();
    vec![zip, tar, packed]
}

#[test]
fn the_archives_that_are_changed_are_sound() {
    for bytes in sound() {
        each_file(
            &mut Cursor::new(bytes),
            &Limits::default(),
            |_| true,
            |file| {
                file.content.unwrap();
            },
        )
        .unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_random_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        survives(&bytes);
        survives(&[b"PK\x03\x04".as_slice(), &bytes, b"PK\x05\x06", &bytes].concat());
    }

    #[test]
    fn no_changed_bytes_panic(
        which in 0..3_usize,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = sound().swap_remove(which);
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        survives(&bytes);
        bytes.truncate(cut.index(bytes.len()));
        survives(&bytes);
    }
}
