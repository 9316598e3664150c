//! Copies are found whatever was done to them, and nothing else is.
#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

use dataset::{Copies, Orientation, Thumbnail, copies};
use imaging::Slice;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const SIDE: usize = 96;

/// A slice of smooth random blobs; another seed gives another slice.
fn slice(seed: u64) -> Vec<f32> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let blobs: Vec<[f32; 4]> = (0..12)
        .map(|_| [random.random::<f32>(), random.random(), 0.04 + 0.1 * random.random::<f32>(), random.random()])
        .collect();
    let value = |row: usize, column: usize| {
        let (y, x) = (row as f32 / SIDE as f32, column as f32 / SIDE as f32);
        let blob = |[top, left, size, height]: &[f32; 4]| {
            height * (-((y - top).powi(2) + (x - left).powi(2)) / (size * size)).exp()
        };
        200.0 * blobs.iter().map(blob).sum::<f32>()
    };
    (0..SIDE * SIDE).map(|at| value(at / SIDE, at % SIDE)).collect()
}

fn thumbnail(side: usize, pixels: Vec<f32>) -> Option<Thumbnail> {
    Thumbnail::of(&Slice::new(side as u32, side as u32, pixels).unwrap())
}

fn moved(pixels: &[f32], source: impl Fn(usize, usize) -> (usize, usize)) -> Vec<f32> {
    let pixel = |at: usize| source(at / SIDE, at % SIDE);
    (0..SIDE * SIDE).map(pixel).map(|(row, column)| pixels[row * SIDE + column]).collect()
}

/// The one pair among two copies and fifty other slices.
fn only_pair(copy: Option<Thumbnail>) -> Copies {
    let mut thumbnails: Vec<_> = (100..150).map(|seed| thumbnail(SIDE, slice(seed))).collect();
    thumbnails.insert(7, thumbnail(SIDE, slice(1)));
    thumbnails.push(copy);
    let found = copies(&thumbnails);
    assert_eq!(found.iter().map(|pair| (pair.a, pair.b)).collect::<Vec<_>>(), [(7, 51)]);
    found[0]
}

#[test]
fn copies_are_found_in_any_unit() {
    for unit in [1e-9, 1.0, 1e6] {
        let found = only_pair(thumbnail(SIDE, slice(1).into_iter().map(|value| value * unit).collect()));
        assert!(found.correlation > 0.999, "in units of {unit}");
    }
    assert!(thumbnail(SIDE, vec![1e-9; SIDE * SIDE]).is_none(), "a slice of one value resembles nothing");
}

#[test]
fn every_orientation_is_found_and_named() {
    const LAST: usize = SIDE - 1;
    type Source = fn(usize, usize) -> (usize, usize);
    let moves: [(Orientation, Source); 8] = [
        (Orientation::Same, |row, column| (row, column)),
        (Orientation::Mirrored, |row, column| (row, LAST - column)),
        (Orientation::UpsideDown, |row, column| (LAST - row, column)),
        (Orientation::Turned180, |row, column| (LAST - row, LAST - column)),
        (Orientation::Turned90, |row, column| (LAST - column, row)),
        (Orientation::Turned270, |row, column| (column, LAST - row)),
        (Orientation::Transposed, |row, column| (column, row)),
        (Orientation::TransposedTurned180, |row, column| (LAST - column, LAST - row)),
    ];
    for (orientation, source) in moves {
        // `source` makes the copy of the original, and a pair names what makes the second of the first.
        let pair = only_pair(thumbnail(SIDE, moved(&slice(1), source)));
        assert_eq!(pair.orientation, orientation);
        assert!(pair.correlation > 0.9999, "{orientation:?}: {}", pair.correlation);
    }
}

#[test]
fn a_rescaled_copy_is_found() {
    let half: Vec<f32> =
        (0..SIDE * SIDE / 4).map(|at| slice(1)[2 * (at / (SIDE / 2)) * SIDE + 2 * (at % (SIDE / 2))]).collect();
    let pair = only_pair(thumbnail(SIDE / 2, half));
    assert_eq!(pair.orientation, Orientation::Same);
}

#[test]
fn noise_brightness_and_contrast_hide_no_copy() {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let noisy = slice(1).into_iter().map(|value| 30.0 + 0.5 * value + 4.0 * random.random::<f32>()).collect();
    assert_eq!(only_pair(thumbnail(SIDE, noisy)).orientation, Orientation::Same);
}

#[test]
fn a_slice_of_one_value_has_no_thumbnail() {
    assert!(thumbnail(SIDE, vec![7.0; SIDE * SIDE]).is_none());
    assert_eq!(copies(&[None, None]), []);
}
