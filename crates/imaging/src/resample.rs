//! Antialiased resampling of rows and columns, with the same bits on every machine.
//!
//! Catmull and Rom's cubic (1974), stretched by the scale when shrinking so that no detail aliases. It is made of
//! multiplications and additions only, in a fixed order: no call into a platform's mathematics library, no
//! vector instruction that adds in another order natively than in WebAssembly.

use crate::Slice;

/// The values of a slice at `side` x `side` pixels, row by row: the whole of it, squeezed to a square. A side of 0 counts
/// as 1.
#[must_use]
pub fn squeeze(slice: &Slice, side: u32) -> Vec<f32> {
    let (width, height, side) = (slice.width() as usize, slice.height() as usize, side.max(1) as usize);
    let across = Kernel::new(width, side);
    let mut rows = vec![0.0; side * height];
    for (row, out) in slice.pixels().chunks_exact(width).zip(rows.chunks_exact_mut(side)) {
        across.resample_row(row, out);
    }
    Kernel::new(height, side).resample_columns(&rows, side)
}

/// The inputs that make each output sample: where they start, and their weights.
pub(crate) struct Kernel {
    taps: Vec<(usize, Vec<f32>)>,
}

impl Kernel {
    /// The kernel that maps `from` samples onto `to`; both at least 1.
    pub(crate) fn new(from: usize, to: usize) -> Self {
        let scale = from as f64 / to as f64;
        let stretch = scale.max(1.0);
        let taps = (0..to).map(|index| taps(from, (index as f64 + 0.5) * scale, stretch)).collect();
        Self { taps }
    }

    /// Resamples one row; `row` has the kernel's input length, `out` its output length.
    pub(crate) fn resample_row(&self, row: &[f32], out: &mut [f32]) {
        for (value, (start, weights)) in out.iter_mut().zip(&self.taps) {
            *value = weights.iter().zip(&row[*start..]).fold(0.0, |sum, (weight, pixel)| sum + weight * pixel);
        }
    }

    /// Resamples columns: `rows` holds rows of `width`, the result as many rows as the kernel has outputs.
    pub(crate) fn resample_columns(&self, rows: &[f32], width: usize) -> Vec<f32> {
        let mut out = vec![0.0; self.taps.len() * width];
        for (out_row, (start, weights)) in out.chunks_exact_mut(width).zip(&self.taps) {
            for (weight, row) in weights.iter().zip(rows[start * width..].chunks_exact(width)) {
                for (value, pixel) in out_row.iter_mut().zip(row) {
                    *value += weight * pixel;
                }
            }
        }
        out
    }
}

/// First input and weights (their sum is 1) of the output sample centred on `center`, in input samples.
fn taps(from: usize, center: f64, stretch: f64) -> (usize, Vec<f32>) {
    let start = (center - 2.0 * stretch).floor().max(0.0) as usize;
    let end = ((center + 2.0 * stretch).ceil() as usize).min(from);
    let weights: Vec<f64> = (start..end).map(|index| catmull_rom((index as f64 + 0.5 - center) / stretch)).collect();
    let sum: f64 = weights.iter().sum();
    (start, weights.iter().map(|weight| (weight / sum) as f32).collect())
}

/// The cubic that passes through its samples, zero beyond 2.
fn catmull_rom(distance: f64) -> f64 {
    let x = distance.abs();
    if x < 1.0 {
        (1.5 * x - 2.5) * x * x + 1.0
    } else if x < 2.0 {
        ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
    } else {
        0.0
    }
}
