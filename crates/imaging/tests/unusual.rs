//! What scanners and archives write seldom or wrongly is read as it is meant, and what is refused or hostile is named.
//!
//! The files and the reference values come from `fixtures/make_unusual.py`, `make_faulty.py` and `make_tiff.py`.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;
use std::path::Path;

use imaging::{DecodeError, Limits, Study, decode};
use serde::Deserialize;

#[derive(Deserialize)]
struct Unusual {
    read: BTreeMap<String, Grey>,
    refused: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Grey {
    width: u32,
    height: u32,
    pixels: Vec<f32>,
}

fn expected(folder: &str) -> Unusual {
    let file = Path::new("tests/fixtures").join(folder).with_extension("json");
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

fn decoded(folder: &str, name: &str) -> Result<Study, DecodeError> {
    let file = Path::new("tests/fixtures").join(folder).join(name);
    decode(&std::fs::read(file).unwrap(), &Limits::default())
}

/// Holds what is read of a folder's files against the reference; `tolerance` in the unit of a file's pixels.
fn compare(folder: &str, tolerance: fn(&str) -> f32) {
    for (name, expected) in expected(folder).read {
        let study = decoded(folder, &name).unwrap_or_else(|error| panic!("{name}: {error}"));
        let slice = &study.slices[0];
        assert_eq!((slice.width(), slice.height()), (expected.width, expected.height), "{name}");
        let apart = slice.pixels().iter().zip(&expected.pixels).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(apart <= tolerance(&name), "{name}: {apart}");
    }
}

#[test]
fn padding_signed_palettes_undeclared_colours_and_turned_files_are_read_as_they_are_meant() {
    // Pillow's decoder and this one round colours differently; they were compressed before they became grey.
    compare("unusual", |name| if name.contains("rgb") { 4.0 } else { 1.0 });
}

#[test]
fn what_writers_got_wrong_is_read_to_the_last_pixel() {
    compare("faulty", |_| 0.0);
}

#[test]
fn tiff_of_every_kind_of_number_layout_and_compression_is_read() {
    // References are written with three decimals.
    compare("tiff", |_| 6e-4);
}

#[test]
fn what_is_not_read_and_what_is_hostile_is_named_at_once() {
    for folder in ["unusual", "faulty", "tiff"] {
        for (name, reason) in expected(folder).refused {
            let error = decoded(folder, &name).unwrap_err().to_string();
            assert!(error.contains(&reason), "{name}: {error}");
        }
    }
}
