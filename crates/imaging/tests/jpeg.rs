//! JPEG of every sampling, scan script and kind of size is read as libjpeg-turbo reads it, or refused.
//!
//! The streams and the digests of libjpeg-turbo's pixels come from `fixtures/make_jpeg_matrix.py`.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use std::collections::BTreeMap;

use imaging::{DecodeError, Limits, Slice, decode};

/// One stream and what libjpeg-turbo makes of it.
struct Case {
    sampling: &'static str,
    script: &'static str,
    name: &'static str,
    stream: &'static [u8],
    size: (u32, u32),
    digest: u64,
}

fn cases() -> Vec<Case> {
    let mut streams = include_bytes!("fixtures/jpeg_matrix.bin").as_slice();
    let table = include_str!("fixtures/jpeg_matrix.csv").lines().skip(1);
    table
        .map(|row| {
            let [name, bytes, width, height, digest] = row.split(',').collect::<Vec<_>>().try_into().unwrap();
            let (stream, rest) = streams.split_at(bytes.parse().unwrap());
            streams = rest;
            let mut words = name.split(' ');
            let [sampling, script] = [(); 2].map(|()| words.next().unwrap());
            let size = (width.parse().unwrap(), height.parse().unwrap());
            Case { sampling, script, name, stream, size, digest: u64::from_str_radix(digest, 16).unwrap() }
        })
        .collect()
}

fn read(stream: &[u8]) -> Result<Slice, DecodeError> {
    decode(stream, &Limits::default()).map(|study| study.slices.into_iter().next().unwrap())
}

/// FNV-1a of the pixels' bits.
fn digest(slice: &Slice) -> u64 {
    let bytes = slice.pixels().iter().flat_map(|value| value.to_bits().to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// What is refused: luma coarser than colour, two of three components in one scan, and arithmetic coding.
fn is_refused(case: &Case) -> bool {
    case.sampling == "luma-coarse" || matches!(case.script, "luma-then-both" | "arithmetic")
}

#[test]
fn every_sampling_and_scan_script_gives_the_pixels_of_libjpeg() {
    let mut counts: BTreeMap<&str, [u32; 2]> = BTreeMap::new();
    for case in cases() {
        let [right, refused] = counts.entry(case.script).or_default();
        match read(case.stream) {
            Ok(slice) => {
                assert_eq!((slice.width(), slice.height()), case.size, "{}", case.name);
                assert_eq!(digest(&slice), case.digest, "{}: other pixels", case.name);
                assert!(!is_refused(&case), "{} is read, and the test and README say that it is not", case.name);
                *right += 1;
            }
            Err(DecodeError::Unsupported { .. }) if is_refused(&case) => *refused += 1,
            Err(error) => panic!("{}: {error}", case.name),
        }
    }
    for (script, [right, refused]) in counts {
        println!("{script:<22} {right:>3} right, {refused:>3} refused");
    }
}

#[test]
fn a_stream_that_is_cut_off_gives_all_its_pixels_or_none() {
    for case in cases().iter().filter(|case| !is_refused(case) && case.size == (33, 40)) {
        for cut in (1..40).chain((40..case.stream.len()).step_by(29)) {
            if let Ok(slice) = read(&case.stream[..case.stream.len() - cut]) {
                assert_eq!(digest(&slice), case.digest, "{} without its last {cut} bytes", case.name);
            }
        }
    }
}

#[test]
fn a_stream_whose_end_mark_is_missing_is_read() {
    for case in cases().iter().filter(|case| !is_refused(case)) {
        let slice = read(&case.stream[..case.stream.len() - 2]);
        let slice = slice.unwrap_or_else(|error| panic!("{} without its end mark: {error}", case.name));
        assert_eq!(digest(&slice), case.digest, "{}", case.name);
    }
}
