//! Any bytes are opened or refused, as a scan and as a directory, and every slice is decoded or refused.
#![no_main]

use imaging::{Limits, directory, open};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { max_side: 256, ..Limits::default() };
    if let Ok(scan) = open(bytes, &limits) {
        assert!(!scan.slices().is_empty());
        // Frames may be many, and each is decoded by itself.
        for index in (0..scan.slices().len()).take(16) {
            assert!(scan.windows(index).iter().all(|window| window.width > 0.0));
            if let Ok(slice) = scan.slice(index) {
                assert_eq!(slice.to_grey8().len(), slice.pixels().len());
                assert!(slice.width() <= 256 && slice.height() <= 256);
            }
        }
    }
    if let Ok(entries) = directory(bytes, &limits) {
        assert!(entries.iter().flat_map(|entry| &entry.path).all(|part| part != ".." && !part.contains('/')));
    }
});
