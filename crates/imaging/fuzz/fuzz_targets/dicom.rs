//! Any elements behind the mark of DICOM are read or refused.
#![no_main]

use imaging::{Limits, decode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|elements: &[u8]| {
    let limits = Limits { max_side: 1024, ..Limits::default() };
    let file = [&[0; 128], b"DICM".as_slice(), elements].concat();
    if let Ok(study) = decode(&file, &limits) {
        let slice = &study.slices[0];
        assert!(slice.width() <= 1024 && slice.height() <= 1024);
    }
});
