//! Why a file was refused, in words that say what to do next.

use crate::{Format, SliceError};

/// Why a file can't be decoded. The caller adds the file's name.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DecodeError {
    /// Nothing in it.
    #[error("the file is empty\nhint: export or download the file again")]
    EmptyFile,
    /// Longer than [`Limits::max_bytes`](crate::Limits).
    #[error("the file has {found} bytes; the limit is {limit}\nhint: export the slice alone, at its acquired size")]
    TooManyBytes {
        /// The file's length in bytes.
        found: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// Declares a side longer than [`Limits::max_side`](crate::Limits).
    #[error(
        "the file declares {width} x {height} pixels; the limit is {limit} x {limit}\n\
         hint: export the slice alone, at its acquired size"
    )]
    TooManyPixels {
        /// Declared width in pixels.
        width: u32,
        /// Declared height in pixels.
        height: u32,
        /// The longest side accepted.
        limit: u32,
    },
    /// No format this crate knows.
    #[error(
        "this is not an image: it begins with {begins}; accepted are JPEG, PNG, BMP, TIFF, WebP and DICOM\n\
         hint: export the slice as PNG, or as uncompressed DICOM"
    )]
    NotAnImage {
        /// The first bytes, as text where they are text.
        begins: String,
    },
    /// Begins like a format, but can't be read to the end.
    #[error("the {format} is damaged: {reason}\nhint: export or download the file again")]
    Damaged {
        /// What the file begins like.
        format: Format,
        /// What the decoder found.
        reason: String,
    },
    /// Sound, but of a kind that isn't read.
    #[error("this kind of {format} is not read: {reason}\nhint: export the slice as PNG, or as uncompressed DICOM")]
    Unsupported {
        /// The file's format.
        format: Format,
        /// The kind, by its name in the field.
        reason: String,
    },
    /// A DICOM file of several frames, or of none.
    #[error("the DICOM holds {frames} frames; one frame a file is read\nhint: export the frames as single files")]
    ManyFrames {
        /// The declared number of frames.
        frames: u32,
    },
    /// Decoded to something that is not a slice, such as pixels that are not numbers.
    #[error("the file's pixels can't be used: {0}")]
    Pixels(#[from] SliceError),
}
