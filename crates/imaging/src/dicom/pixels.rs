//! Stored pixels become grey.

use super::element::{join_fragments, u16_of, u32_of};
use super::header::{Header, Layout};
use super::syntax::{Compression, Encoding, Syntax};
use super::{Fault, jpeg_ls_bits, jpeg2000, lossless, rle};
use crate::grey::luma;
use crate::{DecodeError, jpeg};

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
    if !element.fragments {
        let big = syntax.encoding == Encoding::ExplicitBig;
        if big && element.words && layout.allocated == 8 {
            let turned: Vec<u8> = element.value.chunks(2).flat_map(|word| word.iter().rev()).copied().collect();
            return Ok(native(&turned, layout, big)?);
        }
        return Ok(native(element.value, layout, big)?);
    }
    let code = join_fragments(element.value)?;
    let size = (layout.width, layout.height);
    let pixels = layout.width as usize * layout.height as usize;
    match syntax.compression {
        Compression::Native => Err("its pixels are in fragments, its transfer syntax says they are not".into()),
        Compression::Rle => {
            if layout.allocated < 8 {
                return Err("its RLE pixels have less than a byte each".into());
            }
            let bytes = rle::decode(&code, pixels, layout.samples, layout.allocated as usize / 8)?;
            Ok(native(&bytes, &Layout { planar: false, ..layout.clone() }, false)?)
        }
        Compression::Jpeg => cosine_jpeg(&code, layout),
        Compression::JpegLossless => {
            let frame = lossless::decode(&code, size)?;
            let patterns = frame.samples.iter().map(|&sample| sample.into());
            Ok(Stored { values: values(patterns, layout), samples: frame.components, luma_first: false })
        }
        Compression::JpegLs => {
            let samples = jpeg_ls_bits::decode(&code, size)?;
            let patterns = samples.iter().map(|&sample| sample.into());
            Ok(Stored { values: values(patterns, layout), samples: 1, luma_first: false })
        }
        Compression::Jpeg2000 => {
            let frame = jpeg2000::decode(&code, size)?;
            let samples = frame.components.len();
            let patterns = (0..pixels * samples).map(|index| frame.components[index % samples][index / samples]);
            Ok(Stored { values: values(patterns, layout), samples, luma_first: false })
        }
    }
}

/// Eight-bit JPEG through the decoder of JPEG files.
fn cosine_jpeg(code: &[u8], layout: &Layout) -> Result<Stored, Fault> {
    if layout.stored > 8 {
        return Err(Fault::Unsupported(format!("its pixels have {} bits", layout.stored)));
    }
    let limits = crate::Limits { max_side: u32::MAX, max_bytes: usize::MAX };
    let size = jpeg::declared_size(code).map_err(fault)?;
    if size != (layout.width, layout.height) {
        return Err(super::other_size(size, (layout.width, layout.height)).into());
    }
    let rgb = layout.photometric == "RGB";
    let values = jpeg::grey(code, &limits, rgb).map_err(fault)?.pixels;
    Ok(Stored { values, samples: 1, luma_first: true })
}

fn fault(error: DecodeError) -> Fault {
    match error {
        DecodeError::Damaged { reason, .. } => Fault::Damaged(reason),
        DecodeError::Unsupported { reason, .. } => Fault::Unsupported(reason),
        other => Fault::Damaged(other.to_string()),
    }
}

/// Uncompressed pixels: packed bits, or whole little- or big-endian numbers.
fn native(bytes: &[u8], layout: &Layout, big: bool) -> Result<Stored, String> {
    let pixels = layout.width as usize * layout.height as usize;
    let halved = layout.photometric.starts_with("YBR_FULL_422") || layout.photometric.starts_with("YBR_PARTIAL_422");
    let count = if halved { pixels.div_ceil(2) * 4 } else { pixels * layout.samples };
    let needed = (count * layout.allocated as usize).div_ceil(8);
    if bytes.len() < needed {
        return Err(format!("it has {} of {needed} bytes of pixels", bytes.len()));
    }
    let patterns: Vec<u32> = match layout.allocated {
        1 => (0..count).map(|index| u32::from(bytes[index / 8] >> (index % 8) & 1)).collect(),
        8 => bytes[..needed].iter().map(|&byte| byte.into()).collect(),
        16 => bytes[..needed].chunks_exact(2).map(|pair| u16_of(pair, big).into()).collect(),
        _ => bytes[..needed].chunks_exact(4).map(|four| u32_of(four, big)).collect(),
    };
    if halved {
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
        ("RGB" | "YBR_RCT" | "YBR_ICT", 3) => Ok(values.chunks_exact(3).map(luma_of).collect()),
        ("YBR_FULL" | "YBR_FULL_422", 3) => Ok(values.chunks_exact(3).map(|pixel| pixel[0]).collect()),
        _ => Err(Fault::Unsupported(format!("its pixels are {photometric} with {samples} samples each"))),
    }
}

/// Luma of Rec. 601, as for other files.
fn luma_of(rgb: &[f32]) -> f32 {
    let [red, green, blue] = [rgb[0], rgb[1], rgb[2]].map(f64::from);
    ((299.0 * red + 587.0 * green + 114.0 * blue) / 1000.0) as f32
}
