//! How a file stores its pixels.
//!
//! Every slice becomes grey, so no prediction depends on it. Where two classes of a collection come from two sources,
//! it often tells the source, which is why it is kept.

use image::ExtendedColorType;

use crate::Format;

/// Channels and depth of the stored pixels, before anything is made of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ColourMode {
    /// What a stored pixel is made of.
    pub channels: Channels,
    /// Bits of one channel; of an index where pixels are indices into a palette.
    pub bits: u32,
}

/// What a stored pixel is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Channels {
    /// One grey value.
    Grey,
    /// A grey value and its opacity.
    GreyAlpha,
    /// Red, green and blue.
    Rgb,
    /// Red, green, blue and opacity.
    Rgba,
    /// Luma and two colour differences, as JPEG stores colour.
    YCbCr,
    /// Four inks, or luma, colour differences and black.
    Cmyk,
    /// An index into a list of colours.
    Palette,
}

impl std::fmt::Display for ColourMode {
    /// `grey, 8 bit`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let channels = match self.channels {
            Channels::Grey => "grey",
            Channels::GreyAlpha => "grey with alpha",
            Channels::Rgb => "RGB",
            Channels::Rgba => "RGBA",
            Channels::YCbCr => "YCbCr",
            Channels::Cmyk => "CMYK",
            Channels::Palette => "palette",
        };
        write!(f, "{channels}, {} bit", self.bits)
    }
}

impl ColourMode {
    /// The mode of a raster file: from its header where the decoder expands palettes and bits, else as decoded.
    pub(crate) fn of_raster(bytes: &[u8], format: &Format, decoded: ExtendedColorType) -> Self {
        match format {
            Format::Png => of_png(bytes),
            Format::Bmp => of_bmp(bytes),
            _ => None,
        }
        .unwrap_or_else(|| of_decoded(decoded))
    }

    /// The mode of a DICOM file, from its photometric interpretation and stored bits.
    pub(crate) fn of_dicom(photometric: &str, bits: u32) -> Self {
        let channels = match photometric {
            "PALETTE COLOR" => Channels::Palette,
            "RGB" => Channels::Rgb,
            name if name.starts_with("YBR") => Channels::YCbCr,
            _ => Channels::Grey,
        };
        Self { channels, bits }
    }
}

/// Bit depth and colour type of the chunk `IHDR`, which comes first.
fn of_png(bytes: &[u8]) -> Option<ColourMode> {
    let &[bits, kind] = bytes.get(24..26)? else { return None };
    let channels = match kind {
        0 => Channels::Grey,
        2 => Channels::Rgb,
        3 => Channels::Palette,
        4 => Channels::GreyAlpha,
        6 => Channels::Rgba,
        _ => return None,
    };
    Some(ColourMode { channels, bits: bits.into() })
}

/// Bitmaps of up to 8 bits a pixel have a palette. The depth lies elsewhere in the oldest header, of 12 bytes.
fn of_bmp(bytes: &[u8]) -> Option<ColourMode> {
    let at = if bytes.get(14) == Some(&12) { 24 } else { 28 };
    let bits = u32::from(*bytes.get(at)?);
    (bits <= 8).then_some(ColourMode { channels: Channels::Palette, bits })
}

fn of_decoded(kind: ExtendedColorType) -> ColourMode {
    let count = kind.channel_count().max(1);
    let channels = match (kind, count) {
        (ExtendedColorType::Cmyk8 | ExtendedColorType::Cmyk16, _) => Channels::Cmyk,
        (_, 1) => Channels::Grey,
        (_, 2) => Channels::GreyAlpha,
        (_, 3) => Channels::Rgb,
        _ => Channels::Rgba,
    };
    ColourMode { channels, bits: u32::from(kind.bits_per_pixel()) / u32::from(count) }
}
