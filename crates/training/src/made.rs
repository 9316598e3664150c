//! Slices that tests draw.

use imaging::{InputSpec, Slice};
use scans::Slices;

/// So many slices with something to see in each.
pub fn slices(count: u32, size: u32) -> Slices {
    let spec = InputSpec { size, ..InputSpec::default() };
    let pixels = |number: u32| (0..size * size).map(|index| ((index * (number + 3)) % 97) as f32).collect();
    let slice = |number| Slice::new(size, size, pixels(number)).unwrap();
    (0..count).map(|number| imaging::prepare(&slice(number), &spec)).collect()
}
