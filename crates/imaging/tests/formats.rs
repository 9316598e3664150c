//! Every format decodes to the grey that Pillow and pydicom read, and its prepared input has the same bits everywhere.
//!
//! The files, the reference values and their versions come from `fixtures/make_files.py`. The digests were taken once,
//! natively; this file runs natively and in WebAssembly, so that both are held to them.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use imaging::{Crop, InputSpec, Intensity, Limits, Slice, decode, prepare};
use serde::Deserialize;

#[derive(Deserialize)]
struct Expected {
    width: u32,
    height: u32,
    files: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    #[serde(rename = "file")]
    name: String,
    mean: f64,
    places: Vec<usize>,
    values: Vec<f64>,
}

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_bytes!(concat!("fixtures/files/", $name)).as_slice())),+]
    };
}

/// Name and content of every file.
const FILES: [(&str, &[u8]); 28] = files![
    "alpha.png",
    "baseline.dcm",
    "cmyk.jpg",
    "colour.bmp",
    "colour_420.jpg",
    "colour_lzw.tif",
    "deflated.dcm",
    "grey.bmp",
    "grey.jpg",
    "grey.png",
    "grey.tif",
    "grey_16_bit.png",
    "grey_16_bit.tif",
    "grey_alpha.png",
    "implicit.dcm",
    "jpeg.tif",
    "jpeg_2000.dcm",
    "jpeg_2000_lossy.dcm",
    "jpeg_ls.dcm",
    "jpeg_ls_16_bit.dcm",
    "jpeg_ls_near.dcm",
    "lossless.dcm",
    "lossless.webp",
    "lossy.webp",
    "one_bit.png",
    "palette_4_bit.png",
    "progressive.jpg",
    "rle.dcm",
];

/// Lossy decoders round and upsample colour differently; Y is taken as it is stored, not from clamped red, green, blue.
fn tolerance(name: &str) -> f64 {
    match name {
        "grey.jpg" | "baseline.dcm" => 1.0,
        "colour_420.jpg" | "progressive.jpg" | "jpeg.tif" | "cmyk.jpg" | "lossy.webp" => 4.0,
        "jpeg_2000_lossy.dcm" => 0.5,
        _ => 1e-2,
    }
}

fn only_slice(name: &str, bytes: &[u8]) -> Slice {
    let study = decode(bytes, &Limits::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
    study.slices.into_iter().next().unwrap()
}

#[test]
fn every_format_gives_the_grey_of_pillow_and_pydicom() {
    let expected: Expected = serde_json::from_str(include_str!("fixtures/expected.json")).unwrap();
    assert_eq!(expected.files.len(), FILES.len());
    for (name, bytes) in FILES {
        let slice = only_slice(name, bytes);
        let file = expected.files.iter().find(|file| file.name == name).unwrap();
        assert_eq!((slice.width(), slice.height()), (expected.width, expected.height), "{name}");
        let mean = slice.pixels().iter().map(|&value| f64::from(value)).sum::<f64>() / slice.pixels().len() as f64;
        assert!((mean - file.mean).abs() <= tolerance(name) / 2.0, "{name}: mean {mean}, expected {}", file.mean);
        for (&place, &value) in file.places.iter().zip(&file.values) {
            let found = f64::from(slice.pixels()[place]);
            assert!((found - value).abs() <= tolerance(name), "{name}: pixel {place} is {found}, expected {value}");
        }
    }
}

#[test]
fn the_mode_is_the_one_the_file_was_written_in() {
    let written = [
        ("alpha.png", "RGBA, 8 bit"),
        ("cmyk.jpg", "CMYK, 8 bit"),
        ("colour.bmp", "RGB, 8 bit"),
        ("colour_420.jpg", "YCbCr, 8 bit"),
        ("colour_lzw.tif", "RGB, 8 bit"),
        ("grey.bmp", "palette, 8 bit"),
        ("grey.jpg", "grey, 8 bit"),
        ("grey_16_bit.png", "grey, 16 bit"),
        ("grey_16_bit.tif", "grey, 16 bit"),
        ("grey_alpha.png", "grey with alpha, 8 bit"),
        ("implicit.dcm", "grey, 12 bit"),
        ("lossless.webp", "RGB, 8 bit"),
        ("one_bit.png", "grey, 1 bit"),
        ("palette_4_bit.png", "palette, 4 bit"),
    ];
    for (name, mode) in written {
        let (_, bytes) = FILES.into_iter().find(|(file, _)| *file == name).unwrap();
        let study = decode(bytes, &Limits::default()).unwrap();
        assert_eq!(study.source.mode.to_string(), mode, "{name}");
    }
}

#[test]
fn prepared_inputs_have_the_same_bits_natively_and_in_wasm() {
    let found: Vec<String> =
        FILES.into_iter().map(|(name, bytes)| digest_line(name, &only_slice(name, bytes))).collect();
    let drawn = [(512, 512), (630, 401), (61, 47), (1, 1), (3, 900)];
    let drawn =
        drawn.map(|(width, height)| digest_line(&format!("drawn {width} x {height}"), &drawn_slice(width, height)));
    let expected: Vec<&str> = include_str!("fixtures/prepared_digests.txt").lines().collect();
    assert_eq!(found.len() + drawn.len(), expected.len());
    let other: Vec<_> =
        found.iter().chain(&drawn).zip(expected).filter(|(found, expected)| found != expected).collect();
    assert!(other.is_empty(), "found and expected: {other:#?}");
}

/// A name, and FNV-1a digests of the input for the default specification and for another.
fn digest_line(name: &str, slice: &Slice) -> String {
    let other = InputSpec { size: 224, crop: Crop::None, margin: 0.1, intensity: Intensity { low: 1.0, high: 99.0 } };
    let digests = [InputSpec::default(), other].map(|spec| {
        let input = prepare(slice, &spec);
        let bytes = input.pixels().iter().flat_map(|value| value.to_bits().to_le_bytes());
        bytes.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    });
    format!("{:016x} {:016x} {name}", digests[0], digests[1])
}

/// A textured ellipse on noisy air, from integers alone.
fn drawn_slice(width: u32, height: u32) -> Slice {
    let pixel = |index: u32| {
        let (x, y) = (i64::from(index % width), i64::from(index / width));
        let (dx, dy) = (2 * x - i64::from(width), 2 * y - i64::from(height));
        let inside = dx * dx * 4 / 3 * i64::from(height).pow(2) + dy * dy * 4 / 3 * i64::from(width).pow(2)
            < i64::from(width).pow(2) * i64::from(height).pow(2);
        let noise = (x * 7919 + y * 104_729 + x * y * 31) % 97;
        (if inside { 900 + (x * 5 + y * 3) % 400 + 3 * noise } else { 10 + noise / 3 }) as f32
    };
    Slice::new(width, height, (0..width * height).map(pixel).collect()).unwrap()
}
