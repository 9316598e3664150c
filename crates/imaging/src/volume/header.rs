//! What every format's header says.

use super::affine::Affine;
use super::element::Element;
use super::{Placement, VolumeError, VolumeFormat, VolumeLimits};
use crate::Window;

/// Longest header, in bytes.
pub(super) const LONGEST: usize = 64 << 20;

/// A header, in the words of this module.
#[derive(Debug, Clone)]
pub(super) struct Header {
    pub(super) format: VolumeFormat,
    pub(super) grid: Grid,
    /// Where the voxels begin in their file.
    pub(super) offset: usize,
    /// Whether they are a gzip from there on.
    pub(super) gzip: bool,
    /// Slope and intercept of stored numbers.
    pub(super) scale: Option<(f64, f64)>,
    pub(super) affine: Affine,
    pub(super) placement: Placement,
    pub(super) window: Option<Window>,
}

/// How voxels lie in memory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grid {
    pub(super) element: Element,
    pub(super) big: bool,
    /// Voxels along the three axes in space.
    pub(super) sides: [usize; 3],
    /// Voxels from one to the next along these axes.
    pub(super) strides: [usize; 3],
    /// Volumes, and voxels from one to the next.
    pub(super) times: usize,
    pub(super) time_stride: usize,
}

impl Grid {
    /// A grid whose first axis runs fastest, and whose volumes lie one after the other.
    ///
    /// # Errors
    /// In words, when a side is no number of voxels.
    pub(super) fn in_order(element: Element, big: bool, sides: &[i64]) -> Result<Self, String> {
        let sides = counted(sides)?;
        let side = |axis: usize| sides.get(axis).copied().unwrap_or(1);
        let product = |sides: &[usize]| sides.iter().fold(1_usize, |product, &side| product.saturating_mul(side));
        let stride = |axis: usize| product(&sides[..axis.min(sides.len())]);
        Ok(Self {
            element,
            big,
            sides: [side(0), side(1), side(2)],
            strides: [1, stride(1), stride(2)],
            times: product(&sides[3.min(sides.len())..]),
            time_stride: stride(3),
        })
    }

    /// Bytes of all voxels.
    pub(super) fn length(&self) -> u64 {
        let voxels = self.sides.iter().fold(self.times as u64, |product, &side| product.saturating_mul(side as u64));
        voxels.saturating_mul(self.element.length() as u64)
    }
}

/// Sides as numbers of voxels.
pub(super) fn counted(sides: &[i64]) -> Result<Vec<usize>, String> {
    let positive = |&side: &i64| usize::try_from(side).ok().filter(|&side| side > 0);
    let counted: Option<Vec<usize>> = sides.iter().map(positive).collect();
    counted.ok_or_else(|| format!("its sides are {sides:?}; 1 voxel or more is accepted"))
}

impl Header {
    /// Checks the declared size, and gives the length of the voxels in bytes.
    pub(super) fn check(&self, limits: &VolumeLimits) -> Result<usize, VolumeError> {
        let (sides, limit) = (self.grid.sides.map(|side| side as u64), limits.max_side);
        if sides.iter().any(|&side| side > limit.into()) {
            return Err(VolumeError::TooWide { sides, limit });
        }
        let (found, limit) = (self.grid.length(), limits.max_bytes as u64);
        let length = usize::try_from(found).ok().filter(|_| found <= limit);
        let length = length.ok_or(VolumeError::TooLarge { found, limit })?;
        if self.offset > LONGEST {
            return Err(self.damaged(format!("its header has {} bytes; the limit is {LONGEST}", self.offset)));
        }
        Ok(length)
    }

    pub(super) fn damaged(&self, reason: impl Into<String>) -> VolumeError {
        VolumeError::Damaged { format: self.format, reason: reason.into() }
    }
}

/// Why a header is refused; its format is added where it is known.
pub(super) enum Refusal {
    Damaged(String),
    Unsupported(String),
}

impl Refusal {
    pub(super) fn of(self, format: VolumeFormat) -> VolumeError {
        match self {
            Self::Damaged(reason) => VolumeError::Damaged { format, reason },
            Self::Unsupported(reason) => VolumeError::Unsupported { format, reason },
        }
    }
}

impl From<String> for Refusal {
    fn from(reason: String) -> Self {
        Self::Damaged(reason)
    }
}
