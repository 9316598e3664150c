//! The planes in which a head is looked at.

use std::fmt;

use crate::SliceGeometry;

/// A plane of the patient's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Plane {
    /// Seen from the feet: the patient's right is on the left, the front is up.
    Axial,
    /// Seen from the front: the patient's right is on the left, the head is up.
    Coronal,
    /// Seen from the patient's left: the front is on the left, the head is up.
    Sagittal,
}

impl Plane {
    /// Every plane.
    pub const ALL: [Self; 3] = [Self::Axial, Self::Coronal, Self::Sagittal];

    /// The axis of the patient that stands on the plane: 0 to the left, 1 to the back, 2 to the head.
    pub(crate) const fn normal(self) -> usize {
        match self {
            Self::Axial => 2,
            Self::Coronal => 1,
            Self::Sagittal => 0,
        }
    }
}

impl fmt::Display for Plane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Axial => "axial",
            Self::Coronal => "coronal",
            Self::Sagittal => "sagittal",
        })
    }
}

/// How a slice lies in the patient.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Orientation {
    /// The nearest plane.
    pub nearest: Plane,
    /// The angle to that plane in degrees, 0 to 54.8.
    pub degrees: f64,
}

impl Orientation {
    /// From this angle on a slice is called oblique. Head scans are tilted along the skull base by up to about 20
    /// degrees, and still called axial.
    pub const OBLIQUE: f64 = 20.0;

    /// The orientation of a slice.
    #[must_use]
    pub fn of(geometry: &SliceGeometry) -> Self {
        let normal = cross(geometry.row, geometry.column).map(f64::abs);
        let along = |plane: &Plane| normal[plane.normal()];
        let nearest = Plane::ALL.into_iter().max_by(|a, b| along(a).total_cmp(&along(b))).unwrap_or(Plane::Axial);
        let length = dot(normal, normal).sqrt().max(f64::MIN_POSITIVE);
        Self { nearest, degrees: (along(&nearest) / length).clamp(0.0, 1.0).acos().to_degrees() }
    }

    /// Whether the slice is so far from every plane that its name needs the angle.
    #[must_use]
    pub fn is_oblique(&self) -> bool {
        self.degrees >= Self::OBLIQUE
    }
}

impl fmt::Display for Orientation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_oblique() {
            write!(f, "oblique, {:.0}\u{b0} from {}", self.degrees, self.nearest)
        } else {
            self.nearest.fmt(f)
        }
    }
}

pub(crate) fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

pub(crate) fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
