//! Python's safetensors and this crate read each other's files. The script and its versions stand beside the fixtures.

mod model;

use std::path::Path;

use weights::{Values, read, write};

const BY_PYTHON: &[u8] = include_bytes!("fixtures/written_by_python.safetensors");
const BY_RUST: &[u8] = include_bytes!("fixtures/written_by_rust.safetensors");

#[test]
fn a_file_written_by_python_is_read() {
    let mut file = read(BY_PYTHON).unwrap();
    let halves = file.tensors.remove("halves").unwrap();
    assert_eq!(halves.shape, [2, 4]);
    // Values of numpy.float16, in binary: 0.1 is 0x2E66, and 2^-24 its smallest subnormal.
    let expected = [0.0, -0.0, 1.0, -1.0, 0.099_975_586, 65504.0, 6.103_515_6e-5, 5.960_464_5e-8];
    assert_eq!(halves.values, Values::Float(expected.to_vec()));
    assert_eq!(file, model::model());
}

#[test]
fn a_file_is_written_byte_for_byte_as_the_one_that_python_checked() {
    let bytes = write(&model::model()).unwrap();
    let written = Path::new(env!("CARGO_TARGET_TMPDIR")).join("written_by_rust.safetensors");
    std::fs::write(&written, &bytes).unwrap();
    let advice = format!("the new file is {}; see fixtures/README.md", written.display());
    assert!(bytes == BY_RUST, "{advice}");
}
