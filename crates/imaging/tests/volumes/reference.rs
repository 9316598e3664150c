//! What nibabel makes of a volume, as `fixtures/make_volumes.py` writes it.

use std::collections::BTreeMap;

use imaging::Plane;
use imaging::volume::Volume;
use serde::Deserialize;

#[derive(Deserialize)]
pub struct Reference {
    pub files: Vec<File>,
}

#[derive(Deserialize)]
pub struct File {
    #[serde(rename = "file")]
    pub name: String,
    sides: [usize; 3],
    times: usize,
    affine: [[f64; 4]; 3],
    planes: BTreeMap<String, Digest>,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Digest {
    slices: usize,
    height: u32,
    width: u32,
    crc32: u32,
}

/// What a volume has otherwise than nibabel: every pixel of every slice is compared, by their checksum.
pub fn differences(expected: &File, volume: &Volume) -> Vec<String> {
    let name = &expected.name;
    let mut wrong = Vec::new();
    if (volume.sides(), volume.times()) != (expected.sides, expected.times) {
        wrong.push(format!("{name}: {:?} voxels, {} volumes", volume.sides(), volume.times()));
    }
    let apart = furthest(&volume.affine(), &expected.affine);
    if apart > 1e-5 {
        wrong.push(format!("{name}: places are {apart} mm apart: {:?}", volume.affine()));
    }
    for plane in Plane::ALL {
        let (found, expected) = (slices(volume, plane), &expected.planes[&plane.to_string()]);
        if found != *expected {
            wrong.push(format!("{name}, {plane}: {found:?}, nibabel has {expected:?}"));
        }
    }
    wrong
}

/// The greatest difference of two affines' numbers.
fn furthest(a: &[[f64; 4]; 3], b: &[[f64; 4]; 3]) -> f64 {
    a.iter().flatten().zip(b.iter().flatten()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

fn slices(volume: &Volume, plane: Plane) -> Digest {
    let mut checksum = crc32fast::Hasher::new();
    let (mut width, mut height) = (0, 0);
    for time in 0..volume.times() {
        for index in 0..volume.slices(plane) {
            let slice = volume.slice(plane, index, time).unwrap();
            (width, height) = (slice.width(), slice.height());
            let bytes: Vec<u8> = slice.pixels().iter().flat_map(|value| value.to_le_bytes()).collect();
            checksum.update(&bytes);
        }
    }
    Digest { slices: volume.slices(plane), height, width, crc32: checksum.finalize() }
}
