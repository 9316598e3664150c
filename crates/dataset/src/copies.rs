//! Copies of slices: the same picture again, also mirrored, turned, rescaled, recompressed or brightened.
//!
//! Two slices are copies where their values at 48 x 48 pixels correlate by 0.99 or more in one of the eight
//! orientations of a square. Comparing every two would take the square of the number of slices. Instead each slice
//! gets a description that none of the eight orientations changes and that can't differ much between copies; slices
//! whose descriptions lie close are found in a grid, and only those are compared.

use std::array;
use std::collections::HashMap;
use std::f32::consts::{PI, SQRT_2};

use imaging::Slice;
use serde::{Deserialize, Serialize};

/// Side of a thumbnail, in pixels.
const SIDE: usize = 48;
/// From this correlation on, two slices are copies.
const ALIKE: f32 = 0.99;
/// Thumbnails have length 1, so copies are no further apart than this: the root of 2 - 2 * 0.99.
const REACH: f32 = 0.1415;
/// Cosine waves along each side that describe a slice.
const WAVES: usize = 8;
/// Numbers in a description.
const NUMBERS: usize = WAVES * WAVES;
/// Numbers by which the grid is laid.
const AXES: usize = 4;

/// What must be done to a slice to get its copy, of the eight orientations of a square.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Orientation {
    /// Nothing.
    Same,
    /// Left and right change places.
    Mirrored,
    /// Top and bottom change places.
    UpsideDown,
    /// Turned by 180 degrees.
    Turned180,
    /// Turned clockwise by 90 degrees.
    Turned90,
    /// Turned clockwise by 270 degrees.
    Turned270,
    /// Rows and columns change places.
    Transposed,
    /// Rows and columns change places, then the slice is turned by 180 degrees.
    TransposedTurned180,
}

impl Orientation {
    const ALL: [Self; 8] = [
        Self::Same,
        Self::Mirrored,
        Self::UpsideDown,
        Self::Turned180,
        Self::Turned90,
        Self::Turned270,
        Self::Transposed,
        Self::TransposedTurned180,
    ];

    /// Where the pixel at this row and column comes to lie.
    fn source(self, row: usize, column: usize) -> (usize, usize) {
        let (up, left) = (SIDE - 1 - row, SIDE - 1 - column);
        match self {
            Self::Same => (row, column),
            Self::Mirrored => (row, left),
            Self::UpsideDown => (up, column),
            Self::Turned180 => (up, left),
            Self::Turned90 => (column, up),
            Self::Turned270 => (left, row),
            Self::Transposed => (column, row),
            Self::TransposedTurned180 => (left, up),
        }
    }
}

/// A slice at 48 x 48 pixels, with mean 0 and length 1, so that the product of two is their correlation.
#[derive(Debug, Clone)]
pub struct Thumbnail {
    values: Vec<f32>,
}

impl Thumbnail {
    /// The thumbnail of a slice, squeezed to a square; `None` for a slice of one value, which resembles nothing.
    #[must_use]
    pub fn of(slice: &Slice) -> Option<Self> {
        let mut values = imaging::squeeze(slice, SIDE as u32);
        let mean = values.iter().sum::<f32>() / values.len() as f32;
        for value in &mut values {
            *value -= mean;
        }
        let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
        // In any unit: what differs no more than rounding does is of one value.
        let largest = values.iter().fold(mean.abs(), |largest, value| largest.max(value.abs()));
        (length > 1e-3 * largest).then(|| Self { values: values.into_iter().map(|value| value / length).collect() })
    }

    /// The orientation in which another slice resembles this one most, and the correlation then, -1 to 1.
    fn resemblance(&self, other: &Self) -> (Orientation, f32) {
        let correlation = |orientation: Orientation| -> f32 {
            let pixels = (0..SIDE).flat_map(|row| (0..SIDE).map(move |column| orientation.source(row, column)));
            self.values.iter().zip(pixels).map(|(value, (row, column))| value * other.values[row * SIDE + column]).sum()
        };
        let first = (Orientation::Same, correlation(Orientation::Same));
        Orientation::ALL[1..].iter().map(|&orientation| (orientation, correlation(orientation))).fold(
            first,
            // Of orientations that do the same to a symmetric slice, the plainest is named.
            |best, next| if next.1 > best.1 + 1e-6 { next } else { best },
        )
    }

    /// Amplitudes of the longest cosine waves. Mirroring only changes the signs of waves, and transposing exchanges
    /// those along rows with those along columns: neither changes sum and difference of the two amplitudes.
    fn description(&self, waves: &[[f32; SIDE]; WAVES]) -> [f32; NUMBERS] {
        let rows: Vec<[f32; WAVES]> =
            self.values.chunks_exact(SIDE).map(|row| array::from_fn(|wave| product(row, &waves[wave]))).collect();
        let amplitude = |along_column: usize, along_row: usize| -> f32 {
            rows.iter().zip(&waves[along_column]).map(|(row, wave)| row[along_row] * wave).sum::<f32>().abs()
        };
        array::from_fn(|number| {
            let (u, v) = (number / WAVES, number % WAVES);
            let (here, across) = (amplitude(u, v), amplitude(v, u));
            match u.cmp(&v) {
                std::cmp::Ordering::Less => (here + across) / SQRT_2,
                std::cmp::Ordering::Equal => here,
                std::cmp::Ordering::Greater => (here - across).abs() / SQRT_2,
            }
        })
    }
}

fn product(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// The orthonormal cosine waves (DCT-II) over a side.
fn waves() -> [[f32; SIDE]; WAVES] {
    array::from_fn(|wave| {
        let scale = if wave == 0 { 1.0 } else { SQRT_2 } / (SIDE as f32).sqrt();
        array::from_fn(|pixel| scale * (PI * wave as f32 * (pixel as f32 + 0.5) / SIDE as f32).cos())
    })
}

/// Two slices that show the same picture.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Copies {
    /// Index of the first slice.
    pub a: usize,
    /// Index of the second slice, larger than the first.
    pub b: usize,
    /// What must be done to one to get the other.
    pub orientation: Orientation,
    /// Their correlation in this orientation, 0.99 to 1.
    pub correlation: f32,
}

/// Every pair of copies, sorted by index. The time grows about linearly with the number of thumbnails.
#[must_use]
pub fn copies(thumbnails: &[Option<Thumbnail>]) -> Vec<Copies> {
    let waves = waves();
    let described: Vec<(usize, &Thumbnail, [f32; NUMBERS])> = thumbnails
        .iter()
        .enumerate()
        .filter_map(|(index, thumbnail)| thumbnail.as_ref().map(|t| (index, t, t.description(&waves))))
        .collect();
    let grid = Grid::new(described.iter().map(|(_, _, description)| description));
    let mut found = Vec::new();
    for (at, (a, thumbnail, description)) in described.iter().enumerate() {
        for (b, other, far) in grid.around(description).filter(|&near| near > at).map(|near| &described[near]) {
            let apart: f32 = description.iter().zip(far).map(|(x, y)| (x - y) * (x - y)).sum();
            if apart <= REACH * REACH {
                let (orientation, correlation) = thumbnail.resemblance(other);
                if correlation >= ALIKE {
                    found.push(Copies { a: *a, b: *b, orientation, correlation });
                }
            }
        }
    }
    found.sort_unstable_by_key(|pair| (pair.a, pair.b));
    found
}

/// Descriptions by cells as wide as copies can lie apart, so that copies are in one cell or in cells that touch.
struct Grid {
    axes: [usize; AXES],
    cells: HashMap<[i16; AXES], Vec<usize>>,
}

impl Grid {
    /// Lays the cells along the numbers that vary most.
    fn new<'a>(descriptions: impl Iterator<Item = &'a [f32; NUMBERS]> + Clone) -> Self {
        let count = descriptions.clone().count().max(1) as f32;
        let spread = |number: usize| {
            let mean = descriptions.clone().map(|d| d[number]).sum::<f32>() / count;
            descriptions.clone().map(|d| (d[number] - mean).powi(2)).sum::<f32>()
        };
        let spreads: [f32; NUMBERS] = array::from_fn(spread);
        let mut by_spread: [usize; NUMBERS] = array::from_fn(|number| number);
        by_spread.sort_by(|&a, &b| spreads[b].total_cmp(&spreads[a]));
        let mut grid = Self { axes: array::from_fn(|axis| by_spread[axis]), cells: HashMap::new() };
        for (index, description) in descriptions.enumerate() {
            grid.cells.entry(grid.cell(description)).or_default().push(index);
        }
        grid
    }

    fn cell(&self, description: &[f32; NUMBERS]) -> [i16; AXES] {
        self.axes.map(|axis| (description[axis] / REACH).floor() as i16)
    }

    /// Everything in the cell of a description and in the cells that touch it.
    fn around(&self, description: &[f32; NUMBERS]) -> impl Iterator<Item = usize> {
        let home = self.cell(description);
        (0..3_usize.pow(AXES as u32))
            .map(move |which| array::from_fn(|axis| home[axis] + (which / 3_usize.pow(axis as u32) % 3) as i16 - 1))
            .filter_map(|cell: [i16; AXES]| self.cells.get(&cell))
            .flatten()
            .copied()
    }
}
