//! What scanners and archives write seldom is read as it is meant, and what is refused or hostile is named.
//!
//! The files and the reference values come from `fixtures/make_unusual.py`.
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

fn unusual() -> Unusual {
    serde_json::from_slice(&std::fs::read("tests/fixtures/unusual.json").unwrap()).unwrap()
}

fn decoded(name: &str) -> Result<Study, DecodeError> {
    decode(&std::fs::read(Path::new("tests/fixtures/unusual").join(name)).unwrap(), &Limits::default())
}

#[test]
fn padding_signed_palettes_undeclared_colours_and_turned_files_are_read_as_they_are_meant() {
    for (name, expected) in unusual().read {
        let study = decoded(&name).unwrap_or_else(|error| panic!("{name}: {error}"));
        let slice = &study.slices[0];
        assert_eq!((slice.width(), slice.height()), (expected.width, expected.height), "{name}");
        // Pillow's decoder and this one round JPEG differently; colours were compressed before they became grey.
        let tolerance = if name.contains("rgb") { 4.0 } else { 1.0 };
        let apart = slice.pixels().iter().zip(&expected.pixels).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(apart <= tolerance, "{name}: {apart}");
    }
}

#[test]
fn what_is_not_read_and_what_is_hostile_is_named_at_once() {
    for (name, reason) in unusual().refused {
        let error = decoded(&name).unwrap_err().to_string();
        assert!(error.contains(&reason), "{name}: {error}");
    }
}
