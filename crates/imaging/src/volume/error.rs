//! Why a volume was refused, and what to do next.

use super::VolumeFormat;
use crate::{Plane, SliceError};

/// Why a volume or one of its slices can't be read. The caller adds the file's name.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum VolumeError {
    /// No format of [`VolumeFormat`].
    #[error("this is not a volume: it begins with {begins}; accepted are NIfTI-1, NIfTI-2, Analyze, MGH and NRRD")]
    NotAVolume {
        /// The first bytes.
        begins: String,
    },
    /// The header of a pair, without the file of its voxels.
    #[error("this is the header of {format} in two files; the one with its voxels, .img, is needed too")]
    HeaderAlone {
        /// The header's format.
        format: VolumeFormat,
    },
    /// Declares a side longer than [`VolumeLimits::max_side`](super::VolumeLimits).
    #[error("the volume declares {sides:?} voxels; the limit is {limit} a side")]
    TooWide {
        /// Declared numbers of voxels along its axes.
        sides: [u64; 3],
        /// The longest side accepted.
        limit: u32,
    },
    /// Declares more than [`VolumeLimits::max_bytes`](super::VolumeLimits).
    #[error("the volume declares {found} bytes of voxels; the limit is {limit}")]
    TooLarge {
        /// Bytes declared.
        found: u64,
        /// Bytes accepted.
        limit: u64,
    },
    /// Begins like a format, but contradicts itself or is cut off.
    #[error("the {format} is damaged: {reason}")]
    Damaged {
        /// What the file begins like.
        format: VolumeFormat,
        /// What was found.
        reason: String,
    },
    /// Sound, but of a kind that isn't read.
    #[error("this kind of {format} is not read: {reason}")]
    Unsupported {
        /// The file's format.
        format: VolumeFormat,
        /// The kind, and what is accepted.
        reason: String,
    },
    /// A slice that the volume does not have.
    #[error("there is no {plane} slice {index}; the volume has {slices}, counted from 0")]
    NoSuchSlice {
        /// The plane asked for.
        plane: Plane,
        /// The slice asked for.
        index: usize,
        /// The number of slices in that plane.
        slices: usize,
    },
    /// A volume that the file does not have.
    #[error("there is no volume {time}; the file has {times}, counted from 0")]
    NoSuchTime {
        /// The volume asked for.
        time: usize,
        /// The number of volumes in the file.
        times: usize,
    },
    /// Not a slice.
    #[error("the volume's voxels can't be used: {0}")]
    Pixels(#[from] SliceError),
}

impl VolumeError {
    /// What to do next, where something can be done.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::HeaderAlone { .. } => Some("open both files together"),
            Self::NotAVolume { .. } | Self::Unsupported { .. } => Some("export the volume as .nii or .nii.gz"),
            Self::TooWide { .. } | Self::TooLarge { .. } => Some("export the part of the volume that is needed"),
            Self::Damaged { .. } => Some("export or download the file again"),
            Self::NoSuchSlice { .. } | Self::NoSuchTime { .. } | Self::Pixels(_) => None,
        }
    }
}
