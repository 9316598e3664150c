//! Stored pixels become grey.

use std::borrow::Cow;

use super::element::{u16_of, u32_of};
use super::layout::Layout;
use super::syntax::{Compression, Encoding, Syntax};
use super::table::Table;
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

/// The bytes that a frame's pixels are made of.
pub(super) enum Code<'a> {
    /// The uncompressed pixels of all frames.
    Native {
        bytes: &'a [u8],
        frame: usize,
        /// The two bytes of every word have changed places.
        turned: bool,
    },
    /// The frame's own code stream.
    Stream(Cow<'a, [u8]>),
}

/// Reads or decompresses a frame's pixels.
///
/// # Errors
/// When there are fewer than the layout says, or the code is damaged or of a kind that isn't read.
pub(super) fn stored(code: Code, layout: &Layout, syntax: Syntax) -> Result<Stored, Fault> {
    match code {
        Code::Stream(code) => compressed(&code, layout, syntax.compression),
        Code::Native { bytes, frame, turned } => {
            let big = syntax.encoding == Encoding::ExplicitBig;
            // Some writers put a code stream where pixels belong, without fragments.
            match compression_of(bytes).filter(|_| (bytes.len() as u64) < layout.native_length(1)) {
                Some(found) if frame == 0 => compressed(bytes, layout, found),
                _ => Ok(native(Native { bytes, frame, turned, big }, layout)?),
            }
        }
    }
}

/// Decompresses a code stream, by what it begins with where that contradicts the transfer syntax.
fn compressed(code: &[u8], layout: &Layout, declared: Compression) -> Result<Stored, Fault> {
    let size = (layout.width, layout.height);
    let pixels = layout.pixels();
    match compression_of(code).unwrap_or(declared) {
        Compression::Native => Err("its pixels are in fragments, its transfer syntax says they are not".into()),
        Compression::Rle => {
            if layout.allocated < 8 {
                return Err("its RLE pixels have less than a byte each".into());
            }
            let bytes = rle::decode(code, pixels, layout.samples, layout.allocated as usize / 8)?;
            let native = Native { bytes: &bytes, frame: 0, turned: false, big: false };
            Ok(self::native(native, &Layout { planar: false, ..layout.clone() })?)
        }
        Compression::Jpeg => jpeg_samples(code, layout),
        Compression::JpegLs => {
            let decoded = jpeg_ls::decode(code, size)?;
            let patterns = decoded.values.iter().map(|&sample| sample.into());
            Ok(Stored { values: values(patterns, layout), samples: decoded.count, luma_first: false })
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

/// Uncompressed pixels, and how their bytes lie.
#[derive(Clone, Copy)]
struct Native<'a> {
    bytes: &'a [u8],
    frame: usize,
    turned: bool,
    big: bool,
}

/// Uncompressed pixels: packed bits, or whole little- or big-endian numbers.
fn native(native: Native, layout: &Layout) -> Result<Stored, String> {
    let Native { bytes, frame, turned, big } = native;
    let (pixels, count) = (layout.pixels(), layout.native_count());
    let needed = layout.native_length(frame + 1);
    if (bytes.len() as u64) < needed {
        return Err(format!("it has {} of {needed} bytes of pixels", bytes.len()));
    }
    let numbers = frame * count..(frame + 1) * count;
    let whole = |size: usize| bytes[numbers.start * size..numbers.end * size].chunks_exact(size);
    let place = |index: usize| if turned && index ^ 1 < bytes.len() { index ^ 1 } else { index };
    let patterns: Vec<u32> = match layout.allocated {
        1 => numbers.map(|index| u32::from(bytes[index / 8] >> (index % 8) & 1)).collect(),
        12 => numbers.map(|index| of_twelve_bits(bytes, index)).collect(),
        8 => numbers.map(|index| bytes[place(index)].into()).collect(),
        16 => whole(2).map(|pair| u16_of(pair, big).into()).collect(),
        _ => whole(4).map(|four| u32_of(four, big)).collect(),
    };
    if layout.is_halved() {
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

/// One of the numbers of 12 bits: two in three bytes, the lower bits first (ACR-NEMA).
fn of_twelve_bits(bytes: &[u8], index: usize) -> u32 {
    let at = index / 2 * 3;
    let byte = |offset: usize| u32::from(bytes[at + offset]);
    if index.is_multiple_of(2) { byte(0) | (byte(1) & 15) << 8 } else { byte(1) >> 4 | byte(2) << 4 }
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
pub(super) fn grey(stored: Stored, palettes: Option<&[Table; 3]>, layout: &Layout) -> Result<Vec<f32>, Fault> {
    let Stored { values, samples, luma_first } = stored;
    let photometric = layout.photometric.as_str();
    if let Some([red, green, blue]) = palettes.filter(|_| samples == 1) {
        let scale = if red.bits > 8 { 257.0 } else { 1.0 };
        let look_up = |value: f64| luma(red.entry(value), green.entry(value), blue.entry(value)) / scale;
        return Ok(values.iter().map(|&value| look_up(value.into())).collect());
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
