//! What a page says of its pixels.

use super::directory::{Directory, tag};
use crate::{Channels, ColourMode, DecodeError, Format, Limits};

/// What a sample is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Number {
    Unsigned,
    Signed,
    Float,
}

/// What the samples of a pixel mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Photometric {
    WhiteIsZero,
    BlackIsZero,
    Rgb,
    Palette,
    Cmyk,
    YCbCr,
}

impl Photometric {
    /// Samples that make up a colour.
    pub(super) fn colours(self) -> usize {
        match self {
            Self::WhiteIsZero | Self::BlackIsZero | Self::Palette => 1,
            Self::Rgb | Self::YCbCr => 3,
            Self::Cmyk => 4,
        }
    }
}

/// How pixels are stored.
pub(super) struct Layout {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) photometric: Photometric,
    pub(super) samples: usize,
    pub(super) bits: u32,
    pub(super) number: Number,
    /// Samples lie one plane after the other.
    pub(super) planar: bool,
    /// The first sample after the colours is the share of the colour that is seen, not yet multiplied with it.
    pub(super) alpha: bool,
    pub(super) compression: u64,
    pub(super) predictor: u64,
    /// Bits of a byte are stored with the lowest first.
    pub(super) reversed: bool,
    /// Width and height of a strip or tile.
    pub(super) chunk: (u32, u32),
    pub(super) offsets: Vec<u64>,
    pub(super) lengths: Vec<u64>,
}

/// `ExtraSamples`: opacity that the colours have not been multiplied with.
const UNASSOCIATED_ALPHA: u64 = 2;
const MOST_SAMPLES: usize = 64;

impl Layout {
    /// # Errors
    /// When the page is wider than `limits`, contradicts itself, or is of a kind that is not read.
    pub(super) fn read(page: &Directory, limits: &Limits) -> Result<Self, DecodeError> {
        let number = |tag, default| page.number(tag).map(|found| found.unwrap_or(default)).map_err(damaged);
        let short = |tag, default| number(tag, default).map(|value| u32::try_from(value).unwrap_or(u32::MAX));
        let (width, height) = (short(tag::IMAGE_WIDTH, 0)?, short(tag::IMAGE_LENGTH, 0)?);
        if width > limits.max_side || height > limits.max_side {
            return Err(DecodeError::TooManyPixels { width, height, limit: limits.max_side });
        }
        if width == 0 || height == 0 {
            return Err(damaged(format!("it declares {width} x {height} pixels")));
        }
        let photometric = photometric(number(tag::PHOTOMETRIC_INTERPRETATION, 1)?)?;
        let samples = number(tag::SAMPLES_PER_PIXEL, 1)? as usize;
        if samples < photometric.colours() || samples > MOST_SAMPLES {
            let least = photometric.colours();
            return Err(damaged(format!(
                "it has {samples} samples a pixel; its colours need {least} to {MOST_SAMPLES}"
            )));
        }
        let bits = same_of_all(page, tag::BITS_PER_SAMPLE, 1, "bits")?;
        let kind = number_kind(same_of_all(page, tag::SAMPLE_FORMAT, 1, "kinds of numbers")?, bits)?;
        let tiled = page.number(tag::TILE_OFFSETS).map_err(damaged)?.is_some();
        let chunk = if tiled {
            (short(tag::TILE_WIDTH, 0)?, short(tag::TILE_LENGTH, 0)?)
        } else {
            (width, short(tag::ROWS_PER_STRIP, height.into())?.min(height))
        };
        let [offsets, lengths] = if tiled {
            [tag::TILE_OFFSETS, tag::TILE_BYTE_COUNTS]
        } else {
            [tag::STRIP_OFFSETS, tag::STRIP_BYTE_COUNTS]
        };
        let numbers = |tag| page.numbers(tag).map_err(damaged);
        Ok(Self {
            width,
            height,
            photometric,
            samples,
            bits: bits as u32,
            number: kind,
            planar: number(tag::PLANAR_CONFIGURATION, 1)? == 2,
            alpha: number(tag::EXTRA_SAMPLES, 0)? == UNASSOCIATED_ALPHA && samples > photometric.colours(),
            compression: number(tag::COMPRESSION, 1)?,
            predictor: number(tag::PREDICTOR, 1)?,
            reversed: number(tag::FILL_ORDER, 1)? == 2,
            chunk: checked_chunk(chunk, limits)?,
            offsets: numbers(offsets)?,
            lengths: numbers(lengths)?,
        })
    }

    /// How the file stores its pixels.
    pub(super) fn mode(&self) -> ColourMode {
        let channels = match (self.photometric, self.alpha) {
            (Photometric::WhiteIsZero | Photometric::BlackIsZero, false) => Channels::Grey,
            (Photometric::WhiteIsZero | Photometric::BlackIsZero, true) => Channels::GreyAlpha,
            (Photometric::Rgb, false) => Channels::Rgb,
            (Photometric::Rgb, true) => Channels::Rgba,
            (Photometric::Palette, _) => Channels::Palette,
            (Photometric::Cmyk, _) => Channels::Cmyk,
            (Photometric::YCbCr, _) => Channels::YCbCr,
        };
        ColourMode { channels, bits: self.bits }
    }

    /// The largest sample.
    pub(super) fn white(&self) -> f64 {
        if self.number == Number::Float { 1.0 } else { ((1_u128 << self.bits) - 1) as f64 }
    }

    /// Strips or tiles beside and above each other.
    pub(super) fn chunks(&self) -> (u32, u32) {
        (self.width.div_ceil(self.chunk.0), self.height.div_ceil(self.chunk.1))
    }
}

fn photometric(value: u64) -> Result<Photometric, DecodeError> {
    Ok(match value {
        0 => Photometric::WhiteIsZero,
        1 => Photometric::BlackIsZero,
        2 => Photometric::Rgb,
        3 => Photometric::Palette,
        5 => Photometric::Cmyk,
        6 => Photometric::YCbCr,
        8..=10 => return Err(unsupported("its colours are CIE Lab".to_owned())),
        other => return Err(unsupported(format!("its photometric interpretation has the number {other}"))),
    })
}

/// A tag that has one number for every sample, where all are the same.
fn same_of_all(page: &Directory, tag: u16, default: u64, of_what: &str) -> Result<u64, DecodeError> {
    let numbers = page.numbers(tag).map_err(damaged)?;
    let first = numbers.first().copied().unwrap_or(default);
    let same = numbers.iter().all(|&number| number == first);
    same.then_some(first).ok_or_else(|| unsupported(format!("its samples have different {of_what}")))
}

fn number_kind(format: u64, bits: u64) -> Result<Number, DecodeError> {
    match (format, bits) {
        (1 | 4, 1 | 2 | 4 | 8 | 12 | 16 | 32 | 64) => Ok(Number::Unsigned),
        (2, 8 | 16 | 32 | 64) => Ok(Number::Signed),
        (3, 32 | 64) => Ok(Number::Float),
        (1 | 2 | 4, _) => Err(unsupported(format!("its samples have {bits} bits"))),
        (3, _) => Err(unsupported(format!("its samples are floating-point numbers of {bits} bits"))),
        _ => Err(unsupported("its samples are complex numbers".to_owned())),
    }
}

fn checked_chunk((width, height): (u32, u32), limits: &Limits) -> Result<(u32, u32), DecodeError> {
    // Tiles are padded to multiples of 16.
    let limit = limits.max_side.saturating_add(15);
    if width == 0 || height == 0 || width > limit || height > limit {
        return Err(damaged(format!("its strips or tiles are {width} x {height} pixels; 1 to {limit} are accepted")));
    }
    Ok((width, height))
}

pub(super) fn damaged(reason: String) -> DecodeError {
    DecodeError::Damaged { format: Format::Tiff, reason }
}

pub(super) fn unsupported(reason: String) -> DecodeError {
    DecodeError::Unsupported { format: Format::Tiff, reason }
}
