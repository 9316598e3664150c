//! Volumes are read as nibabel reads them, with the same bits natively and in WebAssembly.
//!
//! The files, the reference and its versions come from `fixtures/make_volumes.py`.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![allow(clippy::float_cmp, reason = "these numbers are exact")]

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use imaging::volume::{FileKind, Placement, Volume, VolumeFormat, VolumeLimits, file_kind};
use imaging::{Orientation, Plane};

#[path = "volumes/reference.rs"]
mod reference;

use reference::{Reference, differences};

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_bytes!(concat!("fixtures/volumes/", $name)).as_slice())),+]
    };
}

const WHOLE: [(&str, &[u8]); 32] = files![
    "big.nii",
    "first_axis.nrrd",
    "flat.nii",
    "four.nii.gz",
    "gzip.nrrd",
    "mgh_f4.mgh",
    "mgh_i2.mgh",
    "mgh_i4.mgh",
    "mgh_u1.mgh",
    "mgz.mgz",
    "missing.nii",
    "nifti1_f4.nii",
    "nifti1_f8.nii",
    "nifti1_i1.nii",
    "nifti1_i2.nii",
    "nifti1_i4.nii",
    "nifti1_i8.nii",
    "nifti1_u1.nii",
    "nifti1_u2.nii",
    "nifti1_u4.nii",
    "nifti1_u8.nii",
    "nifti2.nii",
    "nifti2_big.nii.gz",
    "no_form.nii",
    "qform.nii.gz",
    "qform_mirrored.nii",
    "raw.nrrd",
    "rgb.nii",
    "rgba.nii",
    "scaled.nii",
    "sheared.nii",
    "thick.nii",
];
const PAIRS: [[(&str, &[u8]); 2]; 2] = [files!["analyze.hdr", "analyze.img"], files!["pair.hdr", "pair.img"]];

fn every_volume() -> Vec<(&'static str, Volume)> {
    let limits = VolumeLimits::default();
    let whole = WHOLE.into_iter().map(|(name, bytes)| (name, Volume::read(bytes.to_vec(), &limits)));
    let pairs = PAIRS
        .into_iter()
        .map(|[(name, header), (_, image)]| (name, Volume::read_pair(header, image.to_vec(), &limits)));
    let read = whole.chain(pairs);
    read.map(|(name, volume)| (name, volume.unwrap_or_else(|error| panic!("{name}: {error}")))).collect()
}

fn volume(name: &str) -> Volume {
    every_volume().into_iter().find(|(found, _)| *found == name).unwrap().1
}

fn bytes(name: &str) -> Vec<u8> {
    WHOLE.into_iter().find(|(found, _)| *found == name).unwrap().1.to_vec()
}

fn error(bytes: Vec<u8>) -> String {
    Volume::read(bytes, &VolumeLimits::default()).unwrap_err().to_string()
}

#[test]
fn voxels_and_places_are_those_of_nibabel() {
    let reference: Reference = serde_json::from_str(include_str!("fixtures/volumes.json")).unwrap();
    let volumes = every_volume();
    assert_eq!(reference.files.len(), volumes.len());
    let file = |name: &str| reference.files.iter().find(|file| file.name == name).unwrap();
    let wrong: Vec<String> = volumes.iter().flat_map(|(name, volume)| differences(file(name), volume)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_slice_lies_where_its_first_pixel_is_and_looks_as_radiologists_look() {
    for (name, volume) in every_volume() {
        for plane in Plane::ALL {
            let (first, second) = (volume.slice_geometry(plane, 0), volume.slice_geometry(plane, 1));
            assert_eq!(Orientation::of(&first).nearest, plane, "{name}");
            let (across, down) = match plane {
                Plane::Axial => (first.row[0], first.column[1]),
                Plane::Coronal => (first.row[0], -first.column[2]),
                Plane::Sagittal => (first.row[1], -first.column[2]),
            };
            assert!(across > 0.7 && down > 0.7, "{name}, {plane}: {first:?}");
            let through: f64 = [0, 1, 2].map(|at| second.position[at] - first.position[at]).iter().map(|x| x * x).sum();
            let expected = volume.spacing().into_iter().find(|step| (step * step - through).abs() < 1e-6);
            assert!(expected.is_some(), "{name}, {plane}: slices are {} apart", through.sqrt());
        }
    }
}

#[test]
fn the_place_of_a_pixel_is_that_of_its_voxel() {
    let volume = volume("nifti1_u2.nii");
    let affine = volume.affine();
    let mut bytes = bytes("nifti1_u2.nii");
    let voxel = [2, 4, 1];
    let at = 352 + 2 * (voxel[0] + 7 * (voxel[1] + 6 * voxel[2]));
    bytes[352..].fill(0);
    bytes[at] = 9;
    let marked = Volume::read(bytes, &VolumeLimits::default()).unwrap();
    let expected = [0, 1, 2].map(|row| {
        let steps: f64 = (0..3).map(|axis| affine[row][axis] * voxel[axis] as f64).sum();
        steps + affine[row][3]
    });
    for plane in Plane::ALL {
        let places = (0..marked.slices(plane)).filter_map(|index| {
            let slice = marked.slice(plane, index, 0).unwrap();
            let place = slice.pixels().iter().position(|&value| value == 9.0)?;
            let (column, row) = (place % slice.width() as usize, place / slice.width() as usize);
            let geometry = marked.slice_geometry(plane, index);
            let [between_rows, between_columns] = geometry.spacing;
            Some([0, 1, 2].map(|at| {
                geometry.position[at]
                    + column as f64 * between_columns * geometry.row[at]
                    + row as f64 * between_rows * geometry.column[at]
            }))
        });
        let places: Vec<[f64; 3]> = places.collect();
        assert_eq!(places.len(), 1);
        let apart = places[0].iter().zip(expected).map(|(found, expected)| (found - expected).abs());
        assert!(apart.clone().all(|apart| apart < 1e-5), "{plane}: {places:?}, expected {expected:?}");
    }
}

#[test]
fn where_voxels_are_comes_from_sform_then_qform_and_is_said() {
    let expected = [
        ("nifti1_i2.nii", VolumeFormat::Nifti1, Placement::Sform),
        ("qform.nii.gz", VolumeFormat::Nifti1, Placement::Qform),
        ("no_form.nii", VolumeFormat::Nifti1, Placement::Assumed),
        ("nifti2.nii", VolumeFormat::Nifti2, Placement::Sform),
        ("analyze.hdr", VolumeFormat::Analyze, Placement::Assumed),
        ("mgz.mgz", VolumeFormat::Mgh, Placement::Header),
        ("raw.nrrd", VolumeFormat::Nrrd, Placement::Header),
    ];
    for (name, format, placement) in expected {
        let volume = volume(name);
        assert_eq!((volume.format(), volume.placement()), (format, placement), "{name}");
    }
    let mut unset = bytes("nifti1_i2.nii");
    unset[280..328].fill(0);
    let volume = Volume::read(unset, &VolumeLimits::default()).unwrap();
    assert_eq!(volume.placement(), Placement::Assumed);
}

#[test]
fn one_of_several_volumes_is_chosen() {
    let volume = volume("four.nii.gz");
    assert_eq!(volume.times(), 3);
    let [first, last] = [0, 2].map(|time| volume.slice(Plane::Axial, 0, time).unwrap());
    assert_ne!(first.pixels(), last.pixels());
    let beyond = volume.slice(Plane::Axial, 0, 3).unwrap_err();
    assert_eq!(beyond.to_string(), "there is no volume 3; the file has 3, counted from 0");
    let beyond = volume.slice(Plane::Axial, 5, 0).unwrap_err();
    assert_eq!(beyond.to_string(), "there is no axial slice 5; the volume has 5, counted from 0");
}

#[test]
fn the_native_plane_has_the_finest_slices() {
    assert_eq!(volume("thick.nii").native_plane(), Plane::Sagittal);
    assert_eq!(volume("scaled.nii").native_plane(), Plane::Axial);
    assert_eq!(volume("flat.nii").native_plane(), Plane::Axial);
    let geometry = volume("thick.nii").slice_geometry(Plane::Axial, 0);
    assert_eq!(geometry.spacing, [1.0, 5.0], "pixels that are no squares say so");
}

#[test]
fn the_window_is_that_of_the_header() {
    let mut bytes = bytes("nifti1_i2.nii");
    bytes[124..132].copy_from_slice(&[1200.0_f32.to_le_bytes(), (-100.0_f32).to_le_bytes()].concat());
    let window = Volume::read(bytes, &VolumeLimits::default()).unwrap().slice(Plane::Axial, 0, 0).unwrap().window();
    assert_eq!((window.center, window.width), (550.0, 1300.0));
}

#[test]
fn a_declared_size_over_the_limit_is_refused_before_memory_is_taken() {
    let mut wide = bytes("nifti1_u1.nii");
    wide[42..48].copy_from_slice(&[0xff, 0x7f, 1, 0, 1, 0]);
    assert_eq!(error(wide), "the volume declares [32767, 1, 1] voxels; the limit is 8192 a side");
    let mut large = bytes("nifti1_u1.nii");
    large[42..48].copy_from_slice(&[0, 0x10, 0, 0x10, 0, 0x10]);
    assert_eq!(error(large.clone()), "the volume declares 68719476736 bytes of voxels; the limit is 1073741824");
    large[42..48].copy_from_slice(&[0, 4, 0, 4, 0, 2]);
    assert_eq!(error(large.clone()), "the NIfTI-1 is damaged: it has 562 bytes, and declares 536871264");
    let mut packed = bytes("qform.nii.gz");
    packed.truncate(packed.len() - 9);
    assert_eq!(error(packed), "the NIfTI-1 is damaged: the gzip is cut off");
    let limits = VolumeLimits { max_bytes: 100, ..VolumeLimits::default() };
    let small = Volume::read(bytes("nifti1_u1.nii"), &limits).unwrap_err();
    assert_eq!(small.to_string(), "the volume declares 210 bytes of voxels; the limit is 100");
}

#[test]
fn what_is_not_read_is_refused_by_its_name() {
    let with_type = |number: u8| {
        let mut bytes = bytes("nifti1_f8.nii");
        bytes[70..72].copy_from_slice(&[number, 0]);
        error(bytes)
    };
    let accepted = "accepted are whole numbers and floats of 8 to 64 bits, and colours of 8";
    assert_eq!(with_type(32), format!("this kind of NIfTI-1 is not read: its voxels are complex numbers; {accepted}"));
    assert_eq!(with_type(1), format!("this kind of NIfTI-1 is not read: its voxels are single bits; {accepted}"));
    let header = PAIRS[1][0].1.to_vec();
    assert_eq!(file_kind(&header), Some(FileKind::HeaderOfPair));
    assert_eq!(
        error(header),
        "this is the header of NIfTI-1 in two files; the one with its voxels, .img, is needed too"
    );
    let detached = b"NRRD0004\ntype: short\ndimension: 3\nsizes: 2 2 2\nencoding: raw\ndata file: a.raw\n\n".to_vec();
    assert_eq!(
        error(detached),
        "this kind of NRRD is not read: its voxels are in another file, \"a.raw\"; accepted are headers with the \
         voxels behind them"
    );
    let text = b"NRRD0004\ntype: short\ndimension: 3\nsizes: 2 2 2\nencoding: bzip2\n\n".to_vec();
    assert_eq!(
        error(text),
        "this kind of NRRD is not read: its encoding is \"bzip2\"; accepted are \"raw\" and \"gzip\""
    );
    assert_eq!(
        error(b"GIF89a".to_vec()),
        "this is not a volume: it begins with 47 49 46 38 39 61; accepted are NIfTI-1, NIfTI-2, Analyze, MGH and NRRD"
    );
}

#[test]
fn volumes_are_told_by_their_beginning() {
    for (name, bytes) in WHOLE {
        assert_eq!(file_kind(&bytes[..bytes.len().min(1024)]), Some(FileKind::Whole), "{name}");
    }
    for bytes in [b"".as_slice(), b"\x1f\x8b\x08", b"\x89PNG\r\n\x1a\n", &[0; 400]] {
        assert_eq!(file_kind(bytes), None);
    }
}
