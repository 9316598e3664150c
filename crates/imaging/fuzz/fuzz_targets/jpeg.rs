//! Any JPEG stream is decoded or refused: the decoder of a dependency, behind the checks of its markers.
#![no_main]

use imaging::{Limits, decode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|stream: &[u8]| {
    let limits = Limits { max_side: 1024, ..Limits::default() };
    let file = [&[0xff, 0xd8, 0xff], stream].concat();
    if let Ok(study) = decode(&file, &limits) {
        let slice = &study.slices[0];
        assert!(slice.width() <= 1024 && slice.height() <= 1024);
    }
});
