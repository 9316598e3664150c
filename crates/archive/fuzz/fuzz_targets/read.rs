//! Any bytes are unpacked or refused, within the limits.
#![no_main]

use std::io::Cursor;

use archive::{File, Limits, each_file};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { max_entries: 100, max_file: 1 << 20, max_total: 1 << 22 };
    let mut total = 0;
    let count = |file: File| total += file.content.map_or(0, |content| content.len() as u64);
    let _ = each_file(&mut Cursor::new(bytes), &limits, |_| true, count);
    assert!(total <= limits.max_total);
});
