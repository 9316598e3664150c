//! From voxels to millimetres in the patient.

use crate::plane::{cross, dot};

/// Where voxels lie, in millimetres to the patient's left, back and head (LPS).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Affine {
    /// The way from a voxel to the next, along each of the stored axes.
    pub(super) steps: [[f64; 3]; 3],
    /// The centre of the first voxel.
    pub(super) origin: [f64; 3],
}

/// A stored axis, walked up or down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Axis {
    pub(super) stored: usize,
    pub(super) reversed: bool,
}

impl Affine {
    /// Of the rows of an affine to the patient's right, front and head (RAS), as NIfTI has it.
    pub(super) fn from_ras(rows: [[f64; 4]; 3]) -> Self {
        let column = |at: usize| [-rows[0][at], -rows[1][at], rows[2][at]];
        Self { steps: [column(0), column(1), column(2)], origin: column(3) }
    }

    /// Of lengths alone, with the first axis to the patient's left, the second to the front, and the origin in the
    /// middle, or at a voxel.
    ///
    /// nibabel takes files without an orientation in this way, as Analyze 7.5 was mostly written.
    pub(super) fn assumed(spacing: [f64; 3], sides: [usize; 3], origin: Option<[f64; 3]>) -> Self {
        let middle = sides.map(|side| (side as f64 - 1.0) / 2.0);
        let [x, y, z] = spacing;
        let mut affine = Self { steps: [[x, 0.0, 0.0], [0.0, -y, 0.0], [0.0, 0.0, z]], origin: [0.0; 3] };
        affine.origin = affine.place(origin.unwrap_or(middle)).map(|value| 0.0 - value);
        affine
    }

    /// Of a quaternion's three written numbers, lengths, the third with the sign of its direction, and the first
    /// voxel's place (RAS), as NIfTI's qform has them.
    pub(super) fn from_quaternion([b, c, d]: [f64; 3], spacing: [f64; 3], offset: [f64; 3]) -> Self {
        let a = (1.0 - (b * b + c * c + d * d)).max(0.0).sqrt();
        let scale = 2.0 / (a * a + b * b + c * c + d * d);
        let rotation = [
            [1.0 - scale * (c * c + d * d), scale * (b * c - a * d), scale * (b * d + a * c)],
            [scale * (b * c + a * d), 1.0 - scale * (b * b + d * d), scale * (c * d - a * b)],
            [scale * (b * d - a * c), scale * (c * d + a * b), 1.0 - scale * (b * b + c * c)],
        ];
        let row = |at: usize| {
            let step = |axis: usize| rotation[at][axis] * spacing[axis];
            [step(0), step(1), step(2), offset[at]]
        };
        Self::from_ras([row(0), row(1), row(2)])
    }

    /// Whether it is finite, and its axes span space.
    pub(super) fn is_usable(&self) -> bool {
        let lengths: f64 = self.lengths().iter().product();
        let volume = dot(self.steps[0], cross(self.steps[1], self.steps[2])).abs();
        let finite = self.steps.iter().flatten().chain(&self.origin).all(|value| value.is_finite());
        finite && lengths.is_normal() && volume > lengths * 1e-3
    }

    /// Distances of neighbouring voxels along the stored axes, in millimetres.
    pub(super) fn lengths(&self) -> [f64; 3] {
        self.steps.map(|step| dot(step, step).sqrt())
    }

    /// The place of a voxel.
    pub(super) fn place(&self, voxel: [f64; 3]) -> [f64; 3] {
        let along = |at: usize| self.origin[at] + (0..3).map(|axis| self.steps[axis][at] * voxel[axis]).sum::<f64>();
        [along(0), along(1), along(2)]
    }

    /// For left, back and head, the stored axis that is nearest; it is reversed where it runs the other way.
    pub(super) fn axes(&self) -> [Axis; 3] {
        const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        let lengths = self.lengths();
        let cosine = |stored: usize, direction: usize| self.steps[stored][direction] / lengths[stored];
        let near = |order: &[usize; 3]| (0..3).map(|direction| cosine(order[direction], direction).abs()).sum::<f64>();
        let best = ORDERS.into_iter().reduce(|best, order| if near(&order) > near(&best) { order } else { best });
        let order = best.unwrap_or([0, 1, 2]);
        [0, 1, 2].map(|direction| {
            let stored = order[direction];
            Axis { stored, reversed: self.steps[stored][direction] < 0.0 }
        })
    }
}
