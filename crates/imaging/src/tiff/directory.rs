//! The tags of a TIFF page (TIFF 6.0, section 2), and of `BigTIFF`.

use std::collections::BTreeMap;

/// A page's tags with the bytes of their values.
pub(super) struct Directory<'a> {
    pub(super) file: &'a [u8],
    /// Numbers have their most significant byte first.
    pub(super) big: bool,
    tags: BTreeMap<u16, Entry<'a>>,
}

/// One tag's value.
struct Entry<'a> {
    /// Bytes of one number.
    size: usize,
    bytes: &'a [u8],
}

/// Tags by their names in TIFF 6.0.
pub(super) mod tag {
    pub(in crate::tiff) const NEW_SUBFILE_TYPE: u16 = 254;
    pub(in crate::tiff) const IMAGE_WIDTH: u16 = 256;
    pub(in crate::tiff) const IMAGE_LENGTH: u16 = 257;
    pub(in crate::tiff) const BITS_PER_SAMPLE: u16 = 258;
    pub(in crate::tiff) const COMPRESSION: u16 = 259;
    pub(in crate::tiff) const PHOTOMETRIC_INTERPRETATION: u16 = 262;
    pub(in crate::tiff) const FILL_ORDER: u16 = 266;
    pub(in crate::tiff) const STRIP_OFFSETS: u16 = 273;
    pub(in crate::tiff) const ORIENTATION: u16 = 274;
    pub(in crate::tiff) const SAMPLES_PER_PIXEL: u16 = 277;
    pub(in crate::tiff) const ROWS_PER_STRIP: u16 = 278;
    pub(in crate::tiff) const STRIP_BYTE_COUNTS: u16 = 279;
    pub(in crate::tiff) const PLANAR_CONFIGURATION: u16 = 284;
    pub(in crate::tiff) const PREDICTOR: u16 = 317;
    pub(in crate::tiff) const COLOR_MAP: u16 = 320;
    pub(in crate::tiff) const TILE_WIDTH: u16 = 322;
    pub(in crate::tiff) const TILE_LENGTH: u16 = 323;
    pub(in crate::tiff) const TILE_OFFSETS: u16 = 324;
    pub(in crate::tiff) const TILE_BYTE_COUNTS: u16 = 325;
    pub(in crate::tiff) const EXTRA_SAMPLES: u16 = 338;
    pub(in crate::tiff) const SAMPLE_FORMAT: u16 = 339;
    pub(in crate::tiff) const JPEG_TABLES: u16 = 347;
    pub(in crate::tiff) const YCBCR_SUBSAMPLING: u16 = 530;
}

/// Bits of `NewSubfileType`: a smaller copy of another page, a mask.
const NO_PAGE: u64 = 1 | 4;
/// Pages looked at before a file is taken for hostile.
const MAX_PAGES: usize = 65_536;

/// The widths of fields, which differ between TIFF and `BigTIFF`.
struct Form {
    big: bool,
    wide: bool,
}

impl Form {
    /// Bytes of a count, of an offset, and of a value that stands in its entry.
    fn word(&self) -> usize {
        if self.wide { 8 } else { 4 }
    }

    fn number(&self, bytes: &[u8]) -> u64 {
        number_of(bytes, self.big)
    }
}

/// A whole number of up to eight bytes.
pub(super) fn number_of(bytes: &[u8], big: bool) -> u64 {
    let push = |number, &byte: &u8| number << 8 | u64::from(byte);
    if big { bytes.iter().fold(0, push) } else { bytes.iter().rev().fold(0, push) }
}

impl<'a> Directory<'a> {
    /// The first page that is neither a smaller copy of another nor a mask; the first of all where each is.
    ///
    /// # Errors
    /// In words, when the file is cut off before.
    pub(super) fn first_page(file: &'a [u8]) -> Result<Self, String> {
        let form = Form { big: file.starts_with(b"MM"), wide: file.get(2..4).is_some_and(|two| two.contains(&43)) };
        let word = form.word();
        let mut at = file.get(word..2 * word).map(|bytes| form.number(bytes)).ok_or("its header is cut off")?;
        let mut first = None;
        for _ in 0..MAX_PAGES {
            let (page, next) = Self::read(file, &form, at)?;
            if page.number(tag::NEW_SUBFILE_TYPE)?.unwrap_or(0) & NO_PAGE == 0 {
                return Ok(page);
            }
            first = first.or(Some(page));
            if next == 0 {
                break;
            }
            at = next;
        }
        first.ok_or_else(|| "it holds no page".to_owned())
    }

    /// The page at an offset, and the offset of the next.
    fn read(file: &'a [u8], form: &Form, at: u64) -> Result<(Self, u64), String> {
        let cut = || "a page's tags are cut off".to_owned();
        let mut rest = usize::try_from(at).ok().and_then(|at| file.get(at..)).ok_or_else(cut)?;
        let mut take = |length: usize| {
            let (taken, left) = rest.split_at_checked(length)?;
            rest = left;
            Some(taken)
        };
        let word = form.word();
        let count = form.number(take(if form.wide { 8 } else { 2 }).ok_or_else(cut)?);
        let mut tags = BTreeMap::new();
        for _ in 0..count {
            let entry = take(4 + 2 * word).ok_or_else(cut)?;
            // A value that lies beyond the end is as good as missing: only some tags are needed.
            if let Some(value) = Entry::read(file, form, entry) {
                tags.insert(form.number(&entry[..2]) as u16, value);
            }
        }
        let next = take(word).map_or(0, |bytes| form.number(bytes));
        Ok((Self { file, big: form.big, tags }, next))
    }

    /// The numbers of a tag; none where it is missing.
    pub(super) fn numbers(&self, tag: u16) -> Result<Vec<u64>, String> {
        let Some(entry) = self.tags.get(&tag) else { return Ok(Vec::new()) };
        if entry.size == 0 {
            return Err(format!("tag {tag} holds no whole numbers"));
        }
        Ok(entry.bytes.chunks_exact(entry.size).map(|bytes| number_of(bytes, self.big)).collect())
    }

    /// The first number of a tag.
    pub(super) fn number(&self, tag: u16) -> Result<Option<u64>, String> {
        Ok(self.numbers(tag)?.first().copied())
    }

    /// The bytes of a tag.
    pub(super) fn bytes(&self, tag: u16) -> Option<&'a [u8]> {
        self.tags.get(&tag).map(|entry| entry.bytes)
    }
}

impl<'a> Entry<'a> {
    /// The value of an entry of a directory: in the entry where it is short enough, else elsewhere in the file.
    fn read(file: &'a [u8], form: &Form, entry: &'a [u8]) -> Option<Self> {
        let word = form.word();
        let kind = form.number(&entry[2..4]);
        // Bytes of one value of the types 1 to 18, and whether it is a whole number.
        let (size, whole) = match kind {
            1 | 6 | 7 => (1, true),
            2 => (1, false),
            3 | 8 => (2, true),
            4 | 9 | 13 => (4, true),
            11 => (4, false),
            5 | 10 | 12 => (8, false),
            16..=18 => (8, true),
            _ => return None,
        };
        let length = usize::try_from(form.number(&entry[4..4 + word])).ok()?.checked_mul(size)?;
        let field = &entry[4 + word..];
        let bytes = if length <= word {
            &field[..length]
        } else {
            let start = usize::try_from(form.number(field)).ok()?;
            file.get(start..start.checked_add(length)?)?
        };
        Some(Self { size: if whole { size } else { 0 }, bytes })
    }
}
