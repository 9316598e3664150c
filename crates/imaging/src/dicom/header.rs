//! What a data set says about its image.

use std::collections::BTreeMap;

use super::element::{Element, PIXEL_DATA, Reader, Tag, u16_of};
use super::syntax::Encoding;

const CLASS: Tag = (0x0008, 0x0016);
const PATIENT_ID: Tag = (0x0010, 0x0020);
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
const WINDOW_CENTER: Tag = (0x0028, 0x1050);
const WINDOW_WIDTH: Tag = (0x0028, 0x1051);
const RESCALE_INTERCEPT: Tag = (0x0028, 0x1052);
const RESCALE_SLOPE: Tag = (0x0028, 0x1053);
const WINDOW_FUNCTION: Tag = (0x0028, 0x1056);
const FLOAT_PIXELS: [Tag; 2] = [(0x7fe0, 0x0008), (0x7fe0, 0x0009)];
/// A table in place of slope and intercept.
const MODALITY_TABLE: Tag = (0x0028, 0x3000);
/// Descriptors of the red, green and blue palettes; their data is at these plus 0x100.
const PALETTES: [Tag; 3] = [(0x0028, 0x1101), (0x0028, 0x1102), (0x0028, 0x1103)];

/// The elements of a data set up to its pixels.
pub(super) struct Header<'a> {
    elements: BTreeMap<Tag, Element<'a>>,
    big: bool,
    pixels_at: Option<usize>,
}

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

impl<'a> Header<'a> {
    /// Reads the elements up to and including the pixels.
    pub(super) fn read(bytes: &'a [u8], encoding: Encoding) -> Result<Self, String> {
        let mut reader = Reader::new(bytes, encoding);
        let mut elements: BTreeMap<Tag, Element> = BTreeMap::new();
        let mut pixels_at = None;
        while let Some(element) = reader.next()? {
            let tag = element.tag;
            if tag == CLASS || matches!(tag.0, 0x0010 | 0x0028 | 0x7fe0) {
                elements.insert(tag, element);
            }
            if tag == PIXEL_DATA {
                pixels_at = Some(reader.position() - elements[&tag].value.len());
                break;
            }
        }
        Ok(Self { elements, big: encoding == Encoding::ExplicitBig, pixels_at })
    }

    pub(super) fn pixel_data(&self) -> Option<&Element<'a>> {
        self.elements.get(&PIXEL_DATA)
    }

    /// Where the pixels begin in the data set, in bytes.
    pub(super) fn pixels_at(&self) -> Option<usize> {
        self.pixels_at
    }

    /// Whether the pixels are of 32- or 64-bit floats, which lie elsewhere.
    pub(super) fn has_float_pixels(&self) -> bool {
        FLOAT_PIXELS.iter().any(|tag| self.elements.contains_key(tag))
    }

    /// UID of the SOP class.
    pub(super) fn class(&self) -> Option<String> {
        uid_of(self.elements.get(&CLASS)?.value)
    }

    /// The patient's identifier, `None` where it is missing or empty.
    pub(super) fn patient_id(&self) -> Option<String> {
        self.text(PATIENT_ID).filter(|id| !id.is_empty())
    }

    /// Number of frames; one where it is not said, or said to be none.
    ///
    /// # Errors
    /// In words, when it is no whole number.
    pub(super) fn frames(&self) -> Result<u32, String> {
        match self.text(FRAMES).filter(|text| !text.is_empty()) {
            None => Ok(1),
            Some(text) => {
                text.parse().map(|frames: u32| frames.max(1)).map_err(|_| format!("the number of frames is {text:?}"))
            }
        }
    }

    /// Modality value = slope * stored value + intercept; 1 and 0 where they are not said.
    pub(super) fn rescale(&self) -> (f64, f64) {
        let slope = self.decimal(RESCALE_SLOPE).filter(|&slope| slope != 0.0);
        (slope.unwrap_or(1.0), self.decimal(RESCALE_INTERCEPT).unwrap_or(0.0))
    }

    /// Whether stored values are turned into modality units by a table (Modality LUT Sequence).
    pub(super) fn has_modality_table(&self) -> bool {
        self.elements.contains_key(&MODALITY_TABLE)
    }

    /// The stored values that mean that there is no picture (PS3.3, C.7.5.1.1.2), the lowest and the highest.
    pub(super) fn padding(&self, layout: &Layout) -> Option<(f32, f32)> {
        let value = |tag| self.numbers(tag).next().map(|pattern| signed_or_not(pattern, layout.signed) as f32);
        let first = value(PADDING)?;
        let last = value(PADDING_LIMIT).unwrap_or(first);
        Some((first.min(last), first.max(last)))
    }

    /// The first window as black and white ends, in modality units (PS3.3, C.11.2.1.2).
    pub(super) fn window(&self) -> Option<(f64, f64)> {
        let center = self.decimal(WINDOW_CENTER)?;
        let width = self.decimal(WINDOW_WIDTH)?;
        let exact = self.text(WINDOW_FUNCTION).is_some_and(|function| function == "LINEAR_EXACT");
        if exact {
            return (width > 0.0).then_some((center - width / 2.0, center + width / 2.0));
        }
        let half = (width - 1.0) / 2.0;
        (width >= 1.0).then_some((center - 0.5 - half, center - 0.5 + half))
    }

    /// How pixels are stored.
    ///
    /// # Errors
    /// In words, when an element is missing or its value contradicts another.
    pub(super) fn layout(&self) -> Result<Layout, String> {
        let need = |tag: Tag, name: &str| self.number(tag).ok_or_else(|| format!("it does not say {name}"));
        let allocated = need(BITS_ALLOCATED, "how many bits a pixel has (Bits Allocated)")?;
        let stored = self.number(BITS_STORED).filter(|&stored| stored > 0).unwrap_or(allocated);
        if !matches!(allocated, 1 | 8 | 12 | 16 | 32) || stored > allocated {
            return Err(format!("{stored} stored bits do not fit in {allocated} allocated bits"));
        }
        // A high bit that contradicts the stored bits is a writer's slip, which other readers overlook too.
        let fits = |&high_bit: &u32| high_bit < allocated && high_bit + 1 >= stored;
        let high_bit = self.number(HIGH_BIT).filter(fits).unwrap_or(stored - 1);
        let samples = self.number(SAMPLES_PER_PIXEL).unwrap_or(1) as usize;
        let grey = if samples == 1 { "MONOCHROME2" } else { "RGB" };
        Ok(Layout {
            width: need(COLUMNS, "its width (Columns)")?,
            height: need(ROWS, "its height (Rows)")?,
            samples,
            planar: self.number(PLANAR) == Some(1),
            photometric: self.text(PHOTOMETRIC).filter(|text| !text.is_empty()).unwrap_or_else(|| grey.to_owned()),
            allocated,
            stored,
            high_bit,
            signed: self.number(REPRESENTATION) == Some(1),
        })
    }

    /// The red, green and blue palettes: the first stored value they map, and their entries.
    pub(super) fn palettes(&self, layout: &Layout) -> Option<[Palette; 3]> {
        let [red, green, blue] = PALETTES.map(|tag| self.palette(tag, layout.signed));
        Some([red?, green?, blue?])
    }

    fn palette(&self, descriptor: Tag, signed: bool) -> Option<Palette> {
        let numbers: Vec<u16> = self.numbers(descriptor).take(3).collect();
        let &[count, first, bits] = numbers.as_slice() else {
            return None;
        };
        let count = if count == 0 { 1 << 16 } else { usize::from(count) };
        let data = self.elements.get(&(descriptor.0, descriptor.1 + 0x100))?.value;
        let bytes = bits <= 8 && data.len() < 2 * count;
        let entries: Vec<u16> = if bytes {
            data.iter().take(count).map(|&entry| entry.into()).collect()
        } else {
            data.chunks_exact(2).take(count).map(|pair| u16_of(pair, self.big)).collect()
        };
        let first = signed_or_not(first, signed);
        (!entries.is_empty()).then_some(Palette { first, wide: bits > 8, entries })
    }

    fn text(&self, tag: Tag) -> Option<String> {
        let text = String::from_utf8_lossy(self.elements.get(&tag)?.value);
        Some(text.trim_matches(|letter: char| letter.is_whitespace() || letter == '\0').to_owned())
    }

    /// The first of a decimal string's numbers.
    fn decimal(&self, tag: Tag) -> Option<f64> {
        let text = self.text(tag)?;
        text.split('\\').next()?.trim().parse().ok().filter(|value: &f64| value.is_finite())
    }

    fn number(&self, tag: Tag) -> Option<u32> {
        self.numbers(tag).next().map(u32::from)
    }

    fn numbers(&self, tag: Tag) -> impl Iterator<Item = u16> + '_ {
        let value = self.elements.get(&tag).map(|element| element.value).unwrap_or_default();
        value.chunks_exact(2).map(|pair| u16_of(pair, self.big))
    }
}

/// A UID without the bytes that make its length even; `None` where it is empty.
pub(super) fn uid_of(value: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(value);
    let uid = text.trim_end_matches(['\0', ' ']);
    (!uid.is_empty()).then(|| uid.to_owned())
}

/// A number of the kind that stored pixels are.
fn signed_or_not(pattern: u16, signed: bool) -> i32 {
    if signed { i32::from(pattern as i16) } else { i32::from(pattern) }
}

/// One colour's palette.
pub(super) struct Palette {
    /// The stored value of the first entry.
    first: i32,
    /// Entries use 16 bits, not 8.
    pub(super) wide: bool,
    entries: Vec<u16>,
}

impl Palette {
    /// The entry of a stored value; the nearest where there is none.
    pub(super) fn entry(&self, stored: f32) -> u16 {
        let index = (stored - self.first as f32).max(0.0) as usize;
        self.entries[index.min(self.entries.len() - 1)]
    }
}
