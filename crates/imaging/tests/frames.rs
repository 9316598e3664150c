//! Files of several frames, colours in JPEG-LS, tables and a directory are read as pydicom reads them, and every frame
//! has the same bits everywhere.
//!
//! The files, the reference values and their versions come from `fixtures/make_frames.py`. The digests were taken once,
//! natively; this file runs natively and in WebAssembly, so that both are held to them.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use std::collections::BTreeMap;

use imaging::{
    DecodeError, DirectoryEntry, Format, Limits, Scan, Slice, SliceGeometry, Warning, Window, directory, open,
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Expected {
    read: BTreeMap<String, Vec<Frame>>,
    refused: BTreeMap<String, String>,
    directory: Vec<Entry>,
}

#[derive(Deserialize)]
struct Frame {
    pixels: Vec<f32>,
    grey8: Option<Vec<f32>>,
    #[serde(flatten)]
    place: Option<Place>,
}

#[derive(Deserialize)]
struct Place {
    position: [f64; 3],
    row: [f64; 3],
    column: [f64; 3],
    spacing: [f64; 2],
}

#[derive(Deserialize)]
struct Entry {
    path: Vec<String>,
    study: String,
    series: String,
    instance: String,
}

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_bytes!(concat!("fixtures/frames/", $name)).as_slice())),+]
    };
}

/// Name and content of every file that is read.
const FILES: [(&str, &[u8]); 21] = files![
    "bits.dcm",
    "colours_by_plane.dcm",
    "colours_by_plane_16.dcm",
    "colours_by_row.dcm",
    "colours_by_row_12_near.dcm",
    "colours_by_sample.dcm",
    "colours_by_sample_16_near.dcm",
    "display_table.dcm",
    "display_table_inverted.dcm",
    "enhanced.dcm",
    "enhanced_big.dcm",
    "enhanced_deflated.dcm",
    "enhanced_implicit.dcm",
    "enhanced_undefined.dcm",
    "enhanced_unknown.dcm",
    "jpeg_2000.dcm",
    "jpeg_extended.dcm",
    "jpeg_marks.dcm",
    "jpeg_table.dcm",
    "rle.dcm",
    "segmented_palette.dcm",
];
const REFUSED: [(&str, &[u8]); 2] = files!["few_groups.dcm", "lost.dcm"];
const DIRECTORY: &[u8] = include_bytes!("fixtures/frames/DICOMDIR");

fn expected() -> Expected {
    serde_json::from_str(include_str!("fixtures/frames.json")).unwrap()
}

fn opened(name: &str) -> Scan<'static> {
    let (_, bytes) = FILES.into_iter().find(|(file, _)| *file == name).unwrap();
    open(bytes, &Limits::default()).unwrap()
}

fn slices(name: &str, scan: &Scan) -> Vec<Slice> {
    let slice = |index| scan.slice(index).unwrap_or_else(|error| panic!("{name}, {index}: {error}"));
    (0..scan.slices().len()).map(slice).collect()
}

fn farthest<'a>(found: impl IntoIterator<Item = &'a f32>, expected: &[f32]) -> f32 {
    found.into_iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn every_frame_has_the_pixels_of_pydicom() {
    let expected = expected().read;
    assert_eq!(expected.len(), FILES.len());
    for (name, bytes) in FILES {
        let scan = open(bytes, &Limits::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let frames = &expected[name];
        assert_eq!(scan.slices().len(), frames.len(), "{name}");
        for (slice, frame) in slices(name, &scan).iter().zip(frames) {
            assert_eq!(slice.pixels().len(), frame.pixels.len(), "{name}");
            let tolerance = if name.starts_with("jpeg_") && name != "jpeg_2000.dcm" { 1.0 } else { 2e-3 };
            let apart = farthest(slice.pixels(), &frame.pixels);
            assert!(apart <= tolerance, "{name}: {apart}");
        }
    }
}

#[test]
fn every_frame_is_displayed_as_pydicom_displays_it() {
    let mut displayed = 0;
    for (name, frames) in expected().read {
        for (slice, frame) in slices(&name, &opened(&name)).iter().zip(frames) {
            let Some(expected) = frame.grey8 else { continue };
            let grey: Vec<f32> = slice.to_grey8().into_iter().map(f32::from).collect();
            let apart = farthest(&grey, &expected);
            assert!(apart <= 1.0, "{name}: {apart}");
            displayed += 1;
        }
    }
    assert_eq!(displayed, 6 * 4 + 2);
}

#[test]
fn functional_groups_say_where_each_frame_lies() {
    for (name, frames) in expected().read {
        for (index, (info, frame)) in opened(&name).slices().iter().zip(frames).enumerate() {
            assert_eq!(info.frame as usize, index + 1, "{name}");
            let place = frame.place.map(|Place { position, row, column, spacing }| {
                assert_eq!((info.thickness, info.spacing_between, info.instance), (Some(3.0), Some(3.5), Some(3)));
                SliceGeometry { position, row, column, spacing }
            });
            assert_eq!(info.geometry, place, "{name}");
        }
    }
}

#[test]
fn a_file_says_what_series_it_belongs_to() {
    let scan = opened("enhanced_implicit.dcm");
    let attributes = scan.attributes().unwrap();
    assert_eq!(attributes.series.as_deref(), Some("2.25.10"));
    assert_eq!(attributes.study.as_deref(), Some("2.25.11"));
    assert_eq!(attributes.frame_of_reference.as_deref(), Some("2.25.12"));
    assert_eq!(attributes.instance.as_deref(), Some("2.25.1"));
    assert_eq!((attributes.echo_time, attributes.repetition_time), (Some(80.5), Some(2000.0)));
    assert_eq!(attributes.contrast_agent, None);
    assert_eq!(scan.warnings(), []);
}

#[test]
fn all_windows_of_a_frame_are_offered() {
    let scan = opened("enhanced.dcm");
    let windows = scan.windows(3);
    assert_eq!(windows, [Window::between(600.0, 1399.0), Window::between(40.0, 59.0)]);
    assert_eq!(scan.slice(3).unwrap().window(), windows[0]);
    assert_eq!(scan.windows(4), []);
}

#[test]
fn other_modalities_and_other_parts_of_the_body_are_warned_of() {
    let text = |bytes: &[u8], from: &[u8], to: &[u8]| {
        let at = bytes.windows(from.len()).position(|window| window == from).unwrap();
        [&bytes[..at], to, &bytes[at + from.len()..]].concat()
    };
    let (_, bytes) = FILES.into_iter().find(|(name, _)| *name == "enhanced.dcm").unwrap();
    let changed = text(&text(bytes, b"CS\x02\0MR", b"CS\x02\0CT"), b"HEAD", b"KNEE");
    let warnings = open(changed, &Limits::default()).unwrap().warnings();
    assert_eq!(warnings, [Warning::Modality("CT".to_owned()), Warning::BodyPart("KNEE".to_owned())]);
    assert_eq!(warnings[1].to_string(), "the part of the body is KNEE, not the head");
}

#[test]
fn a_picture_is_a_scan_of_one_slice() {
    let scan = open(include_bytes!("fixtures/files/grey.png").as_slice(), &Limits::default()).unwrap();
    assert_eq!((scan.slices().len(), scan.format()), (1, &Format::Png));
    assert!(scan.slice(0).unwrap().width() > 1);
    assert_eq!(scan.slice(1).unwrap_err(), DecodeError::NoSuchSlice { index: 1, slices: 1 });
}

#[test]
fn frames_that_cannot_be_told_apart_are_refused() {
    for (name, reason) in expected().refused {
        let (_, bytes) = REFUSED.into_iter().find(|(file, _)| *file == name).unwrap();
        let error = open(bytes, &Limits::default()).unwrap_err().to_string();
        assert!(error.contains(&reason), "{name}: {error}");
    }
}

#[test]
fn a_directory_names_its_files_and_their_series() {
    let entry = |entry: Entry| DirectoryEntry {
        path: entry.path,
        study: Some(entry.study),
        series: Some(entry.series),
        instance: Some(entry.instance),
    };
    let expected: Vec<_> = expected().directory.into_iter().map(entry).collect();
    assert_eq!(directory(DIRECTORY, &Limits::default()).unwrap(), expected);
    assert!(imaging::is_directory(&DIRECTORY[..1000]) && !imaging::is_directory(FILES[0].1));
    assert!(open(DIRECTORY, &Limits::default()).unwrap_err().to_string().contains("DICOMDIR"));
}

#[test]
fn every_frame_has_the_same_bits_natively_and_in_wasm() {
    let found: Vec<String> = FILES.into_iter().map(|(name, bytes)| digest_line(name, bytes)).collect();
    let expected: Vec<&str> = include_str!("fixtures/frame_digests.txt").lines().collect();
    let other: Vec<_> = found.iter().zip(&expected).filter(|(found, expected)| found != expected).collect();
    assert!(other.is_empty() && found.len() == expected.len(), "found:\n{}", found.join("\n"));
}

/// A name, and the FNV-1a digest of the pixels of all frames.
fn digest_line(name: &str, bytes: &'static [u8]) -> String {
    let slices = slices(name, &open(bytes, &Limits::default()).unwrap());
    let bytes = slices.iter().flat_map(Slice::pixels).flat_map(|value| value.to_bits().to_le_bytes());
    let digest =
        bytes.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{digest:016x} {name}")
}
