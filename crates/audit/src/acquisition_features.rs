//! What a slice tells besides anatomy: how it lies in its frame, what the air is like, how sharp it is.
//!
//! A radiologist would look at none of it. A network looks at everything, and where one class of a collection comes
//! from another source than the others, this is where the source shows.

use imaging::{Rect, Slice};

/// A slice is sampled on at most about so many positions a side where sharpness is measured.
const SAMPLES: usize = 128;
/// Distances over which sharpness is measured, in pixels.
const STEPS: [usize; 3] = [1, 2, 4];
/// Added before a logarithm is taken of a number that may be 0; a quarter of a grey level of 8 bits.
const FAINT: f64 = 1e-3;

/// Numbers of one slice, all of them of values scaled to 0..1 between its smallest and its largest.
#[derive(Debug, Clone, PartialEq)]
pub struct AcquisitionFeatures {
    /// Air left, above, right and below of the head and the head's box, as parts of the frame; mean and spread of the
    /// outermost pixels.
    pub borders: [f64; 7],
    /// Of the two darkest corners: logarithms of mean, of spread and of the difference between neighbours; the part of
    /// the pixels that have the slice's smallest value.
    pub air: [f64; 4],
    /// Logarithms of how far pixels of the head's box stand out from their neighbours at a distance of 1, 2 and 4
    /// pixels, relative to the spread of the values.
    pub sharpness: [f64; 3],
}

impl AcquisitionFeatures {
    /// Measures a slice, which may be a network's input.
    pub fn of(slice: &Slice) -> Self {
        let whole = Rect { left: 0, top: 0, width: slice.width(), height: slice.height() };
        let head = imaging::head_bounds(slice).unwrap_or(whole);
        let frame = Frame::new(slice);
        Self { borders: borders(&frame, head), air: air(&frame), sharpness: sharpness(&frame, head) }
    }
}

/// A slice with its values scaled to 0..1.
struct Frame<'a> {
    pixels: &'a [f32],
    width: usize,
    height: usize,
    low: f32,
    scale: f32,
}

impl<'a> Frame<'a> {
    fn new(slice: &'a Slice) -> Self {
        let (low, high) = range(slice);
        let scale = if high > low { 1.0 / (high - low) } else { 0.0 };
        let (width, height) = (slice.width() as usize, slice.height() as usize);
        Self { pixels: slice.pixels(), width, height, low, scale }
    }

    fn at(&self, x: usize, y: usize) -> f64 {
        f64::from((self.pixels[y * self.width + x] - self.low) * self.scale)
    }
}

/// Mean and standard deviation; 0 and 0 for none.
fn mean_and_spread(values: &[f64]) -> (f64, f64) {
    let count = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / count;
    (mean, (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt())
}

fn borders(frame: &Frame, head: Rect) -> [f64; 7] {
    let (width, height) = (frame.width as f64, frame.height as f64);
    let (left, top) = (f64::from(head.left), f64::from(head.top));
    let (across, down) = (f64::from(head.width), f64::from(head.height));
    let rows = (0..frame.width).flat_map(|x| [frame.at(x, 0), frame.at(x, frame.height - 1)]);
    let columns = (0..frame.height).flat_map(|y| [frame.at(0, y), frame.at(frame.width - 1, y)]);
    let (mean, spread) = mean_and_spread(&rows.chain(columns).collect::<Vec<_>>());
    let right = width - left - across;
    let below = height - top - down;
    [left / width, top / height, right / width, below / height, across * down / (width * height), mean, spread]
}

/// One corner of the frame.
struct Corner {
    mean: f64,
    spread: f64,
    /// Mean difference between a pixel and the next of its row.
    grain: f64,
    /// The part of the pixels at the slice's smallest value.
    empty: f64,
}

/// Corners an eighth of the frame's side wide lie outside an ellipse that fills the frame. The two darkest are taken,
/// since a neck or a caption may reach into the others.
fn air(frame: &Frame) -> [f64; 4] {
    let (across, down) = (frame.width.div_ceil(8), frame.height.div_ceil(8));
    let places =
        [(0, 0), (frame.width - across, 0), (0, frame.height - down), (frame.width - across, frame.height - down)];
    let mut corners = places.map(|(left, top)| corner(frame, left..left + across, top..top + down));
    corners.sort_by(|a, b| a.mean.total_cmp(&b.mean));
    let mean = |number: fn(&Corner) -> f64| f64::midpoint(number(&corners[0]), number(&corners[1]));
    let faint = |value: f64| (value + FAINT).log10();
    [faint(mean(|c| c.mean)), faint(mean(|c| c.spread)), faint(mean(|c| c.grain)), mean(|c| c.empty)]
}

fn corner(frame: &Frame, columns: std::ops::Range<usize>, rows: std::ops::Range<usize>) -> Corner {
    let row = |y: usize| columns.clone().map(move |x| frame.at(x, y)).collect::<Vec<f64>>();
    let rows: Vec<Vec<f64>> = rows.map(row).collect();
    let steps: Vec<f64> = rows.iter().flat_map(|row| row.windows(2).map(|two| (two[1] - two[0]).abs())).collect();
    let values = rows.concat();
    let (mean, spread) = mean_and_spread(&values);
    let empty = values.iter().filter(|&&value| value == 0.0).count() as f64 / values.len() as f64;
    Corner { mean, spread, grain: mean_and_spread(&steps).0, empty }
}

fn sharpness(frame: &Frame, head: Rect) -> [f64; 3] {
    let (left, top) = (head.left as usize, head.top as usize);
    let (right, bottom) = (left + head.width as usize, top + head.height as usize);
    let stride = (head.width.max(head.height) as usize).div_ceil(SAMPLES);
    let positions = |rim: usize| {
        let columns = (left + rim..right.saturating_sub(rim)).step_by(stride);
        (top + rim..bottom.saturating_sub(rim)).step_by(stride).flat_map(move |y| columns.clone().map(move |x| (x, y)))
    };
    let (_, spread) = mean_and_spread(&positions(0).map(|(x, y)| frame.at(x, y)).collect::<Vec<_>>());
    STEPS.map(|step| {
        let stands_out = |(x, y): (usize, usize)| {
            let here = 2.0 * frame.at(x, y);
            let across = here - frame.at(x - step, y) - frame.at(x + step, y);
            let down = here - frame.at(x, y - step) - frame.at(x, y + step);
            across.abs() + down.abs()
        };
        let (mean, _) = mean_and_spread(&positions(step).map(stands_out).collect::<Vec<_>>());
        (mean / spread.max(FAINT) + FAINT).log10()
    })
}

/// The smallest and the largest value of a slice.
pub fn range(slice: &Slice) -> (f32, f32) {
    let ends = (f32::INFINITY, f32::NEG_INFINITY);
    slice.pixels().iter().fold(ends, |(low, high), &value| (low.min(value), high.max(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A bright disc of 40 pixels on air, `rim` on the outermost pixels, noise in the air up to `noise`.
    fn disc(width: u32, height: u32, rim: f32, noise: u32) -> Slice {
        let pixel = |index: u32| {
            let (x, y) = (index % width, index / width);
            let outermost = x == 0 || y == 0 || x == width - 1 || y == height - 1;
            let inside = x.abs_diff(50).pow(2) + y.abs_diff(50).pow(2) < 400;
            let grain = if noise == 0 { 0 } else { (x * 7919 + y * 104_729 + x * y * 31) % (noise + 1) };
            if outermost {
                rim
            } else if inside {
                200.0
            } else {
                grain as f32
            }
        };
        Slice::new(width, height, (0..width * height).map(pixel).collect()).unwrap()
    }

    #[track_caller]
    fn assert_close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 0.02, "{found} instead of {expected}");
    }

    #[test]
    fn borders_say_where_the_head_lies_and_how_bright_the_edge_is() {
        let [left, top, right, below, area, edge, _] = AcquisitionFeatures::of(&disc(100, 200, 0.0, 0)).borders;
        assert_close(left, 0.31);
        assert_close(right, 0.30);
        assert_close(top, 0.155);
        assert_close(below, 0.65);
        assert_close(area, 0.39 * 0.195);
        assert_close(edge, 0.0);
        assert_close(AcquisitionFeatures::of(&disc(100, 200, 200.0, 0)).borders[5], 1.0);
    }

    #[test]
    fn air_without_noise_is_empty_and_air_with_noise_is_not() {
        let (clean, noisy) = (
            AcquisitionFeatures::of(&disc(100, 100, 0.0, 0)).air,
            AcquisitionFeatures::of(&disc(100, 100, 0.0, 20)).air,
        );
        assert_close(clean[3], 1.0);
        assert!(noisy[3] < 0.3 && noisy[1] > clean[1] + 1.0 && noisy[2] > clean[2] + 1.0, "{clean:?} {noisy:?}");
    }

    #[test]
    fn a_blurred_slice_is_less_sharp() {
        let sharp = disc(100, 100, 0.0, 0);
        let blurred = |index: usize| {
            let (x, y) = (index % 100, index / 100);
            let near = |from: usize| from.saturating_sub(3)..(from + 4).min(100);
            let values = near(y).flat_map(|y| near(x).map(move |x| (x, y))).map(|(x, y)| sharp.pixels()[y * 100 + x]);
            values.clone().sum::<f32>() / values.count() as f32
        };
        let blurred = Slice::new(100, 100, (0..10_000).map(blurred).collect()).unwrap();
        assert!(AcquisitionFeatures::of(&blurred).sharpness[0] < AcquisitionFeatures::of(&sharp).sharpness[0] - 0.3);
    }

    #[test]
    fn scaling_all_values_changes_nothing_and_no_slice_is_too_small() {
        let slice = disc(100, 100, 3.0, 20);
        let twice = Slice::new(100, 100, slice.pixels().iter().map(|value| 2.0 * value).collect()).unwrap();
        assert_eq!(AcquisitionFeatures::of(&slice), AcquisitionFeatures::of(&twice));
        for (width, height) in [(1, 1), (1, 40), (3, 2)] {
            let features =
                AcquisitionFeatures::of(&Slice::new(width, height, vec![5.0; (width * height) as usize]).unwrap());
            let numbers = [&features.borders[..], &features.air[..], &features.sharpness[..]].concat();
            assert!(numbers.iter().all(|number| number.is_finite()), "{features:?}");
        }
    }
}
