//! Any bytes are read or refused without a panic; what is read can be written and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use weights::{read, read_tensors, write, write_tensors};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(tensors) = read_tensors(bytes) {
        let written = write_tensors(&tensors).expect("what was read can be written");
        assert_eq!(read_tensors(&written).expect("what was written can be read"), tensors);
        for tensor in tensors.values() {
            assert!(tensor.to_f32().iter().all(|value| value.is_finite()));
        }
    }
    if let Ok(file) = read(bytes) {
        let written = write(&file).expect("what was read can be written");
        assert_eq!(read(&written).expect("what was written can be read"), file);
    }
});
