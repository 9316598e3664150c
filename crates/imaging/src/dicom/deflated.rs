//! A deflated data set (PS3.5, annex A.5): first its header is inflated, then as much as its image needs.

use super::bare_encoding;
use super::layout::{self, Layout};
use super::reader::{self, Parsed, Pixels};
use super::syntax::Encoding;
use crate::Limits;
use crate::inflate::Inflater;

/// The first piece; each further one until the pixels begin makes the whole this many times as long.
const FIRST: usize = 64 << 10;
const GROWTH: usize = 4;
/// Longest header.
const LONGEST_HEADER: usize = 16 << 20;

/// The data set up to the end of its pixels.
///
/// # Errors
/// In words, when the code is damaged, its header too long, or its image larger than `limits`.
pub(super) fn inflate(code: &[u8], limits: &Limits) -> Result<Vec<u8>, String> {
    let mut inflater = Inflater::raw(code);
    let mut length = FIRST;
    loop {
        let ended = inflater.inflate_to(length)?;
        if let Some(length) = needed(&inflater.inflated, limits)? {
            inflater.inflate_to(length)?;
            return Ok(inflater.inflated);
        }
        if ended {
            return Ok(inflater.inflated);
        }
        if length >= LONGEST_HEADER {
            return Err(format!("its deflated header is longer than {} MiB", LONGEST_HEADER >> 20));
        }
        length *= GROWTH;
    }
}

/// Bytes up to the end of the pixels; `None` where the header is not whole yet, or holds no pixels.
fn needed(inflated: &[u8], limits: &Limits) -> Result<Option<usize>, String> {
    let encoding = bare_encoding(inflated).unwrap_or(Encoding::ExplicitLittle);
    let Ok(Parsed { data_set, pixels: Some(Pixels::Native { bytes, .. }) }) = reader::read(inflated, encoding) else {
        return Ok(None);
    };
    let layout = Layout::read(&data_set)?;
    let Layout { width, height, samples, .. } = layout;
    let limit = limits.max_side;
    if width > limit || height > limit || samples > 4 {
        return Err(format!(
            "it declares {width} x {height} pixels of {samples} samples; the limit is {limit} x {limit} of 4"
        ));
    }
    let frames = layout::frames(&data_set)? as usize;
    let length = layout.native_length(frames);
    if frames > 1 && length > limits.max_bytes as u64 {
        return Err(format!("its {frames} frames take {length} bytes; the limit is {}", limits.max_bytes));
    }
    Ok(usize::try_from(length).ok().map(|length| bytes.start.saturating_add(length)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::*;

    #[test]
    fn zeros_behind_the_pixels_are_not_inflated() {
        let file = include_bytes!("../../tests/fixtures/faulty/bomb.dcm");
        let opened = crate::dicom::meta::open(file).unwrap();
        let inflated = inflate(&file[opened.end..], &Limits::default()).unwrap();
        assert!(inflated.len() < 2 * FIRST, "{} bytes", inflated.len());
        assert!(inflated.capacity() < 2 * FIRST, "{} bytes are reserved", inflated.capacity());
    }
}
