//! The largest values under windows.

use graph::{Placed, Window};

use super::Extent;

/// Where windows lie on planes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pool {
    window: Window,
    input: Extent,
    rows: Placed,
    columns: Placed,
}

impl Pool {
    /// On planes of that extent.
    pub(super) fn new(window: Window, input: Extent) -> Self {
        let none = Placed { before: 0, after: 0, count: 0 };
        let along = |extent| window.on(extent).unwrap_or(none);
        Self { window, input, rows: along(input.height), columns: along(input.width) }
    }

    pub(super) fn output(self) -> Extent {
        Extent { height: self.rows.count, width: self.columns.count, ..self.input }
    }

    /// The largest values, of every plane of `values`.
    #[inline(always)]
    pub(super) fn largest(self, values: &[f32], output: &mut [f32]) {
        self.visit(values.len(), |place, window| output[place] = largest(values, window).0);
    }

    /// Adds the gradients of the largest values to zeros, each where its value was found.
    #[inline(always)]
    pub(super) fn spread(self, values: &[f32], gradients: &[f32], of_values: &mut [f32]) {
        self.visit(values.len(), |place, window| of_values[largest(values, window).1] += gradients[place]);
    }

    /// Visits all windows, with the place of each in the output.
    #[inline(always)]
    fn visit(self, values: usize, mut visit: impl FnMut(usize, Covered)) {
        let Extent { height, width, .. } = self.input;
        let mut place = 0;
        for plane in 0..values / (height * width).max(1) {
            for row in 0..self.rows.count {
                let [top, bottom] = self.covered(row, self.rows, height);
                for column in 0..self.columns.count {
                    let [left, right] = self.covered(column, self.columns, width);
                    let first = (plane * height + top) * width + left;
                    visit(place, Covered { first, rows: bottom - top, columns: right - left, stride: width });
                    place += 1;
                }
            }
        }
    }

    /// From where to where window number `number` covers the picture.
    #[inline(always)]
    fn covered(self, number: usize, placed: Placed, extent: usize) -> [usize; 2] {
        let start = number * self.window.stride;
        let end = (start + self.window.size).saturating_sub(placed.before).min(extent);
        [start.saturating_sub(placed.before).min(end), end]
    }
}

/// What a window covers of a plane.
#[derive(Clone, Copy)]
struct Covered {
    first: usize,
    rows: usize,
    columns: usize,
    /// From one row to the next.
    stride: usize,
}

/// The first of the largest values and its place; what is no number is the largest.
#[inline(always)]
fn largest(values: &[f32], covered: Covered) -> (f32, usize) {
    // Most windows lie on the plane as a whole. With their size known, the loops are unrolled.
    match (covered.rows, covered.columns) {
        (3, 3) => largest_of(values, Covered { rows: 3, columns: 3, ..covered }),
        (2, 2) => largest_of(values, Covered { rows: 2, columns: 2, ..covered }),
        _ => largest_of(values, covered),
    }
}

#[inline(always)]
fn largest_of(values: &[f32], covered: Covered) -> (f32, usize) {
    let (mut most, mut place) = (f32::NEG_INFINITY, covered.first);
    for row in 0..covered.rows {
        let start = covered.first + row * covered.stride;
        for (column, &value) in values[start..start + covered.columns].iter().enumerate() {
            // Chosen, not branched on: which value is the largest can't be foretold.
            let is_more = (value > most) | value.is_nan();
            most = if is_more { value } else { most };
            place = if is_more { start + column } else { place };
        }
    }
    (most, place)
}
