//! Finding the head in a slice.
//!
//! Scanners and exports leave anything from no margin to half the frame around the head, burn text into the corners
//! and draw frames along the edges. A network that sees them learns the scanner, so a slice is cropped to the head
//! before it is scaled.

use crate::Slice;
use crate::region::{clear_captions, large_regions};
use crate::slice::range;

/// The longer side of the reduced image the head is looked for in, in pixels: bounds are exact to 1/256 of it.
const REDUCED_SIDE: u32 = 256;
/// Rows and columns that vary less than this fraction of the slice's range are frame or empty air.
const FRAME_TOLERANCE: f32 = 0.03;
/// Grey levels of the histogram. A power of two above any 8-bit range: no 8-bit value lies between two levels, so
/// rounding can't tip one over when the slice is stored in another unit.
const LEVELS: usize = 1024;
/// Rows and columns of the box with less head than this fraction of the box are whiskers: lines, ticks, a coil.
const WHISKER: f32 = 0.02;

/// A rectangle in a slice, in pixels. May reach beyond the slice where it says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rect {
    /// First column; negative left of the slice.
    pub left: i32,
    /// First row; negative above the slice.
    pub top: i32,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

impl Rect {
    /// The part of the slice's rows inside the rectangle, which lies inside the slice.
    pub(crate) fn rows(self, slice: &Slice) -> impl Iterator<Item = &[f32]> + Clone {
        let (left, top) = (self.left as usize, self.top as usize);
        (top..top + self.height as usize).map(move |y| &slice.row(y)[left..][..self.width as usize])
    }
}

/// The head's bounding box, inside the slice; `None` where nothing rises above the air.
///
/// Frames of one value are taken off the edges; what is left is reduced to 256 pixels a side and split by the
/// threshold of Otsu (1979), lowered half way to the air, which is estimated from the border. The box holds the
/// largest connected region and all that are a twentieth of it: a ring of scalp and the brain inside it, no letters,
/// and no frame or caption along the edges.
#[must_use]
pub fn head_bounds(slice: &Slice) -> Option<Rect> {
    let frame = inside_frame(slice)?;
    let reduced = Reduced::new(slice, frame);
    let mut mask = reduced.above(reduced.threshold());
    clear_captions(&mut mask, reduced.width, reduced.height);
    let regions = large_regions(&mask, reduced.width, reduced.height);
    let (left, right, top, bottom) = bounds(&regions, reduced.width)?;
    let scale = reduced.scale as usize;
    let (right, bottom) = ((right * scale).min(frame.width as usize), (bottom * scale).min(frame.height as usize));
    Some(Rect {
        left: frame.left + (left * scale) as i32,
        top: frame.top + (top * scale) as i32,
        width: (right - left * scale) as u32,
        height: (bottom - top * scale) as u32,
    })
}

/// Width of a border that holds about a twentieth of the pixels, at least one and at most half the shorter side.
fn border_band(width: usize, height: usize) -> usize {
    (width * height / (40 * (width + height))).clamp(1, (width.min(height) / 2).max(1))
}

/// What is left when rows and columns of one value are taken off all four edges; `None` when nothing is.
fn inside_frame(slice: &Slice) -> Option<Rect> {
    let (low, high) = range(slice.pixels());
    let tolerance = (f64::from(high) - f64::from(low)) as f32 * FRAME_TOLERANCE;
    let (mut left, mut right) = (0, slice.width() as usize);
    let (mut top, mut bottom) = (0, slice.height() as usize);
    let flat_row = |y: usize, left: usize, right: usize| {
        let (low, high) = range(&slice.row(y)[left..right]);
        high - low <= tolerance
    };
    let flat_column = |x: usize, top: usize, bottom: usize| {
        let (low, high) = (top..bottom).fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), y| {
            let value = slice.row(y)[x];
            (low.min(value), high.max(value))
        });
        high - low <= tolerance
    };
    loop {
        let before = (left, right, top, bottom);
        while top < bottom && flat_row(top, left, right) {
            top += 1;
        }
        while top < bottom && flat_row(bottom - 1, left, right) {
            bottom -= 1;
        }
        if top == bottom {
            return None;
        }
        while left < right && flat_column(left, top, bottom) {
            left += 1;
        }
        while left < right && flat_column(right - 1, top, bottom) {
            right -= 1;
        }
        if left == right {
            return None;
        }
        if before == (left, right, top, bottom) {
            return Some(Rect {
                left: left as i32,
                top: top as i32,
                width: (right - left) as u32,
                height: (bottom - top) as u32,
            });
        }
    }
}

/// A part of a slice, averaged over squares, as grey levels of its own range.
struct Reduced {
    width: usize,
    height: usize,
    /// Side of a square, in pixels of the slice.
    scale: u32,
    levels: Vec<u16>,
}

impl Reduced {
    fn new(slice: &Slice, part: Rect) -> Self {
        let scale = part.width.max(part.height).div_ceil(REDUCED_SIDE);
        let (width, height) = (part.width.div_ceil(scale) as usize, part.height.div_ceil(scale) as usize);
        let mut means = Vec::with_capacity(width * height);
        for y in (0..part.height).step_by(scale as usize) {
            let rows = (y..(y + scale).min(part.height))
                .map(|y| &slice.row((part.top as u32 + y) as usize)[part.left as usize..][..part.width as usize]);
            let mut sums = vec![0.0_f64; width];
            for row in rows.clone() {
                for (sum, square) in sums.iter_mut().zip(row.chunks(scale as usize)) {
                    *sum += square.iter().map(|&value| f64::from(value)).sum::<f64>();
                }
            }
            let row_count = rows.len();
            means.extend(sums.iter().enumerate().map(|(x, sum)| {
                let columns = (part.width - x as u32 * scale).min(scale);
                sum / (row_count as f64 * f64::from(columns))
            }));
        }
        Self { width, height, scale, levels: to_levels(&means) }
    }

    /// Otsu's threshold lowered half way to the air: faint skin counts as head.
    ///
    /// Air is the 5th percentile of the border, because the head may fill most of it and letters may stand there.
    fn threshold(&self) -> u16 {
        let mut border = self.border();
        let darkest = border.len() / 20;
        let air = *border.select_nth_unstable(darkest).1;
        let otsu = otsu(&self.levels);
        if air < otsu { u16::midpoint(air, otsu) } else { otsu }
    }

    fn border(&self) -> Vec<u16> {
        let band = border_band(self.width, self.height);
        let on_border = |index: usize| {
            let (x, y) = (index % self.width, index / self.width);
            x < band || y < band || x + band >= self.width || y + band >= self.height
        };
        self.levels.iter().enumerate().filter(|&(index, _)| on_border(index)).map(|(_, &level)| level).collect()
    }

    fn above(&self, threshold: u16) -> Vec<bool> {
        self.levels.iter().map(|&level| level > threshold).collect()
    }
}

/// Values as levels `0..=LEVELS` of their own range; all zero where there is no range.
fn to_levels(values: &[f64]) -> Vec<u16> {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let scale = if high > low { LEVELS as f64 / (high - low) } else { 0.0 };
    values.iter().map(|value| ((value - low) * scale + 0.5) as u16).collect()
}

/// The level that splits the histogram into the two classes with the greatest variance between them.
///
/// Otsu, "A threshold selection method from gray-level histograms", IEEE Trans. SMC 9 (1979). Levels up to and
/// including the result are the darker class.
fn otsu(levels: &[u16]) -> u16 {
    let mut histogram = [0_u32; LEVELS + 1];
    for &level in levels {
        histogram[usize::from(level).min(LEVELS)] += 1;
    }
    let total = levels.len() as f64;
    let sum: f64 = histogram.iter().enumerate().map(|(level, &count)| level as f64 * f64::from(count)).sum();
    let (mut dark_count, mut dark_sum) = (0.0, 0.0);
    let (mut best, mut best_variance) = (0, -1.0);
    for (level, &count) in histogram.iter().enumerate() {
        dark_count += f64::from(count);
        dark_sum += level as f64 * f64::from(count);
        let bright_count = total - dark_count;
        if dark_count == 0.0 || bright_count == 0.0 {
            continue;
        }
        let apart = dark_sum / dark_count - (sum - dark_sum) / bright_count;
        let variance = dark_count * bright_count * apart * apart;
        if variance > best_variance {
            (best, best_variance) = (level, variance);
        }
    }
    best as u16
}

/// Left, right, top and bottom (right and bottom exclusive) of what is set, whiskers left out.
fn bounds(mask: &[bool], width: usize) -> Option<(usize, usize, usize, usize)> {
    let height = mask.len() / width;
    let mut columns = vec![0; width];
    let mut rows = vec![0; height];
    for (index, _) in mask.iter().enumerate().filter(|&(_, &set)| set) {
        columns[index % width] += 1;
        rows[index / width] += 1;
    }
    let (left, right) = span(&columns, 1)?;
    let (top, bottom) = span(&rows, 1)?;
    let (left, right) = span(&columns, ((bottom - top) as f32 * WHISKER).ceil() as u32).unwrap_or((left, right));
    let (top, bottom) = span(&rows, ((right - left) as f32 * WHISKER).ceil() as u32).unwrap_or((top, bottom));
    Some((left, right, top, bottom))
}

/// First and last-plus-one index that holds at least `least`.
fn span(counts: &[u32], least: u32) -> Option<(usize, usize)> {
    let first = counts.iter().position(|&count| count >= least)?;
    let end = counts.iter().rposition(|&count| count >= least)? + 1;
    Some((first, end))
}
