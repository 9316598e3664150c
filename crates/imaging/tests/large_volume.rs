//! A volume of 512 x 512 x 600 voxels of 16 bits takes about its own size of memory, natively and in WebAssembly.
#![cfg(any(target_family = "wasm", target_os = "linux"))]
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use imaging::Plane;
use imaging::volume::{Volume, VolumeLimits};

const VOXELS: usize = 512 * 512 * 600 * 2;

/// A gzip of many members: the header, then as many times half a mebibyte of zeros as the voxels have.
fn packed() -> Vec<u8> {
    let mut header = vec![0; 352];
    header[..4].copy_from_slice(&348_u32.to_le_bytes());
    for (at, value) in [3_u16, 512, 512, 600].into_iter().enumerate() {
        header[40 + 2 * at..42 + 2 * at].copy_from_slice(&value.to_le_bytes());
    }
    header[70] = 4;
    header[344..348].copy_from_slice(b"n+1\0");
    let zeros = member(&vec![0; 1 << 19]);
    let members = std::iter::once(member(&header)).chain((0..VOXELS >> 19).map(|_| zeros.clone()));
    members.flatten().collect()
}

fn member(content: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x1f\x8b\x08\0\0\0\0\0\0\xff".to_vec();
    bytes.extend(miniz_oxide::deflate::compress_to_vec(content, 6));
    bytes.extend(crc32fast::hash(content).to_le_bytes());
    bytes.extend((content.len() as u32).to_le_bytes());
    bytes
}

/// The most memory that was in use, in bytes.
#[cfg(target_family = "wasm")]
fn most_memory() -> usize {
    core::arch::wasm32::memory_size(0) << 16
}

/// The most memory that was in use, in bytes.
#[cfg(not(target_family = "wasm"))]
fn most_memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() << 10
}

#[test]
fn a_large_volume_takes_about_its_own_size_of_memory() {
    let packed = packed();
    let before = most_memory();
    let volume = Volume::read(packed, &VolumeLimits::default()).unwrap();
    for plane in Plane::ALL {
        let slice = volume.slice(plane, volume.slices(plane) / 2, 0).unwrap();
        assert!(slice.pixels().iter().all(|&value| value.abs() < f32::MIN_POSITIVE));
    }
    let taken = most_memory() - before;
    assert!(taken < VOXELS / 20 * 21, "{taken} bytes were taken for {VOXELS} of voxels");
}
