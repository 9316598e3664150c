//! Any bytes are decoded or refused, and what is decoded can be prepared.
#![no_main]

use imaging::{InputSpec, Limits, decode, prepare};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { max_side: 1024, ..Limits::default() };
    if let Ok(study) = decode(bytes, &limits) {
        let input = prepare(&study.slices[0], &InputSpec { size: 64, ..InputSpec::default() });
        assert!(input.pixels().iter().all(|value| (-1.0..=1.0).contains(value)));
    }
});
