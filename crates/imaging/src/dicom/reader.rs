//! A data set is read into a tree: what an image needs of it, within budgets.
//!
//! Whatever a file declares, no more is kept than [`MOST_ELEMENTS`], no sequence is entered deeper than
//! [`MAX_DEPTH`], and every length is held against the bytes that are left. Private elements and sequences that
//! nothing here reads are passed over.

use std::ops::Range;

use super::element::{Header, ITEM, ITEM_END, PIXEL_DATA, SEQUENCE_END, Tag, UNDEFINED, is_known};
use super::syntax::Encoding;
use super::tree::{DataSet, Element, Value};

/// Sequences inside sequences, beyond which a file is hostile.
const MAX_DEPTH: usize = 24;
/// Elements, items and fragments of one file.
const MOST_ELEMENTS: usize = 200_000;
/// The sequences that are read. In implicit files only such a list tells them from other values (PS3.6).
const SEQUENCES: [Tag; 14] = [
    // Directory records of a DICOMDIR.
    (0x0004, 0x1220),
    // MR timing, echo and modifier.
    (0x0018, 0x9112),
    (0x0018, 0x9114),
    (0x0018, 0x9115),
    // Position, orientation and content of a frame.
    (0x0020, 0x9111),
    (0x0020, 0x9113),
    (0x0020, 0x9116),
    // Tables of grey values: modality and display.
    (0x0028, 0x3000),
    (0x0028, 0x3010),
    // Pixel measures, display and rescale of a frame.
    (0x0028, 0x9110),
    (0x0028, 0x9132),
    (0x0028, 0x9145),
    // Functional groups of all frames and of each.
    (0x5200, 0x9229),
    (0x5200, 0x9230),
];

/// A data set up to and including its pixels.
pub(super) struct Parsed<'a> {
    pub(super) data_set: DataSet<'a>,
    pub(super) pixels: Option<Pixels>,
}

/// Where the pixels lie in the data set, in bytes.
pub(super) enum Pixels {
    /// One after the other. They may be cut off, which is noticed when they are counted.
    Native {
        bytes: Range<usize>,
        /// They are made of 16-bit words (OW), which big endian turns around even where they hold bytes.
        words: bool,
    },
    /// Code streams in fragments; the first of them is the offset table.
    Fragments(Vec<Range<usize>>),
}

/// Reads the elements up to and including the pixels: nothing an image needs comes after them.
///
/// # Errors
/// In words, when an element is cut off, or there are too many of them or too deep.
pub(super) fn read(bytes: &[u8], encoding: Encoding) -> Result<Parsed<'_>, String> {
    let mut reader = Reader { bytes, at: 0, left: MOST_ELEMENTS, big: encoding == Encoding::ExplicitBig };
    let mut elements = Vec::new();
    let mut pixels = None;
    while let Some(header) = reader.header(encoding)? {
        if header.tag == PIXEL_DATA {
            pixels = Some(reader.pixels(&header)?);
            break;
        }
        // Delimiters of nothing are a writer's slip.
        if header.tag.0 != ITEM.0 {
            reader.element(&header, encoding, Level { depth: 0, kept: true }, &mut elements)?;
        }
    }
    Ok(Parsed { data_set: DataSet::new(elements, reader.big, 0), pixels })
}

/// Where in the tree elements lie.
#[derive(Clone, Copy)]
struct Level {
    /// Sequences around them.
    depth: usize,
    /// Whether they become part of the tree.
    kept: bool,
}

/// Position in a data set.
struct Reader<'a> {
    /// The data set, up to the end of the innermost sequence of defined length.
    bytes: &'a [u8],
    at: usize,
    /// Elements that may still be kept.
    left: usize,
    big: bool,
}

impl<'a> Reader<'a> {
    /// The next element's header; `None` at the end. Fewer bytes than a header are padding.
    fn header(&mut self, encoding: Encoding) -> Result<Option<Header>, String> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if rest.len() < 8 {
            return Ok(None);
        }
        let header =
            Header::read(rest, encoding).ok_or_else(|| format!("the element at byte {} is cut off", self.at))?;
        self.at += header.size;
        Ok(Some(header))
    }

    /// Reads a value, and keeps it where it may be needed.
    fn element(
        &mut self,
        header: &Header,
        encoding: Encoding,
        level: Level,
        kept: &mut Vec<Element<'a>>,
    ) -> Result<(), String> {
        let value = self.value(header, encoding, level)?;
        let is_private = header.tag.0 % 2 == 1;
        if level.kept && !is_private {
            self.count()?;
            kept.push(Element { tag: header.tag, representation: header.representation, value });
        }
        Ok(())
    }

    fn value(&mut self, header: &Header, encoding: Encoding, level: Level) -> Result<Value<'a>, String> {
        let Header { tag, representation, length, .. } = *header;
        let may_be_sequence = representation.is_none_or(|vr| vr == *b"SQ" || vr == *b"UN") && tag != PIXEL_DATA;
        let kept = level.kept && SEQUENCES.contains(&tag);
        let inside = Level { depth: level.depth + 1, kept };
        let start = self.at;
        match (length == UNDEFINED, may_be_sequence) {
            (false, true) if kept => self.bounded(tag, length, encoding, inside),
            (false, _) => self.take(tag, length).map(|range| Value::Bytes(&self.bytes[range])),
            (true, false) => self.fragments(false).map(|_| Value::Bytes(&self.bytes[start..self.at])),
            (true, true) => {
                let items = self.items(encoding, inside, true)?;
                Ok(if kept { Value::Items(items) } else { Value::Bytes(&self.bytes[start..self.at]) })
            }
        }
    }

    /// A sequence of defined length. A fault in it does not reach what follows it.
    fn bounded(&mut self, tag: Tag, length: u32, encoding: Encoding, level: Level) -> Result<Value<'a>, String> {
        let Range { start, end } = self.take(tag, length)?;
        let whole = self.bytes;
        (self.bytes, self.at) = (&whole[..end], start);
        let items = self.items(encoding, level, false);
        (self.bytes, self.at) = (whole, end);
        Ok(items.map_or_else(Value::Broken, Value::Items))
    }

    /// The items of a sequence, up to its delimiter where it has one. Their lengths are not needed: an item ends where
    /// the next or a delimiter begins.
    fn items(&mut self, encoding: Encoding, level: Level, delimited: bool) -> Result<Vec<DataSet<'a>>, String> {
        if level.depth > MAX_DEPTH {
            return Err(format!("sequences are nested more than {MAX_DEPTH} deep"));
        }
        let mut items = Vec::new();
        loop {
            let start = self.at;
            match self.header(encoding)?.map(|header| header.tag) {
                Some(SEQUENCE_END) => return Ok(items),
                None if !delimited => return Ok(items),
                None => return Err("a sequence is cut off".to_owned()),
                Some(ITEM_END) => continue,
                Some(ITEM) => {}
                Some(_) if level.kept => return Err("it holds something that is no item".to_owned()),
                Some(_) => self.at = start,
            }
            let elements = self.item(encoding, level)?;
            if level.kept {
                self.count()?;
                items.push(DataSet::new(elements, self.big, start));
            }
        }
    }

    fn item(&mut self, outside: Encoding, level: Level) -> Result<Vec<Element<'a>>, String> {
        let encoding = self.encoding_of_item(outside);
        let mut elements = Vec::new();
        loop {
            let start = self.at;
            match self.header(encoding)? {
                None | Some(Header { tag: ITEM_END, .. }) => return Ok(elements),
                Some(Header { tag: ITEM | SEQUENCE_END, .. }) => {
                    self.at = start;
                    return Ok(elements);
                }
                Some(header) => self.element(&header, encoding, level, &mut elements)?,
            }
        }
    }

    /// How the item that begins here is written. In a sequence of unknown representation (UN) that should be
    /// implicit, whatever the data set is (PS3.5, 6.2.2); its first element shows what it really is.
    fn encoding_of_item(&self, outside: Encoding) -> Encoding {
        let explicit = self.bytes.get(self.at + 4..self.at + 6).is_some_and(is_known);
        if outside == Encoding::ExplicitLittle && !explicit { Encoding::ImplicitLittle } else { outside }
    }

    fn pixels(&mut self, header: &Header) -> Result<Pixels, String> {
        if header.length == UNDEFINED {
            return self.fragments(true).map(Pixels::Fragments);
        }
        let end = self.at.saturating_add(header.length as usize).min(self.bytes.len());
        Ok(Pixels::Native { bytes: self.at..end, words: header.representation == Some(*b"OW") })
    }

    /// The fragments of a value, up to what is none; only their places where they are `kept`.
    fn fragments(&mut self, kept: bool) -> Result<Vec<Range<usize>>, String> {
        let mut fragments = Vec::new();
        // Encapsulated pixels are little endian.
        while let Some(header) = self.header(Encoding::ImplicitLittle)? {
            if header.tag != ITEM {
                break;
            }
            let fragment = self.take(ITEM, header.length)?;
            if kept {
                self.count()?;
                fragments.push(fragment);
            }
        }
        Ok(fragments)
    }

    /// The place of a value's bytes.
    fn take(&mut self, (group, element): Tag, length: u32) -> Result<Range<usize>, String> {
        let start = self.at.min(self.bytes.len());
        let left = self.bytes.len() - start;
        if length as usize > left {
            let what = if (group, element) == ITEM {
                "a fragment of pixels".to_owned()
            } else {
                format!("element ({group:04X},{element:04X})")
            };
            return Err(format!("{what} declares {length} bytes; {left} are left in the file"));
        }
        self.at = start + length as usize;
        Ok(start..self.at)
    }

    /// Takes one of the elements that may still be kept.
    fn count(&mut self) -> Result<(), String> {
        let left = self.left.checked_sub(1);
        self.left = left.ok_or_else(|| format!("it has more than {MOST_ELEMENTS} elements"))?;
        Ok(())
    }
}
