//! A slice becomes the input of a network.
//!
//! Training and inference both come through here, and a trained model depends on every number of it: nothing here
//! may change without training again. The arithmetic is plain additions, multiplications and divisions in a fixed
//! order, so that the same slice gives the same bits natively and in WebAssembly.

use crate::head::head_bounds;
use crate::resample::Kernel;
use crate::slice::range;
use crate::{Crop, InputSpec, Intensity, Rect, Slice};

/// The input of a network: one grey channel, `size * size` values in `-1..=1`.
#[derive(Debug, Clone, PartialEq)]
pub struct PreparedSlice {
    size: u32,
    pixels: Vec<f32>,
    crop: Rect,
}

impl PreparedSlice {
    /// A slice that was prepared earlier and kept: its pixels and crop as it gave them. `None` where the pixels make no
    /// square of that side, or are no input.
    #[must_use]
    pub fn kept(size: u32, pixels: Vec<f32>, crop: Rect) -> Option<Self> {
        let fits = pixels.len() == (size as usize).pow(2) && pixels.iter().all(|value| (-1.0..=1.0).contains(value));
        fits.then_some(Self { size, pixels, crop })
    }

    /// Side of the square input, in pixels.
    #[must_use]
    pub fn size(&self) -> u32 {
        self.size
    }

    /// Row-major values in `-1..=1`, `size * size` of them.
    #[must_use]
    pub fn pixels(&self) -> &[f32] {
        &self.pixels
    }

    /// The square of the slice that the input shows, in the slice's pixels.
    ///
    /// It reaches beyond the slice where the input was padded: input pixel `(x, y)` shows
    /// `(left + x * width / size, top + y * height / size)`.
    #[must_use]
    pub fn crop(&self) -> Rect {
        self.crop
    }
}

/// Crops to the head, scales intensities, pads to a square with air and resizes, as the model was trained.
///
/// A slice without a head (one value everywhere) gives an input of -1 everywhere.
#[must_use]
pub fn prepare(slice: &Slice, spec: &InputSpec) -> PreparedSlice {
    let whole = Rect { left: 0, top: 0, width: slice.width(), height: slice.height() };
    let (content, margin) = match spec.crop {
        Crop::Head => (head_bounds(slice).unwrap_or(whole), spec.margin.clamp(0.0, 1.0)),
        Crop::None => (whole, 0.0),
    };
    let rim = (content.width.max(content.height) as f32 * margin).round() as i32;
    let crop = square_around(content, rim);
    let scale = Scale::new(slice, content, spec.intensity);
    let size = spec.size.max(1);
    PreparedSlice { size, pixels: resize(slice, content, crop, &scale, size as usize), crop }
}

/// The smallest square around `rect` and a rim on all its sides, with `rect` in its middle.
fn square_around(rect: Rect, rim: i32) -> Rect {
    let side = rect.width.max(rect.height) + 2 * rim.unsigned_abs();
    Rect {
        left: rect.left - ((side - rect.width) / 2) as i32,
        top: rect.top - ((side - rect.height) / 2) as i32,
        width: side,
        height: side,
    }
}

/// The scaled value of air: the darkest of what was cropped, since a box around a head has air in its corners.
const AIR: f32 = -1.0;

/// How values of a slice become `-1..=1`.
struct Scale {
    low: f64,
    factor: f64,
}

impl Scale {
    fn new(slice: &Slice, content: Rect, intensity: Intensity) -> Self {
        let mut values: Vec<f32> = content.rows(slice).flatten().copied().collect();
        let (mut low, mut high) = (percentile(&mut values, intensity.low), percentile(&mut values, intensity.high));
        if high <= low {
            (low, high) = range(&values);
        }
        let extent = f64::from(high) - f64::from(low);
        let factor = if extent > 0.0 { 2.0 / extent } else { 0.0 };
        Self { low: f64::from(low), factor }
    }

    fn apply(&self, value: f32) -> f32 {
        (((f64::from(value) - self.low) * self.factor - 1.0) as f32).clamp(-1.0, 1.0)
    }
}

/// The value with `percent` of the values below it (nearest rank); reorders `values`, which are not empty.
fn percentile(values: &mut [f32], percent: f32) -> f32 {
    let last = values.len() - 1;
    let rank = (f64::from(percent) / 100.0 * last as f64).round().clamp(0.0, last as f64) as usize;
    *values.select_nth_unstable_by(rank, f32::total_cmp).1
}

/// Resizes the square `crop` of the slice to `size * size`; all of it outside `content` is air.
///
/// The rim around a head is air too, and not what the slice has there: a caption may touch the head.
fn resize(slice: &Slice, content: Rect, crop: Rect, scale: &Scale, size: usize) -> Vec<f32> {
    let from = crop.width as usize;
    let kernel = Kernel::new(from, size);
    let mut narrowed = vec![AIR; from * size];
    let mut line = vec![AIR; from];
    let (left, top) = ((content.left - crop.left) as usize, (content.top - crop.top) as usize);
    for (source, out) in content.rows(slice).zip(narrowed.chunks_exact_mut(size).skip(top)) {
        for (value, &pixel) in line[left..].iter_mut().zip(source) {
            *value = scale.apply(pixel);
        }
        kernel.resample_row(&line, out);
    }
    let mut pixels = kernel.resample_columns(&narrowed, size);
    for value in &mut pixels {
        *value = value.clamp(-1.0, 1.0);
    }
    pixels
}
