//! Any tags behind the mark of TIFF are read or refused.
#![no_main]

use imaging::{Limits, decode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    let limits = Limits { max_side: 1024, ..Limits::default() };
    if let Ok(study) = decode(file, &limits) {
        let slice = &study.slices[0];
        assert!(slice.width() <= 1024 && slice.height() <= 1024);
    }
});
