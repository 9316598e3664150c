//! Real volumes read as nibabel reads them, where `../shared/samples/nifti` is present.
//!
//! The reference is written by `fixtures/make_volumes.py`, and names its versions.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use imaging::volume::{Volume, VolumeLimits};

#[path = "volumes/reference.rs"]
mod reference;

use reference::{Reference, differences};

#[test]
fn every_voxel_of_every_sample_is_that_of_nibabel() {
    let Some(folder) = needs::shared("samples") else { return };
    let reference: Reference = serde_json::from_str(include_str!("fixtures/nibabel_reference.json")).unwrap();
    assert_eq!(reference.files.len(), 9);
    let mut wrong = Vec::new();
    for file in &reference.files {
        let bytes = std::fs::read(folder.join("nifti").join(&file.name)).unwrap();
        let volume =
            Volume::read(bytes, &VolumeLimits::default()).unwrap_or_else(|error| panic!("{}: {error}", file.name));
        wrong.extend(differences(file, &volume));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
