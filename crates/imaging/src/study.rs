//! What a file held, and where it came from.

use crate::{ColourMode, Slice};

/// How large a file may be before it is refused; checked on the declared size, before anything is allocated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest side of an image, in pixels.
    pub max_side: u32,
    /// Longest file, in bytes.
    pub max_bytes: usize,
}

impl Default for Limits {
    /// 8192 x 8192 pixels and 64 MiB.
    fn default() -> Self {
        Self { max_side: 8192, max_bytes: 64 << 20 }
    }
}

/// The slices of one file.
#[derive(Debug, Clone, PartialEq)]
pub struct Study {
    /// At least one slice, in the order of the file.
    pub slices: Vec<Slice>,
    /// Where they came from.
    pub source: Source,
}

/// What kind of file a study came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The file's format, found from its content.
    pub format: Format,
    /// How the file stores its pixels: for finding out what a collection gives away, never for a prediction.
    pub mode: ColourMode,
    /// The patient's identifier where the file carries one (DICOM): for grouping slices, never for display.
    pub patient_id: Option<String>,
}

/// A file format this crate reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// JPEG: baseline, extended, progressive or lossless; grey, `YCbCr`, RGB, CMYK or YCCK.
    Jpeg,
    /// PNG, 1 to 16 bit.
    Png,
    /// Windows bitmap.
    Bmp,
    /// TIFF, first page.
    Tiff,
    /// WebP, first frame.
    WebP,
    /// DICOM, one frame.
    Dicom {
        /// UID of the transfer syntax the pixels were stored in.
        transfer_syntax: String,
    },
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::Bmp => "BMP",
            Self::Tiff => "TIFF",
            Self::WebP => "WebP",
            Self::Dicom { .. } => "DICOM",
        })
    }
}
