//! A plane of a volume, as radiologists look at it.

use super::affine::{Affine, Axis};
use super::header::Grid;
use crate::{Plane, SliceGeometry};

/// Which stored axis runs across a picture, which down, and which from slice to slice.
#[derive(Debug, Clone, Copy)]
pub(super) struct View {
    pub(super) across: Axis,
    pub(super) down: Axis,
    pub(super) through: Axis,
}

impl View {
    /// The view of a plane, where `axes` run to the patient's left, back and head.
    pub(super) fn new(plane: Plane, axes: [Axis; 3]) -> Self {
        let [left, back, head] = axes;
        let (right, feet) = (opposite(left), opposite(head));
        match plane {
            Plane::Axial => Self { across: left, down: back, through: head },
            Plane::Coronal => Self { across: left, down: feet, through: back },
            Plane::Sagittal => Self { across: back, down: feet, through: right },
        }
    }

    /// The voxels of a slice in a grid, row by row.
    pub(super) fn voxels(self, grid: &Grid, index: usize) -> impl Iterator<Item = usize> {
        let Grid { sides, strides, .. } = *grid;
        let place = move |axis: Axis, at: usize| stored(axis, at, sides) * strides[axis.stored];
        let start = place(self.through, index);
        (0..sides[self.down.stored]).flat_map(move |y| {
            let row = start + place(self.down, y);
            (0..sides[self.across.stored]).map(move |x| row + place(self.across, x))
        })
    }

    /// Where a slice lies.
    pub(super) fn geometry(self, affine: &Affine, sides: [usize; 3], index: usize) -> SliceGeometry {
        let mut first = [0.0; 3];
        for (axis, at) in [(self.across, 0), (self.down, 0), (self.through, index)] {
            let side = sides[axis.stored] as f64 - 1.0;
            first[axis.stored] = if axis.reversed { side - at as f64 } else { at as f64 };
        }
        let lengths = affine.lengths();
        let unit = |axis: Axis| {
            let length = if axis.reversed { -lengths[axis.stored] } else { lengths[axis.stored] };
            affine.steps[axis.stored].map(|step| step / length)
        };
        SliceGeometry {
            position: affine.place(first),
            row: unit(self.across),
            column: unit(self.down),
            spacing: [lengths[self.down.stored], lengths[self.across.stored]],
        }
    }
}

fn opposite(axis: Axis) -> Axis {
    Axis { reversed: !axis.reversed, ..axis }
}

/// A place along an axis, as a place along the stored one.
fn stored(axis: Axis, at: usize, sides: [usize; 3]) -> usize {
    if axis.reversed { sides[axis.stored] - 1 - at } else { at }
}
