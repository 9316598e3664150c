//! Bytes of a file become a study.

use crate::{DecodeError, Format, Limits, Study, dicom, jpeg, raster, tiff};

/// Decodes a file of one slice in any [`Format`], found by its content and not by its name.
///
/// A DICOM file of several frames is refused as [`DecodeError::ManyFrames`]; [`open`](crate::open) reads it.
///
/// # Errors
/// When the file is empty, longer or wider than `limits`, of no known format, of a kind that isn't read, or damaged.
/// Declared sizes are checked before anything of that size is allocated. No bytes make it panic.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Study, DecodeError> {
    check_length(bytes, limits)?;
    // A DICOM file may have another format's first bytes in its preamble.
    if dicom::is_marked(bytes) {
        return dicom::decode(bytes, limits);
    }
    match sniff(bytes) {
        Some(Format::Jpeg) => jpeg::decode(bytes, limits),
        Some(Format::Tiff) => tiff::decode(bytes, limits),
        Some(format) => raster::decode(bytes, format, limits),
        None if dicom::is_dicom(bytes) => dicom::decode(bytes, limits),
        None => Err(not_an_image(bytes)),
    }
}

/// Whether there are bytes, and not too many.
pub(crate) fn check_length(bytes: &[u8], limits: &Limits) -> Result<(), DecodeError> {
    match bytes.len() {
        0 => Err(DecodeError::EmptyFile),
        found if found > limits.max_bytes => Err(DecodeError::TooManyBytes { found, limit: limits.max_bytes }),
        _ => Ok(()),
    }
}

/// The error about a file of no known format.
pub(crate) fn not_an_image(bytes: &[u8]) -> DecodeError {
    DecodeError::NotAnImage { begins: beginning(bytes) }
}

/// Whether a file that begins like this is of a format in [`Format`]; its first kilobyte is enough to tell.
#[must_use]
pub fn is_readable(beginning: &[u8]) -> bool {
    sniff(beginning).is_some() || dicom::is_dicom(beginning)
}

/// Whether a file that begins like this is read as DICOM; its first kilobyte is enough to tell.
#[must_use]
pub fn is_dicom(beginning: &[u8]) -> bool {
    dicom::is_marked(beginning) || sniff(beginning).is_none() && dicom::is_dicom(beginning)
}

/// The format a file's first bytes announce.
pub(crate) fn sniff(bytes: &[u8]) -> Option<Format> {
    match bytes {
        [0xff, 0xd8, 0xff, ..] => Some(Format::Jpeg),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Format::Png),
        // The length of the second header tells a bitmap from a text that begins with BM.
        [b'B', b'M', rest @ ..]
            if matches!(rest.get(12..16), Some([12 | 16 | 40 | 52 | 56 | 64 | 108 | 124, 0, 0, 0])) =>
        {
            Some(Format::Bmp)
        }
        [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => Some(Format::Tiff),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Format::WebP),
        _ => None,
    }
}

/// The first bytes in a form a person can read: `"<!DOCTYPE html>"`, or `50 4B 03 04`.
fn beginning(bytes: &[u8]) -> String {
    let start = &bytes[..bytes.len().min(16)];
    if start.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace()) {
        let text: String = start.iter().map(|&byte| char::from(byte)).collect();
        format!("{:?}", text.trim_end())
    } else {
        start.iter().take(8).map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(" ")
    }
}
