//! Why a file was refused, and what to do next.

use crate::{Format, SliceError};

/// Why a file can't be decoded. The caller adds the file's name.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DecodeError {
    /// Nothing in it.
    #[error("the file is empty")]
    EmptyFile,
    /// Longer than [`Limits::max_bytes`](crate::Limits).
    #[error("the file has {found} bytes; the limit is {limit}")]
    TooManyBytes {
        /// The file's length in bytes.
        found: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// Declares a side longer than [`Limits::max_side`](crate::Limits).
    #[error("the file declares {width} x {height} pixels; the limit is {limit} x {limit}")]
    TooManyPixels {
        /// Declared width in pixels.
        width: u32,
        /// Declared height in pixels.
        height: u32,
        /// The longest side accepted.
        limit: u32,
    },
    /// No format this crate knows.
    #[error("this is not an image: it begins with {begins}; accepted are JPEG, PNG, BMP, TIFF, WebP and DICOM")]
    NotAnImage {
        /// The first bytes, as text where they are text.
        begins: String,
    },
    /// Begins like a format, but can't be read to the end.
    #[error("the {format} is damaged: {reason}")]
    Damaged {
        /// What the file begins like.
        format: Format,
        /// What the decoder found.
        reason: String,
    },
    /// Sound, but of a kind that isn't read.
    #[error("this kind of {format} is not read: {reason}")]
    Unsupported {
        /// The file's format.
        format: Format,
        /// The kind, by its name in the field.
        reason: String,
    },
    /// A DICOM file of several frames, or of none.
    #[error("the DICOM holds {frames} frames; one frame a file is read")]
    ManyFrames {
        /// The declared number of frames.
        frames: u32,
    },
    /// A slice was asked for that is not in the file.
    #[error("there is no slice {index}; the file holds {slices}, counted from 0")]
    NoSuchSlice {
        /// What was asked for.
        index: usize,
        /// How many there are.
        slices: usize,
    },
    /// Decoded to something that is not a slice, such as pixels that are not numbers.
    #[error("the file's pixels can't be used: {0}")]
    Pixels(#[from] SliceError),
}

impl DecodeError {
    /// What to do next, where something can be done.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::EmptyFile | Self::Damaged { .. } => Some("export or download the file again"),
            Self::TooManyBytes { .. } | Self::TooManyPixels { .. } => {
                Some("export the slice alone, at its acquired size")
            }
            Self::NotAnImage { .. } | Self::Unsupported { .. } => {
                Some("export the slice as PNG, or as uncompressed DICOM")
            }
            Self::ManyFrames { .. } => Some("export the frames as single files"),
            Self::NoSuchSlice { .. } | Self::Pixels(_) => None,
        }
    }
}
