//! The elements of a DICOM data set (PS3.5, section 7).
//!
//! A small reader in place of a general one: it looks at no more than the elements an image needs, borrows their
//! bytes from the file, and allocates nothing a header asks for.

use super::syntax::Encoding;

/// Group and element number.
pub(super) type Tag = (u16, u16);

pub(super) const PIXEL_DATA: Tag = (0x7fe0, 0x0010);
const ITEM: Tag = (0xfffe, 0xe000);
const ITEM_END: Tag = (0xfffe, 0xe00d);
const SEQUENCE_END: Tag = (0xfffe, 0xe0dd);
const UNDEFINED: u32 = u32::MAX;
/// Sequences inside sequences, beyond which a file is hostile.
const MAX_DEPTH: usize = 64;
/// Value representations with a 32-bit length.
const LONG: [&[u8; 2]; 13] =
    [b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"];
/// Value representations with a 16-bit length.
const SHORT: [&[u8; 2]; 21] = [
    b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FL", b"FD", b"IS", b"LO", b"LT", b"PN", b"SH", b"SL", b"SS",
    b"ST", b"TM", b"UI", b"UL", b"US",
];

/// What an open sequence's items hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    Elements(Encoding),
    /// Bytes that are not elements: the fragments of an icon.
    Bytes,
}

/// Position in a data set, and how its elements are written.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    /// How the data set is written, then each open sequence of undefined length.
    open: Vec<Content>,
}

/// One element: its tag and its value's bytes. Of encapsulated pixels the value is all fragments with their items.
pub(super) struct Element<'a> {
    pub(super) tag: Tag,
    pub(super) value: &'a [u8],
    /// The value is a list of fragments, each in an item.
    pub(super) fragments: bool,
    /// The value is made of 16-bit words (OW), which big endian turns around even where they hold bytes.
    pub(super) words: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8], encoding: Encoding) -> Self {
        Self { bytes, at: 0, open: vec![Content::Elements(encoding)] }
    }

    /// Where the next element begins, in bytes.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// The next element outside of all sequences; `None` at the end.
    ///
    /// # Errors
    /// In words, when an element is cut off or sequences are nested too deep.
    pub(super) fn next(&mut self) -> Result<Option<Element<'a>>, String> {
        while self.at + 8 <= self.bytes.len() {
            let (tag, representation, length) = self.header()?;
            let sequence = representation.is_none_or(|vr| vr == *b"SQ" || vr == *b"UN") && tag != PIXEL_DATA;
            match (tag, length) {
                (ITEM, _) if self.open.last() == Some(&Content::Bytes) => self.value(tag, length).map(drop)?,
                (ITEM | ITEM_END, _) => {}
                (SEQUENCE_END, _) => {
                    if self.open.len() > 1 {
                        self.open.pop();
                    }
                }
                (PIXEL_DATA, UNDEFINED) if self.open.len() == 1 => return Ok(Some(self.fragments(tag))),
                (_, UNDEFINED) => self.enter(sequence)?,
                _ => {
                    let value = self.value(tag, length)?;
                    if self.open.len() == 1 {
                        let words = representation == Some(*b"OW");
                        return Ok(Some(Element { tag, value, fragments: false, words }));
                    }
                }
            }
        }
        Ok(None)
    }

    /// A value of undefined length begins.
    fn enter(&mut self, sequence: bool) -> Result<(), String> {
        if self.open.len() > MAX_DEPTH {
            return Err(format!("sequences are nested more than {MAX_DEPTH} deep"));
        }
        self.open.push(if sequence { Content::Elements(self.encoding_of_items()) } else { Content::Bytes });
        Ok(())
    }

    /// How the items that begin here are written. In a sequence of unknown representation (UN) that should be
    /// implicit, whatever the data set is (PS3.5, 6.2.2); the first element's header shows what it really is.
    fn encoding_of_items(&self) -> Encoding {
        let encoding = self.encoding();
        let first = self.bytes.get(self.at + 12..self.at + 14);
        let explicit = first.is_some_and(is_known);
        if encoding == Encoding::ExplicitLittle && !explicit { Encoding::ImplicitLittle } else { encoding }
    }

    /// How the next element is written.
    fn encoding(&self) -> Encoding {
        match self.open.last() {
            Some(&Content::Elements(encoding)) => encoding,
            _ => Encoding::ImplicitLittle,
        }
    }

    /// Tag, value representation where it is written, and length.
    fn header(&mut self) -> Result<(Tag, Option<[u8; 2]>, u32), String> {
        let encoding = self.encoding();
        let start = self.at;
        let header = Header::read(&self.bytes[start..], encoding)
            .ok_or_else(|| format!("the element at byte {start} is cut off"))?;
        self.at += header.size;
        Ok((header.tag, header.representation, header.length))
    }

    /// The value's bytes; pixels may be cut off, which is noticed when they are counted.
    fn value(&mut self, tag: Tag, length: u32) -> Result<&'a [u8], String> {
        let left = self.bytes.len().saturating_sub(self.at);
        let length = length as usize;
        if length > left && tag != PIXEL_DATA {
            let (group, element) = tag;
            return Err(format!(
                "element ({group:04X},{element:04X}) declares {length} bytes; {left} are left in the file"
            ));
        }
        let value = &self.bytes[self.bytes.len() - left..][..length.min(left)];
        self.at += value.len();
        Ok(value)
    }

    /// The rest of the file from the first fragment on: nothing an image needs comes after its pixels.
    fn fragments(&mut self, tag: Tag) -> Element<'a> {
        let value = self.bytes.get(self.at..).unwrap_or_default();
        self.at = self.bytes.len();
        Element { tag, value, fragments: true, words: false }
    }
}

/// What stands before an element's value.
struct Header {
    tag: Tag,
    representation: Option<[u8; 2]>,
    length: u32,
    /// Bytes of the header itself.
    size: usize,
}

impl Header {
    /// The header at the beginning of `bytes`; `None` where it is cut off.
    ///
    /// Explicit data sets hold elements that some writers left without representation, or with one that no standard
    /// names; of the ways to read those, the first is taken that leads to another element.
    fn read(bytes: &[u8], encoding: Encoding) -> Option<Self> {
        let big = encoding == Encoding::ExplicitBig;
        let short = |at: usize| Some(u16_of(bytes.get(at..at + 2)?, big));
        let tag = (short(0)?, short(2)?);
        let long = |at: usize| Some(u32_of(bytes.get(at..at + 4)?, big));
        let implicit = || Some(Self { tag, representation: None, length: long(4)?, size: 8 });
        if encoding == Encoding::ImplicitLittle || tag.0 == ITEM.0 {
            return implicit();
        }
        let representation: [u8; 2] = bytes.get(4..6)?.try_into().ok()?;
        let with_short = || Some(Self { tag, representation: Some(representation), length: short(6)?.into(), size: 8 });
        let with_long = || Some(Self { tag, representation: Some(representation), length: long(8)?, size: 12 });
        if LONG.contains(&&representation) {
            return with_long();
        }
        if SHORT.contains(&&representation) {
            return with_short();
        }
        let ways = if representation.iter().all(u8::is_ascii_uppercase) {
            [with_long(), with_short(), implicit()]
        } else {
            [implicit(), with_short(), with_long()]
        };
        let leads_on = |way: &&Option<Self>| way.as_ref().is_some_and(|header| header.leads_on(bytes, encoding));
        let chosen = ways.iter().position(|way| leads_on(&way)).unwrap_or(0);
        ways.into_iter().nth(chosen)?
    }

    /// Whether a later element, or the end, follows the value.
    fn leads_on(&self, bytes: &[u8], encoding: Encoding) -> bool {
        let Some(rest) = bytes.get(self.size.saturating_add(self.length as usize)..) else { return false };
        let Some(next) = rest.get(..6) else { return rest.is_empty() };
        let big = encoding == Encoding::ExplicitBig;
        let tag = (u16_of(next, big), u16_of(&next[2..], big));
        tag.0 == ITEM.0 || tag > self.tag && (is_known(&next[4..]) || tag.0 == self.tag.0)
    }
}

/// Whether two bytes are a value representation of the standard.
fn is_known(representation: &[u8]) -> bool {
    LONG.iter().chain(&SHORT).any(|known| *known == representation)
}

/// The fragments of encapsulated pixels after the offset table, joined: the one frame's code stream.
///
/// # Errors
/// In words, when a fragment is cut off.
pub(super) fn join_fragments(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let mut joined = Vec::new();
    let mut at = 0;
    let mut offset_table = true;
    while let Some(header) = bytes.get(at..at + 8) {
        if (u16_of(header, false), u16_of(&header[2..], false)) != ITEM {
            break;
        }
        let start = at + 8;
        let length = u32_of(&header[4..], false) as usize;
        if length > bytes.len() - start {
            return Err(format!("a fragment of pixels has {} of {length} bytes", bytes.len() - start));
        }
        let end = start + length;
        if !offset_table {
            joined.extend_from_slice(&bytes[start..end]);
        }
        offset_table = false;
        at = end;
    }
    Ok(joined)
}

/// The first two bytes as a number; there are at least two.
pub(super) fn u16_of(bytes: &[u8], big: bool) -> u16 {
    let pair = [bytes[0], bytes[1]];
    if big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) }
}

/// The first four bytes as a number; there are at least four.
pub(super) fn u32_of(bytes: &[u8], big: bool) -> u32 {
    let four = [bytes[0], bytes[1], bytes[2], bytes[3]];
    if big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) }
}
