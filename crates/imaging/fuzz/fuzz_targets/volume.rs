//! Any bytes are a volume or refused, and every slice of a volume can be decoded.
#![no_main]

use imaging::Plane;
use imaging::volume::{Volume, VolumeLimits, file_kind};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = VolumeLimits { max_side: 256, max_bytes: 1 << 20 };
    let _ = file_kind(bytes);
    let volumes = [Volume::read(bytes.to_vec(), &limits), Volume::read_pair(bytes, vec![7; 1 << 20], &limits)];
    for volume in volumes.into_iter().flatten() {
        for plane in Plane::ALL {
            let last = volume.slices(plane) - 1;
            let slice = volume.slice(plane, last, volume.times() - 1).unwrap();
            assert!(slice.width() <= 256 && slice.height() <= 256);
        }
    }
});
