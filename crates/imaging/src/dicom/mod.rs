//! DICOM: what scanners and archives write.

mod attributes;
mod deflated;
mod directory;
mod display;
mod element;
mod fragments;
mod groups;
mod image;
mod jpeg2000;
mod jpeg2000_header;
mod jpeg_ls;
mod layout;
mod meta;
mod pixels;
mod reader;
mod rle;
mod syntax;
mod table;
mod tree;

use crate::{DecodeError, Format, Limits, Source, Study};
pub(crate) use directory::{is_directory, read as read_directory};
pub(crate) use image::{Image, open};
pub(crate) use rle::unpack as unpack_bits;
use syntax::Encoding;

/// Bytes before the mark `DICM`.
const PREAMBLE: usize = 128;
const MARK: &[u8] = b"DICM";
/// SOP class of a directory of files (DICOMDIR).
const DIRECTORY: &str = "1.2.840.10008.1.3.10";

/// Why a file can't be read, in words.
enum Fault {
    /// Cut off, or contradicting itself.
    Damaged(String),
    /// Sound, but of a kind that isn't read.
    Unsupported(String),
    /// A side is longer than the limit.
    TooManyPixels { width: u32, height: u32, limit: u32 },
}

impl Fault {
    /// The error about a file of this format.
    fn of(self, format: &Format) -> DecodeError {
        let format = format.clone();
        match self {
            Self::Damaged(reason) => DecodeError::Damaged { format, reason },
            Self::Unsupported(reason) => DecodeError::Unsupported { format, reason },
            Self::TooManyPixels { width, height, limit } => DecodeError::TooManyPixels { width, height, limit },
        }
    }
}

impl From<String> for Fault {
    fn from(reason: String) -> Self {
        Self::Damaged(reason)
    }
}

impl From<&str> for Fault {
    fn from(reason: &str) -> Self {
        Self::Damaged(reason.to_owned())
    }
}

/// Whether the bytes are marked as DICOM.
pub(crate) fn is_marked(bytes: &[u8]) -> bool {
    bytes.get(PREAMBLE..PREAMBLE + MARK.len()) == Some(MARK)
}

/// Whether the bytes are marked as DICOM, or begin with a plausible first element.
pub(crate) fn is_dicom(bytes: &[u8]) -> bool {
    is_marked(bytes) || bare_encoding(bytes).is_some()
}

/// Decodes the one frame of a file.
pub(crate) fn decode(bytes: &[u8], limits: &Limits) -> Result<Study, DecodeError> {
    let image = open(bytes.into(), limits)?;
    let frames = image.frames().len();
    if frames != 1 {
        return Err(DecodeError::ManyFrames { frames: frames as u32 });
    }
    let patient_id = image.attributes().patient_id.clone();
    let source = Source { format: image.format().clone(), mode: image.mode(), patient_id };
    Ok(Study { slices: vec![image.slice(0)?], source })
}

/// The encoding of a data set that says nothing of it, from its first element; `None` where that is implausible.
fn bare_encoding(bytes: &[u8]) -> Option<Encoding> {
    let start: [u8; 8] = bytes.get(..8)?.try_into().ok()?;
    let [g0, g1, _, e1, v0, v1, ..] = start;
    let explicit = v0.is_ascii_uppercase() && v1.is_ascii_uppercase();
    match (g0, g1) {
        (2 | 8, 0) if explicit => Some(Encoding::ExplicitLittle),
        (0, 8) if explicit => Some(Encoding::ExplicitBig),
        (8, 0) if e1 < 0x80 => {
            let length = element::u32_of(&start[4..], false) as usize;
            (length <= bytes.len() - 8).then_some(Encoding::ImplicitLittle)
        }
        _ => None,
    }
}

/// Compressed pixels of another size than the header says.
fn other_size((width, height): (u32, u32), expected: (u32, u32)) -> String {
    format!("its compressed pixels are {width} x {height}, its header says {} x {}", expected.0, expected.1)
}
