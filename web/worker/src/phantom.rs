//! The slice that every worker generates alike, to warm up and to be compared by.
//!
//! It has what a slice of a head has, so that cropping, scaling and every layer do real work: air, a bright rim of
//! skull and fat, two tones of tissue, dark ventricles, and a bright round spot off the middle.

use imaging::{Slice, SliceError};

const SIDE: u32 = 256;

/// The generated slice, 256 x 256, values 0 to 255.
pub fn slice() -> Result<Slice, SliceError> {
    let pixels = (0..SIDE).flat_map(|row| (0..SIDE).map(move |column| value(column as f32, row as f32)));
    Slice::new(SIDE, SIDE, pixels.collect())
}

/// Only multiplications and additions, which are the same on every machine.
fn value(column: f32, row: f32) -> f32 {
    let within = |x: f32, y: f32, wide: f32, high: f32| {
        let (dx, dy) = ((column - x) / wide, (row - y) / high);
        dx * dx + dy * dy <= 1.0
    };
    if !within(128.0, 128.0, 90.0, 112.0) {
        0.0
    } else if !within(128.0, 128.0, 82.0, 104.0) {
        210.0
    } else if within(160.0, 96.0, 18.0, 18.0) {
        235.0
    } else if within(112.0, 132.0, 10.0, 28.0) || within(144.0, 132.0, 10.0, 28.0) {
        40.0
    } else if within(128.0, 128.0, 64.0, 84.0) {
        130.0
    } else {
        95.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generated_slice_has_a_head_with_air_around_it() {
        let slice = slice().unwrap();
        let head = imaging::head_bounds(&slice).unwrap();
        assert!(head.width > 160 && head.width < 200 && head.height > 200 && head.height < 240, "{head:?}");
    }
}
