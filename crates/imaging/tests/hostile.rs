//! Broken, hostile and foreign bytes: an error that teaches, never a panic.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::path::Path;

use imaging::{DecodeError, Format, InputSpec, Limits, decode, prepare};
use proptest::prelude::*;

fn fixtures() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new("tests/fixtures/files");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap()))
        .collect();
    files.sort();
    files
}

fn fixture(name: &str) -> Vec<u8> {
    fixtures().into_iter().find(|(found, _)| found == name).unwrap().1
}

fn error(bytes: &[u8]) -> DecodeError {
    decode(bytes, &Limits::default()).unwrap_err()
}

/// Decodes with limits small enough for many cases; what is decoded must be usable.
fn survives(bytes: &[u8]) {
    let limits = Limits { max_side: 512, max_bytes: 1 << 20 };
    if let Ok(study) = decode(bytes, &limits) {
        let slice = &study.slices[0];
        assert!(slice.width() <= 512 && slice.height() <= 512);
        assert!(slice.pixels().iter().all(|value| value.is_finite()));
        let input = prepare(slice, &InputSpec { size: 32, ..InputSpec::default() });
        assert!(input.pixels().iter().all(|value| (-1.0..=1.0).contains(value)));
    }
}

/// A PNG that ends after its header.
fn png_header(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = fixture("grey.png");
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let checksum = bytes[12..29].iter().fold(!0_u32, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 })
    });
    bytes[29..33].copy_from_slice(&(!checksum).to_be_bytes());
    bytes
}

#[test]
fn a_declared_size_over_the_limit_is_refused_with_both_sizes() {
    let expected = "the file declares 30000 x 30000 pixels; the limit is 8192 x 8192";
    let png = error(&png_header(30000, 30000));
    assert_eq!(
        (png.to_string().as_str(), png.hint()),
        (expected, Some("export the slice alone, at its acquired size"))
    );
    let mut jpeg = fixture("grey.jpg");
    let frame = jpeg.windows(2).position(|marker| marker == [0xff, 0xc0]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0x75, 0x30, 0x75, 0x30]);
    assert_eq!(error(&jpeg).to_string(), expected);
    let mut bitmap = fixture("grey.bmp");
    bitmap[18..22].copy_from_slice(&30000_u32.to_le_bytes());
    bitmap[22..26].copy_from_slice(&30000_u32.to_le_bytes());
    assert_eq!(error(&bitmap).to_string(), expected);
}

#[test]
fn a_file_over_the_limit_is_refused_unread() {
    let limits = Limits { max_bytes: 1000, ..Limits::default() };
    let refused = decode(&fixture("grey.png"), &limits).unwrap_err();
    assert_eq!(refused.to_string(), "the file has 2092 bytes; the limit is 1000");
    assert_eq!(refused.hint(), Some("export the slice alone, at its acquired size"));
}

#[test]
fn what_is_no_image_is_told_by_its_first_bytes() {
    let accepted = "accepted are JPEG, PNG, BMP, TIFF, WebP and DICOM";
    let text = error(b"Dear colleague, the scan is attached.").to_string();
    assert_eq!(text, format!("this is not an image: it begins with \"Dear colleague,\"; {accepted}"));
    let archive = error(b"PK\x03\x04\x14\x00\x00\x00\x08\x00").to_string();
    assert_eq!(archive, format!("this is not an image: it begins with 50 4B 03 04 14 00 00 00; {accepted}"));
    assert_eq!(error(b""), DecodeError::EmptyFile);
}

#[test]
fn the_content_decides_the_format() {
    let formats = [("grey.png", Format::Png), ("cmyk.jpg", Format::Jpeg), ("lossy.webp", Format::WebP)];
    for (name, format) in formats {
        assert_eq!(decode(&fixture(name), &Limits::default()).unwrap().source.format, format);
    }
}

#[test]
fn a_file_cut_in_half_is_an_error() {
    for (name, bytes) in fixtures() {
        let half = decode(&bytes[..bytes.len() / 2], &Limits::default());
        assert!(half.is_err(), "half of {name} was decoded");
    }
}

#[test]
fn no_prefix_of_a_file_panics() {
    for (_, bytes) in fixtures() {
        for length in (0..bytes.len().min(400)).chain((400..bytes.len()).step_by(37)) {
            survives(&bytes[..length]);
        }
    }
}

#[test]
fn no_single_changed_header_byte_panics() {
    for (_, bytes) in fixtures() {
        let header = if bytes.get(128..132) == Some(b"DICM") { 128..440 } else { 0..160 };
        for at in header {
            for value in [0xff, bytes[at] ^ 1] {
                let mut changed = bytes.clone();
                changed[at] = value;
                survives(&changed);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_random_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        survives(&bytes);
        let mut marked = vec![0; 128];
        marked.extend_from_slice(b"DICM");
        marked.extend_from_slice(&bytes);
        survives(&marked);
    }

    #[test]
    fn no_changed_bytes_panic(
        which in any::<prop::sample::Index>(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut all = fixtures();
        let (_, mut bytes) = all.swap_remove(which.index(all.len()));
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        survives(&bytes);
        bytes.truncate(cut.index(bytes.len()));
        survives(&bytes);
    }
}
