//! DICOM files that declare more than they hold are refused at once, in little memory.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use imaging::{DecodeError, Limits, directory, open};

const UNDEFINED: u32 = u32::MAX;
const ITEM: (u16, u16) = (0xfffe, 0xe000);
const PIXELS: (u16, u16) = (0x7fe0, 0x0010);
const PER_FRAME: (u16, u16) = (0x5200, 0x9230);
const PLANE_POSITION: (u16, u16) = (0x0020, 0x9113);
/// A sequence that nothing reads.
const REFERENCES: (u16, u16) = (0x0008, 0x1140);
/// What all files here together may take at once, with the test program itself.
const MEMORY: u64 = 256 << 20;

fn header((group, element): (u16, u16), representation: [u8; 2], length: u32) -> Vec<u8> {
    let tag = [group.to_le_bytes(), element.to_le_bytes()].concat();
    if representation == *b"--" {
        return [tag, length.to_le_bytes().to_vec()].concat();
    }
    [tag, representation.to_vec(), vec![0, 0], length.to_le_bytes().to_vec()].concat()
}

fn number(element: u16, value: u16) -> Vec<u8> {
    [&[0x28, 0], &element.to_le_bytes()[..], b"US", &[2, 0], &value.to_le_bytes()].concat()
}

/// A file of pixels of a byte, so many frames and what else comes before and after the layout.
fn file(first: &[u8], frames: &str, side: u16, last: &[u8]) -> Vec<u8> {
    let meta = [&[2, 0, 0x10, 0], b"UI".as_slice(), &[20, 0], b"1.2.840.10008.1.2.1\0"].concat();
    let frames = [&[0x28, 0, 8, 0], b"IS".as_slice(), &(frames.len() as u16).to_le_bytes(), frames.as_bytes()].concat();
    let layout = [number(0x10, side), number(0x11, side), number(0x100, 8), number(0x101, 8)].concat();
    let start = [&[8, 0, 0x60, 0], b"CS".as_slice(), &[2, 0], b"MR"].concat();
    [&[0; 128], b"DICM".as_slice(), &meta, &start, first, &frames, &layout, last].concat()
}

fn native(bytes: usize) -> Vec<u8> {
    [header(PIXELS, *b"OW", bytes as u32), vec![7; bytes]].concat()
}

/// Opens a file and decodes all it has; the first error.
fn refused(file: Vec<u8>) -> DecodeError {
    let scan = open(file, &Limits::default());
    let error = scan.and_then(|scan| (0..scan.slices().len()).try_for_each(|index| scan.slice(index).map(drop)));
    let error = error.unwrap_err();
    assert_little_memory();
    error
}

/// The most that this program has ever had in memory.
fn assert_little_memory() {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return };
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kilobytes: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(kilobytes << 10 < MEMORY, "{kilobytes} kB");
}

#[test]
fn sequences_without_end_are_not_followed() {
    for tag in [REFERENCES, PER_FRAME, PLANE_POSITION] {
        let nested = [header(tag, *b"SQ", UNDEFINED), header(ITEM, *b"--", UNDEFINED)].concat().repeat(100_000);
        let error = refused(file(&nested, "1", 2, &native(4))).to_string();
        assert!(error.contains("nested more than 24 deep"), "{error}");
    }
}

#[test]
fn a_sequence_that_holds_itself_does_not_hide_the_pixels() {
    let mut nested = Vec::new();
    for _ in 0..200 {
        nested = [header(ITEM, *b"--", nested.len() as u32), nested].concat();
        nested = [header(REFERENCES, *b"SQ", nested.len() as u32), nested].concat();
    }
    let scan = open(file(&nested, "1", 2, &native(4)), &Limits::default()).unwrap();
    assert_eq!(scan.slice(0).unwrap().pixels(), [7.0; 4]);
}

#[test]
fn too_many_elements_are_refused() {
    let elements = number(0x1199, 5).repeat(1_000_000);
    assert!(refused(file(&elements, "1", 2, &native(4))).to_string().contains("more than 200000 elements"));
    let items = header(ITEM, *b"--", 0).repeat(1_000_000);
    let items = [header(PER_FRAME, *b"SQ", UNDEFINED), items].concat();
    assert!(refused(file(&items, "2", 2, &native(8))).to_string().contains("more than 200000 elements"));
    let fragments = [header(PIXELS, *b"OB", UNDEFINED), header(ITEM, *b"--", 0).repeat(1_000_000)].concat();
    assert!(refused(file(&[], "2", 2, &fragments)).to_string().contains("more than 200000 elements"));
}

#[test]
fn lengths_beyond_the_end_are_refused() {
    for length in [5, 1 << 20, i32::MAX as u32, UNDEFINED - 1] {
        for (tag, representation) in [(PER_FRAME, b"SQ"), ((0x0008, 0x1199), b"UN"), ((0x0010, 0x4000), b"UT")] {
            let error = refused(file(&[], "1", 2, &header(tag, *representation, length))).to_string();
            assert!(error.contains("are left in the file"), "{error}");
        }
        let fragment =
            [header(PIXELS, *b"OB", UNDEFINED), header(ITEM, *b"--", 0), header(ITEM, *b"--", length)].concat();
        assert!(refused(file(&[], "2", 2, &fragment)).to_string().contains("are left in the file"));
    }
}

#[test]
fn millions_of_frames_are_refused() {
    for (frames, reason) in [
        ("4000000000", "the limit is 65536"),
        ("99999999999 ", "the number of frames is \"99999999999\""),
        ("60000 ", "8 of 240000 bytes of pixels"),
        ("-1", "the number of frames is \"-1\""),
    ] {
        let error = refused(file(&[], frames, 2, &native(8))).to_string();
        assert!(error.contains(reason), "{error}");
    }
    let fragments = [header(PIXELS, *b"OB", UNDEFINED), header(ITEM, *b"--", 0).repeat(3)].concat();
    assert!(refused(file(&[], "60000 ", 8000, &fragments)).to_string().contains("can't be told apart"));
}

#[test]
fn as_many_frames_and_elements_as_there_may_be_take_little_memory_and_time() {
    let elements = number(0x1199, 5).repeat(199_000);
    let scan = open(file(&elements, "65536 ", 1, &native(65536)), &Limits::default()).unwrap();
    assert_eq!(scan.slice(65535).unwrap().pixels(), [7.0]);
    assert_little_memory();
}

#[test]
fn a_few_bytes_of_run_lengths_are_no_large_picture() {
    let mut bytes = file(&[], "1", 8000, &[]);
    let at = bytes.windows(6).position(|window| window == b"2.1\0\x08\0").unwrap();
    bytes[at..at + 4].copy_from_slice(b"2.5\0");
    let code = [1_u32.to_le_bytes(), 64_u32.to_le_bytes()].concat();
    let code = [code, vec![0; 56], [0x81, 7].repeat(4)].concat();
    let fragments =
        [header(PIXELS, *b"OB", UNDEFINED), header(ITEM, *b"--", 0), header(ITEM, *b"--", code.len() as u32)];
    let error = refused([bytes, fragments.concat(), code].concat()).to_string();
    assert!(error.contains("too few for 64000000 pixels"), "{error}");
}

#[test]
fn a_broken_group_of_frames_is_no_reason_to_guess() {
    // Its only item holds an element that is longer than the sequence.
    let cut = [header(ITEM, *b"--", UNDEFINED), header((0x0020, 0x9111), *b"SQ", 500)].concat();
    let broken = [header(PER_FRAME, *b"SQ", cut.len() as u32), cut].concat();
    let error = refused(file(&broken, "2", 2, &native(8))).to_string();
    assert!(error.contains("the sequence (5200,9230) can't be read"), "{error}");
}

#[test]
fn a_directory_that_goes_in_circles_ends() {
    let long =
        |element: u16, value: u32| [&[4, 0], &element.to_le_bytes()[..], b"UL", &[4, 0], &value.to_le_bytes()].concat();
    let id = [&[4, 0, 0, 0x15], b"CS".as_slice(), &[4, 0], b"A\\B "].concat();
    let meta = [&[2, 0, 2, 0], b"UI".as_slice(), &[20, 0], b"1.2.840.10008.1.3.10"].concat();
    let root_length = 12;
    let at = (132 + meta.len() + root_length + 12) as u32;
    let record = [header(ITEM, *b"--", UNDEFINED), long(0x1400, at), long(0x1420, at), id].concat();
    let end = header((0xfffe, 0xe00d), *b"--", 0);
    let records = [header((0x0004, 0x1220), *b"SQ", UNDEFINED), record, end].concat();
    let sequence_end = header((0xfffe, 0xe0dd), *b"--", 0);
    let bytes = [&[0; 128], b"DICM".as_slice(), &meta, &long(0x1200, at), &records, &sequence_end].concat();
    let entries = directory(&bytes, &Limits::default()).unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!((entries[0].path.join("/"), &entries[0].series), ("A/B".to_owned(), &None));
}
