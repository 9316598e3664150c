//! What stands before the value of an element (PS3.5, section 7).

use super::syntax::Encoding;

/// Group and element number.
pub(super) type Tag = (u16, u16);

pub(super) const PIXEL_DATA: Tag = (0x7fe0, 0x0010);
pub(super) const ITEM: Tag = (0xfffe, 0xe000);
pub(super) const ITEM_END: Tag = (0xfffe, 0xe00d);
pub(super) const SEQUENCE_END: Tag = (0xfffe, 0xe0dd);
/// The length of a value that ends with a delimiter.
pub(super) const UNDEFINED: u32 = u32::MAX;
/// Value representations with a 32-bit length.
const LONG: [&[u8; 2]; 13] =
    [b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"];
/// Value representations with a 16-bit length.
const SHORT: [&[u8; 2]; 21] = [
    b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FL", b"FD", b"IS", b"LO", b"LT", b"PN", b"SH", b"SL", b"SS",
    b"ST", b"TM", b"UI", b"UL", b"US",
];

/// What stands before an element's value.
pub(super) struct Header {
    pub(super) tag: Tag,
    pub(super) representation: Option<[u8; 2]>,
    pub(super) length: u32,
    /// Bytes of the header itself.
    pub(super) size: usize,
}

impl Header {
    /// The header at the beginning of `bytes`; `None` where it is cut off.
    ///
    /// Explicit data sets hold elements that some writers left without representation, or with one that no standard
    /// names; of the ways to read those, the first is taken that leads to another element.
    pub(super) fn read(bytes: &[u8], encoding: Encoding) -> Option<Self> {
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
pub(super) fn is_known(representation: &[u8]) -> bool {
    LONG.iter().chain(&SHORT).any(|known| *known == representation)
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

/// The first eight bytes as a floating-point number; there are at least eight.
pub(super) fn f64_of(bytes: &[u8], big: bool) -> f64 {
    let eight = [bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7]];
    if big { f64::from_be_bytes(eight) } else { f64::from_le_bytes(eight) }
}
