//! Real DICOM files read as pydicom reads them, where `../shared/samples/dicom` is present.
//!
//! The reference is written by `fixtures/pydicom_reference.py`, which names its versions.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::path::{Path, PathBuf};

use imaging::{DecodeError, Format, InputSpec, Limits, Slice, decode, open, prepare};
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    files: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    #[serde(rename = "file")]
    name: String,
    frame: usize,
    transfer_syntax: String,
    photometric: String,
    width: u32,
    height: u32,
    minimum: f64,
    maximum: f64,
    mean: f64,
    places: Vec<usize>,
    values: Vec<f64>,
}

fn samples() -> Option<PathBuf> {
    needs::shared("samples")
}

fn all_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(all_files(&path));
        } else {
            files.push(path);
        }
    }
    files
}

/// Lossy decoders differ by their rounding: a level or two of 8 bits, colour conversion and upsampling included.
fn tolerance(file: &File) -> f64 {
    match file.transfer_syntax.as_str() {
        "1.2.840.10008.1.2.4.50" => 2.5,
        "1.2.840.10008.1.2.4.51" | "1.2.840.10008.1.2.4.91" => 1.0,
        _ if file.photometric.starts_with("YBR_FULL") => 1.5,
        _ => (file.maximum * 1e-7).max(1e-3),
    }
}

/// Its padding becomes as dark as its darkest pixel; pydicom leaves padding to whoever shows it.
const PADDED: &str = "693_J2KI.dcm";

#[test]
fn pixels_and_rescale_equal_those_of_pydicom() {
    let Some(folder) = samples() else { return };
    let reference: Reference = serde_json::from_str(include_str!("fixtures/pydicom_reference.json")).unwrap();
    let files = all_files(&folder.join("dicom"));
    let mut wrong = Vec::new();
    for expected in reference.files.iter().filter(|file| file.name != PADDED) {
        let path = files.iter().find(|path| path.ends_with(&expected.name)).unwrap();
        let scan = open(std::fs::read(path).unwrap(), &Limits::default());
        match scan.and_then(|scan| scan.slice(expected.frame)) {
            Ok(slice) => wrong.extend(differences(expected, &slice)),
            Err(error) => wrong.push(format!("{}, frame {}: {error}", expected.name, expected.frame)),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn differences(expected: &File, slice: &Slice) -> Vec<String> {
    let name = format!("{}, frame {}", expected.name, expected.frame);
    let tolerance = tolerance(expected);
    let mut wrong = Vec::new();
    let mut compare = |what: &str, found: f64, reference: f64, tolerance: f64| {
        if (found - reference).abs() > tolerance {
            wrong.push(format!("{name}: {what} is {found}, pydicom has {reference}"));
        }
    };
    let values = slice.pixels().iter().map(|&value| f64::from(value));
    compare("width", slice.width().into(), expected.width.into(), 0.0);
    compare("height", slice.height().into(), expected.height.into(), 0.0);
    compare("minimum", values.clone().fold(f64::INFINITY, f64::min), expected.minimum, 5.0 * tolerance);
    compare("maximum", values.clone().fold(f64::NEG_INFINITY, f64::max), expected.maximum, 5.0 * tolerance);
    compare("mean", values.sum::<f64>() / slice.pixels().len() as f64, expected.mean, tolerance / 2.0);
    for (&place, &value) in expected.places.iter().zip(&expected.values) {
        compare(&format!("pixel {place}"), slice.pixels()[place].into(), value, tolerance);
    }
    wrong
}

#[test]
fn every_sample_is_read_or_refused_with_a_reason() {
    let Some(folder) = samples() else { return };
    for path in all_files(&folder) {
        let scan = open(std::fs::read(&path).unwrap(), &Limits::default());
        match scan.and_then(|scan| scan.slice(scan.slices().len() - 1)) {
            Ok(slice) => {
                let input = prepare(&slice, &InputSpec::default());
                assert!(input.pixels().iter().all(|value| (-1.0..=1.0).contains(value)), "{}", path.display());
            }
            Err(error) => assert!(error.to_string().len() > 20, "{}: {error}", path.display()),
        }
    }
}

#[test]
fn a_file_of_several_frames_is_no_single_slice() {
    let Some(folder) = samples() else { return };
    let file = std::fs::read(folder.join("dicom/transfer-syntaxes/rtdose.dcm")).unwrap();
    let frames = decode(&file, &Limits::default()).unwrap_err();
    assert_eq!(frames, DecodeError::ManyFrames { frames: 15 });
}

#[test]
fn a_series_carries_its_patient_for_grouping() {
    let Some(folder) = samples() else { return };
    let study =
        decode(&std::fs::read(folder.join("dicom/transfer-syntaxes/MR_small.dcm")).unwrap(), &Limits::default());
    let source = study.unwrap().source;
    assert_eq!(source.patient_id.as_deref(), Some("4MR1"));
    assert_eq!(source.format, Format::Dicom { transfer_syntax: "1.2.840.10008.1.2.1".to_owned() });
}

/// Files that once were read wrongly or refused, beside what pydicom, GDCM, libjpeg or Pillow make of them.
#[test]
fn faults_of_other_readers_are_read_as_by_their_references() {
    let Some(folder) = samples() else { return };
    for path in all_files(&folder.join("faults")) {
        let reference = path.with_extension("ref.png");
        if !reference.is_file() {
            continue;
        }
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let scan = open(std::fs::read(&path).unwrap(), &Limits::default());
        // The reference is of the fifth frame, or of the only one.
        let found = scan.and_then(|scan| scan.slice(4.min(scan.slices().len() - 1)));
        let found = found.unwrap_or_else(|error| panic!("{name}: {error}"));
        let expected = decode(&std::fs::read(&reference).unwrap(), &Limits::default()).unwrap();
        let pixels = found.pixels().iter().zip(expected.slices[0].pixels());
        let apart = pixels.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        let tolerance = match name.as_str() {
            // Before the compression, which loses as much.
            "jpeg-extended-12-bit.dcm" => 130.0,
            // Luma of clipped colours.
            "syntax-says-lossless-is-baseline.dcm" => 8.0,
            _ => 1.0,
        };
        assert!(apart <= tolerance, "{name}: {apart}");
    }
}
