//! What a map of evidence is taught: for each of its cells, which share of it a tumour fills, and whether that is known.

use crate::augment::Warp;
use crate::tumour_masks::contains;

/// Corners of an outline, from -1 to 1 across a prepared slice.
pub type Polygon = Vec<[f32; 2]>;

/// What is known of where a tumour is in a prepared slice.
#[derive(Debug, Clone, PartialEq)]
pub enum Place {
    /// Nothing: there is one somewhere, or it was moved.
    Unknown,
    /// There is none.
    Nowhere,
    /// It fills these outlines.
    Outlined(Vec<Polygon>),
    /// It lies within these boxes, which it does not fill; beside them there is none.
    Boxed(Vec<Polygon>),
}

/// Points along each side of a cell that are looked at.
const POINTS: usize = 4;

/// The targets of a batch.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MapTargets {
    /// Rows and columns of the map.
    pub side: usize,
    /// `[batch, side * side]`: which share of a cell a tumour fills.
    pub shares: Vec<f32>,
    /// `[batch, side * side]`: 1 where that is known, 0 where not.
    pub known: Vec<f32>,
}

impl MapTargets {
    /// For maps of `side` x `side` cells.
    #[must_use]
    pub fn new(side: usize) -> Self {
        Self { side, ..Self::default() }
    }

    /// Adds a slice that was warped.
    pub fn push(&mut self, place: &Place, warp: &Warp) {
        let cells = self.side.pow(2);
        match place {
            Place::Unknown => self.extend(&vec![0.0; cells], 0.0),
            Place::Nowhere => self.extend(&vec![0.0; cells], 1.0),
            Place::Outlined(polygons) => self.extend(&covered(polygons, self.side, warp), 1.0),
            Place::Boxed(polygons) => {
                let covered = covered(polygons, self.side, warp);
                self.shares.extend(std::iter::repeat_n(0.0, cells));
                self.known.extend(covered.into_iter().map(|share| if share > 0.0 { 0.0 } else { 1.0 }));
            }
        }
    }

    /// Which share of each cell an outline covers, for a slice that was not warped.
    #[must_use]
    pub fn of_outline(outline: Polygon, side: usize) -> Vec<f32> {
        let mut targets = Self::new(side);
        targets.push(&Place::Outlined(vec![outline]), &Warp::NONE);
        targets.shares
    }

    fn extend(&mut self, shares: &[f32], known: f32) {
        self.shares.extend_from_slice(shares);
        self.known.extend(std::iter::repeat_n(known, shares.len()));
    }
}

/// The share of every cell that lies in one of the polygons.
fn covered(polygons: &[Polygon], side: usize, warp: &Warp) -> Vec<f32> {
    let points = side * POINTS;
    let unit = |index: usize| (2.0 * index as f32 + 1.0) / points as f32 - 1.0;
    let mut shares = vec![0.0; side * side];
    for (row, column) in (0..points).flat_map(|row| (0..points).map(move |column| (row, column))) {
        let source = warp.source(unit(column), unit(row));
        if polygons.iter().any(|polygon| contains(polygon, source)) {
            shares[row / POINTS * side + column / POINTS] += 1.0 / (POINTS * POINTS) as f32;
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lower right quarter of a slice.
    fn quarter() -> Vec<Polygon> {
        vec![vec![[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]]
    }

    fn targets(place: &Place, warp: &Warp) -> MapTargets {
        let mut targets = MapTargets::new(4);
        targets.push(place, warp);
        targets
    }

    #[test]
    fn an_outline_fills_the_cells_that_it_covers() {
        let targets = targets(&Place::Outlined(quarter()), &Warp::NONE);
        for (cell, share) in targets.shares.iter().enumerate() {
            let inside = cell % 4 >= 2 && cell / 4 >= 2;
            assert!((share - f32::from(u8::from(inside))).abs() < 1e-6);
        }
        assert_eq!(targets.known, [1.0; 16]);
    }

    #[test]
    fn an_outline_is_mirrored_with_its_slice() {
        let mirror = Warp { matrix: [-1.0, 0.0, 0.0, 1.0], shift: [0.0; 2] };
        let targets = targets(&Place::Outlined(quarter()), &mirror);
        assert!(targets.shares[12] > 0.99 && targets.shares[15] < 0.01);
    }

    #[test]
    fn of_a_box_only_what_lies_beside_it_is_known() {
        let targets = targets(&Place::Boxed(quarter()), &Warp::NONE);
        assert_eq!(targets.shares, [0.0; 16]);
        let unknown = |cell: &usize| targets.known[*cell] < 0.5;
        assert_eq!((0..16).filter(unknown).collect::<Vec<_>>(), [10, 11, 14, 15]);
    }

    #[test]
    fn of_a_tumour_without_a_place_nothing_is_known_and_without_a_tumour_all() {
        assert_eq!(targets(&Place::Unknown, &Warp::NONE).known, [0.0; 16]);
        assert_eq!(targets(&Place::Nowhere, &Warp::NONE).known, [1.0; 16]);
    }
}
