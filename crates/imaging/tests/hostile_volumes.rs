//! Broken and hostile volumes: an error that teaches, never a panic.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use imaging::Plane;
use imaging::volume::{Volume, VolumeLimits, file_kind};
use proptest::prelude::*;

fn fixtures() -> Vec<Vec<u8>> {
    fixtures_but_for("none")
}

fn fixtures_but_for(beginning: &str) -> Vec<Vec<u8>> {
    let entries = std::fs::read_dir("tests/fixtures/volumes").unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.retain(|path| !path.file_name().unwrap().to_string_lossy().starts_with(beginning));
    paths.into_iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// Reads with limits small enough for many cases; what is read must be usable.
fn survives(bytes: &[u8]) {
    let limits = VolumeLimits { max_side: 64, max_bytes: 1 << 16 };
    let _ = file_kind(bytes);
    let volumes = [Volume::read(bytes.to_vec(), &limits), Volume::read_pair(bytes, vec![7; 1 << 16], &limits)];
    for volume in volumes.into_iter().flatten() {
        for plane in [volume.native_plane(), Plane::Coronal, Plane::Sagittal] {
            let (last, time) = (volume.slices(plane) - 1, volume.times() - 1);
            let slice = volume.slice(plane, last, time).unwrap();
            assert!(slice.width() <= 64 && slice.height() <= 64);
            let geometry = volume.slice_geometry(plane, last);
            assert!(geometry.row.iter().chain(&geometry.column).all(|value| value.abs() < 1.0 + 1e-9), "{geometry:?}");
        }
    }
}

#[test]
fn every_cut_of_a_volume_is_an_error() {
    // MGH has numbers of the acquisition behind the voxels, which are not read.
    for bytes in fixtures_but_for("mg") {
        let read = |length: usize| Volume::read(bytes[..length].to_vec(), &VolumeLimits::default());
        for length in (0..bytes.len().min(600)).chain((600..bytes.len()).step_by(7)) {
            assert!(read(length).is_err(), "{length} bytes of {} were read", bytes.len());
        }
    }
}

#[test]
fn no_single_changed_header_byte_panics() {
    for bytes in fixtures() {
        for at in 0..bytes.len().min(560) {
            for value in [0, 0x7f, 0xff, bytes[at] ^ 1] {
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
        for beginning in [[0x5c, 1, 0, 0], [0, 0, 2, 0x1c], [0, 0, 0, 1]] {
            survives(&[beginning.as_slice(), &bytes].concat());
        }
    }

    #[test]
    fn no_text_behind_the_mark_of_nrrd_panics(
        fields in proptest::collection::vec("(dimension|sizes|type|encoding|endian|space|space directions|spacings|kinds|space origin): [0-9 a-z(),.-]{0,20}", 0..12)
    ) {
        survives(format!("NRRD0005\n{}\n\n0000000000000000", fields.join("\n")).as_bytes());
    }

    #[test]
    fn no_changed_bytes_panic(
        which in any::<prop::sample::Index>(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
    ) {
        let mut all = fixtures();
        let mut bytes = all.swap_remove(which.index(all.len()));
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        survives(&bytes);
    }
}
