//! How a data set says that pixels are stored (PS3.3, C.7.6.3).

use super::element::Tag;
use super::tree::DataSet;

const SAMPLES_PER_PIXEL: Tag = (0x0028, 0x0002);
const PHOTOMETRIC: Tag = (0x0028, 0x0004);
const PLANAR: Tag = (0x0028, 0x0006);
const FRAMES: Tag = (0x0028, 0x0008);
const ROWS: Tag = (0x0028, 0x0010);
const COLUMNS: Tag = (0x0028, 0x0011);
const BITS_ALLOCATED: Tag = (0x0028, 0x0100);
const BITS_STORED: Tag = (0x0028, 0x0101);
const HIGH_BIT: Tag = (0x0028, 0x0102);
const REPRESENTATION: Tag = (0x0028, 0x0103);
const PADDING: Tag = (0x0028, 0x0120);
const PADDING_LIMIT: Tag = (0x0028, 0x0121);

/// The layout of stored pixels.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Layout {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) samples: usize,
    /// Colours lie one plane after the other.
    pub(super) planar: bool,
    pub(super) photometric: String,
    pub(super) allocated: u32,
    pub(super) stored: u32,
    pub(super) high_bit: u32,
    pub(super) signed: bool,
}

impl Layout {
    /// # Errors
    /// In words, when an element is missing or its value contradicts another.
    pub(super) fn read(data_set: &DataSet) -> Result<Self, String> {
        let need = |tag: Tag, name: &str| data_set.number(tag).ok_or_else(|| format!("it does not say {name}"));
        let allocated = need(BITS_ALLOCATED, "how many bits a pixel has (Bits Allocated)")?;
        let stored = data_set.number(BITS_STORED).filter(|&stored| stored > 0).unwrap_or(allocated);
        if !matches!(allocated, 1 | 8 | 12 | 16 | 32) || stored > allocated {
            return Err(format!("{stored} stored bits do not fit in {allocated} allocated bits"));
        }
        // A high bit that contradicts the stored bits is a writer's slip, which other readers overlook too.
        let fits = |&high_bit: &u32| high_bit < allocated && high_bit + 1 >= stored;
        let high_bit = data_set.number(HIGH_BIT).filter(fits).unwrap_or(stored - 1);
        let samples = data_set.number(SAMPLES_PER_PIXEL).unwrap_or(1) as usize;
        let grey = if samples == 1 { "MONOCHROME2" } else { "RGB" };
        Ok(Self {
            width: need(COLUMNS, "its width (Columns)")?,
            height: need(ROWS, "its height (Rows)")?,
            samples,
            planar: data_set.number(PLANAR) == Some(1),
            photometric: data_set.filled(PHOTOMETRIC).unwrap_or_else(|| grey.to_owned()),
            allocated,
            stored,
            high_bit,
            signed: data_set.number(REPRESENTATION) == Some(1),
        })
    }

    pub(super) fn pixels(&self) -> usize {
        self.width as usize * self.height as usize
    }

    /// Whether colours are stored as two lumas and the two colour differences they share.
    pub(super) fn is_halved(&self) -> bool {
        self.photometric.starts_with("YBR_FULL_422") || self.photometric.starts_with("YBR_PARTIAL_422")
    }

    /// Numbers that a frame's uncompressed pixels are stored as.
    pub(super) fn native_count(&self) -> usize {
        if self.is_halved() { self.pixels().div_ceil(2) * 4 } else { self.pixels() * self.samples }
    }

    /// Bytes that so many frames of uncompressed pixels take. Bits of one frame follow those of another at once.
    pub(super) fn native_length(&self, frames: usize) -> u64 {
        (self.native_count() as u64 * u64::from(self.allocated)).saturating_mul(frames as u64).div_ceil(8)
    }

    /// The lowest and the highest value the stored bits can hold.
    pub(super) fn stored_range(&self) -> (f64, f64) {
        let values = (1_u64 << self.stored) as f64;
        if self.signed { (-values / 2.0, values / 2.0 - 1.0) } else { (0.0, values - 1.0) }
    }

    pub(super) fn is_monochrome(&self) -> bool {
        self.photometric.starts_with("MONOCHROME")
    }

    /// Whether the lowest value is white.
    pub(super) fn is_inverted(&self) -> bool {
        self.photometric == "MONOCHROME1"
    }

    /// The stored values that mean that there is no picture (PS3.3, C.7.5.1.1.2), the lowest and the highest.
    pub(super) fn padding(&self, data_set: &DataSet) -> Option<(f32, f32)> {
        let value = |tag| data_set.numbers(tag).next().map(|pattern| signed_or_not(pattern, self.signed) as f32);
        let first = value(PADDING)?;
        let last = value(PADDING_LIMIT).unwrap_or(first);
        Some((first.min(last), first.max(last)))
    }
}

/// Number of frames; one where it is not said, or said to be none.
///
/// # Errors
/// In words, when it is no whole number.
pub(super) fn frames(data_set: &DataSet) -> Result<u32, String> {
    match data_set.filled(FRAMES) {
        None => Ok(1),
        Some(text) => {
            text.parse().map(|frames: u32| frames.max(1)).map_err(|_| format!("the number of frames is {text:?}"))
        }
    }
}

/// A number of the kind that stored pixels are.
pub(super) fn signed_or_not(pattern: u16, signed: bool) -> i32 {
    if signed { i32::from(pattern as i16) } else { i32::from(pattern) }
}
