//! Stored pixels become grey.

use super::element::{join_fragments, u16_of, u32_of};
use super::header::{Header, Layout};
use super::syntax::{Compression, Encoding, Syntax};
use super::{Fault, jpeg_ls, jpeg2000, rle};
use crate::grey::{luma, luma_of};
use crate::jpeg::{self, Segments};
use crate::{Channels, DecodeError};

/// Stored values before rescale, pixel by pixel, `samples` to a pixel.
pub(super) struct Stored {
    pub(super) values: Vec<f32>,
    pub(super) samples: usize,
    /// The first of several samples is already luma, whatever the header says of colours.
    pub(super) luma_first: bool,
}

/// Reads or decompresses the pixels.
///
/// # Errors
/// When there are fewer than the layout says, or the code is damaged or of a kind that isn't read.
pub(super) fn stored(header: &Header, layout: &Layout, syntax: Syntax) -> Result<Stored, Fault> {
    let element = header.pixel_data().ok_or("it has no pixels")?;
    if element.fragments {
        return compressed(&join_fragments(element.value)?, layout, syntax.compression);
    }
    let big = syntax.encoding == Encoding::ExplicitBig;
    let turned: Vec<u8>;
    let bytes = if big && element.words && layout.allocated == 8 {
        turned = element.value.chunks(2).flat_map(|word| word.iter().rev()).copied().collect();
        &turned
    } else {
        element.value
    };
    // Some writers put a code stream where pixels belong, without fragments.
    match compression_of(bytes).filter(|_| bytes.len() < native_length(layout)) {
        Some(found) => compressed(bytes, layout, found),
        None => Ok(native(bytes, layout, big)?),
    }
}

/// Decompresses a code stream, by what it begins with where that contradicts the transfer syntax.
fn compressed(code: &[u8], layout: &Layout, declared: Compression) -> Result<Stored, Fault> {
    let size = (layout.width, layout.height);
    let pixels = layout.width as usize * layout.height as usize;
    match compression_of(code).unwrap_or(declared) {
        Compression::Native => Err("its pixels are in fragments, its transfer syntax says they are not".into()),
        Compression::Rle => {
            if layout.allocated < 8 {
                return Err("its RLE pixels have less than a byte each".into());
            }
            let bytes = rle::decode(code, pixels, layout.samples, layout.allocated as usize / 8)?;
            Ok(native(&bytes, &Layout { planar: false, ..layout.clone() }, false)?)
        }
        Compression::Jpeg => jpeg_samples(code, layout),
        Compression::JpegLs => {
            let samples = jpeg_ls::decode(code, size)?;
            let patterns = samples.iter().map(|&sample| sample.into());
            Ok(Stored { values: values(patterns, layout), samples: 1, luma_first: false })
        }
        Compression::Jpeg2000 => {
            let frame = jpeg2000::decode(code, size)?;
            let samples = frame.components.len();
            let patterns = (0..pixels * samples).map(|index| frame.components[index % samples][index / samples]);
            Ok(Stored { values: values(patterns, layout), samples, luma_first: false })
        }
    }
}

/// How a code stream is compressed, from its first bytes; `None` where they do not say.
fn compression_of(code: &[u8]) -> Option<Compression> {
    match code {
        [0xff, 0xd8, 0xff, ..] => Some(if has_jpeg_ls_frame(code) { Compression::JpegLs } else { Compression::Jpeg }),
        [0xff, 0x4f, 0xff, 0x51, ..] | [0, 0, 0, 12, b'j', b'P', ..] => Some(Compression::Jpeg2000),
        _ => None,
    }
}

fn has_jpeg_ls_frame(code: &[u8]) -> bool {
    let Ok(mut segments) = Segments::of(code) else { return false };
    while let Ok(Some(segment)) = segments.next() {
        match segment.marker {
            0xf7 => return true,
            0xc0..=0xc3 | 0xda => return false,
            _ => {}
        }
    }
    false
}

/// JPEG of any process, through the decoder of JPEG files.
fn jpeg_samples(code: &[u8], layout: &Layout) -> Result<Stored, Fault> {
    let limits = crate::Limits { max_side: layout.width.max(layout.height), max_bytes: usize::MAX };
    let decoded = jpeg::samples(code, &limits, layout.photometric == "RGB").map_err(fault)?;
    if decoded.size != (layout.width, layout.height) {
        return Err(super::other_size(decoded.size, (layout.width, layout.height)).into());
    }
    let luma_first = decoded.channels == Channels::YCbCr;
    if luma_first || decoded.is_lossless || decoded.count == 1 {
        let patterns = decoded.values.iter().map(|&sample| sample.into());
        return Ok(Stored { values: values(patterns, layout), samples: decoded.count, luma_first });
    }
    Ok(Stored { values: decoded.into_grey(), samples: 1, luma_first: true })
}

fn fault(error: DecodeError) -> Fault {
    match error {
        DecodeError::Damaged { reason, .. } => Fault::Damaged(reason),
        DecodeError::Unsupported { reason, .. } => Fault::Unsupported(reason),
        DecodeError::TooManyPixels { width, height, .. } => {
            Fault::Damaged(format!("its compressed pixels are {width} x {height}"))
        }
        other => Fault::Damaged(other.to_string()),
    }
}

/// Whether colours are stored as two lumas and the two colour differences they share.
fn is_halved(layout: &Layout) -> bool {
    layout.photometric.starts_with("YBR_FULL_422") || layout.photometric.starts_with("YBR_PARTIAL_422")
}

/// Numbers that uncompressed pixels are stored as.
fn native_count(layout: &Layout) -> usize {
    let pixels = layout.width as usize * layout.height as usize;
    if is_halved(layout) { pixels.div_ceil(2) * 4 } else { pixels * layout.samples }
}

/// Bytes that uncompressed pixels take.
pub(super) fn native_length(layout: &Layout) -> usize {
    (native_count(layout) * layout.allocated as usize).div_ceil(8)
}

/// Uncompressed pixels: packed bits, or whole little- or big-endian numbers.
fn native(bytes: &[u8], layout: &Layout, big: bool) -> Result<Stored, String> {
    let pixels = layout.width as usize * layout.height as usize;
    let (count, needed) = (native_count(layout), native_length(layout));
    if bytes.len() < needed {
        return Err(format!("it has {} of {needed} bytes of pixels", bytes.len()));
    }
    let patterns: Vec<u32> = match layout.allocated {
        1 => (0..count).map(|index| u32::from(bytes[index / 8] >> (index % 8) & 1)).collect(),
        // Two pixels in three bytes, the lower bits first (ACR-NEMA).
        12 => bytes[..needed].chunks(3).flat_map(two_of_twelve_bits).take(count).collect(),
        8 => bytes[..needed].iter().map(|&byte| byte.into()).collect(),
        16 => bytes[..needed].chunks_exact(2).map(|pair| u16_of(pair, big).into()).collect(),
        _ => bytes[..needed].chunks_exact(4).map(|four| u32_of(four, big)).collect(),
    };
    if is_halved(layout) {
        // Two lumas, then the two colour differences they share.
        let lumas = (0..pixels).map(|index| patterns[index / 2 * 4 + index % 2]);
        return Ok(Stored { values: values(lumas, layout), samples: 1, luma_first: true });
    }
    if layout.planar && layout.samples > 1 {
        let samples = layout.samples;
        let pixel_by_pixel = (0..count).map(|index| patterns[index % samples * pixels + index / samples]);
        return Ok(Stored { values: values(pixel_by_pixel, layout), samples, luma_first: false });
    }
    Ok(Stored { values: values(patterns.into_iter(), layout), samples: layout.samples, luma_first: false })
}

/// Two numbers of 12 bits; the last byte is missing where their count is odd.
fn two_of_twelve_bits(bytes: &[u8]) -> [u32; 2] {
    let byte = |index: usize| bytes.get(index).map_or(0, |&byte| u32::from(byte));
    [byte(0) | (byte(1) & 15) << 8, byte(1) >> 4 | byte(2) << 4]
}

/// The stored bits of each pattern as a number, sign and all.
fn values(patterns: impl Iterator<Item = u32>, layout: &Layout) -> Vec<f32> {
    let low = layout.high_bit + 1 - layout.stored;
    let unused = 32 - layout.stored;
    let value = |pattern: u32| {
        let top = pattern >> low << unused;
        if layout.signed { (top as i32 >> unused) as f32 } else { (top >> unused) as f32 }
    };
    patterns.map(value).collect()
}

/// One grey value a pixel, before rescale; palettes give 0 to 255.
///
/// # Errors
/// When the photometric interpretation is not read.
pub(super) fn grey(stored: Stored, header: &Header, layout: &Layout) -> Result<Vec<f32>, Fault> {
    let Stored { values, samples, luma_first } = stored;
    let photometric = layout.photometric.as_str();
    if photometric == "PALETTE COLOR" && samples == 1 {
        let [red, green, blue] = header.palettes(layout).ok_or("a palette is missing or segmented")?;
        let scale = if red.wide { 257.0 } else { 1.0 };
        let look_up = |&value: &f32| luma(red.entry(value), green.entry(value), blue.entry(value)) / scale;
        return Ok(values.iter().map(look_up).collect());
    }
    match (photometric, samples) {
        (_, 1) if luma_first || photometric.starts_with("MONOCHROME") => Ok(values),
        ("RGB" | "YBR_RCT" | "YBR_ICT", 3) => {
            Ok(values.chunks_exact(3).map(|rgb| luma_of([rgb[0], rgb[1], rgb[2]].map(f64::from))).collect())
        }
        ("YBR_FULL" | "YBR_FULL_422", 3) => Ok(values.chunks_exact(3).map(|pixel| pixel[0]).collect()),
        _ => Err(Fault::Unsupported(format!("its pixels are {photometric} with {samples} samples each"))),
    }
}
