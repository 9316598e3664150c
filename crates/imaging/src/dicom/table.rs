//! Tables: of colours, of modality values, of what is displayed (PS3.3, C.7.6.3.1.5, C.7.9.2 and C.11).

use super::element::{Tag, u16_of};
use super::layout::signed_or_not;
use super::tree::DataSet;

/// Descriptors of the red, green and blue palettes; their data is at these plus 0x100, or 0x120 where it is segmented.
const PALETTES: [Tag; 3] = [(0x0028, 0x1101), (0x0028, 0x1102), (0x0028, 0x1103)];
const DESCRIPTOR: Tag = (0x0028, 0x3002);
const DATA: Tag = (0x0028, 0x3006);
/// Indirect segments copy earlier ones, none of which is indirect.
const INDIRECT: u16 = 2;

/// A number for each of a range of stored values.
#[derive(Debug, PartialEq)]
pub(super) struct Table {
    /// The stored value of the first entry.
    pub(super) first: i32,
    /// Bits of an entry.
    pub(super) bits: u16,
    /// At least one.
    pub(super) entries: Vec<u16>,
}

impl Table {
    /// The table of an item of a Modality LUT or VOI LUT sequence. `signed`: what it maps may be negative, where its
    /// descriptor does not say.
    ///
    /// # Errors
    /// In words, when it is incomplete.
    pub(super) fn of_item(item: &DataSet, signed: bool) -> Result<Self, String> {
        let signed = match item.representation(DESCRIPTOR) {
            Some([b'S', b'S']) => true,
            Some([b'U', b'S']) => false,
            _ => signed,
        };
        let data = item.bytes(DATA).ok_or("a table of grey values has no entries")?;
        Self::read(item, DESCRIPTOR, data, signed).ok_or_else(|| "a table of grey values is incomplete".to_owned())
    }

    fn read(data_set: &DataSet, descriptor: Tag, data: &[u8], signed: bool) -> Option<Self> {
        let (count, first, bits) = described(data_set, descriptor)?;
        let bytes = bits <= 8 && data.len() < 2 * count;
        let entries: Vec<u16> = words(data, bytes, data_set.big).take(count).collect();
        (!entries.is_empty()).then_some(Self { first: signed_or_not(first, signed), bits, entries })
    }

    /// The entry of a value; the nearest where there is none.
    pub(super) fn entry(&self, value: f64) -> u16 {
        let index = (value - f64::from(self.first)).round().max(0.0) as usize;
        self.entries[index.min(self.entries.len() - 1)]
    }

    /// The highest value that an entry may have.
    pub(super) fn white(&self) -> f64 {
        ((1_u32 << self.bits.clamp(1, 16)) - 1).into()
    }
}

/// The red, green and blue palettes.
///
/// # Errors
/// In words, when one is missing or incomplete.
pub(super) fn palettes(data_set: &DataSet, signed: bool) -> Result<[Table; 3], String> {
    let [red, green, blue] = PALETTES.map(|descriptor| palette(data_set, descriptor, signed));
    Ok([red?, green?, blue?])
}

fn palette(data_set: &DataSet, descriptor: Tag, signed: bool) -> Result<Table, String> {
    let at = |offset: u16| data_set.bytes((descriptor.0, descriptor.1 + offset));
    let incomplete = || "a palette is missing or incomplete".to_owned();
    if let Some(data) = at(0x100) {
        return Table::read(data_set, descriptor, data, signed).ok_or_else(incomplete);
    }
    let (count, first, bits) = described(data_set, descriptor).ok_or_else(incomplete)?;
    let bytes = bits <= 8;
    let segments: Vec<u16> = words(at(0x120).ok_or_else(incomplete)?, bytes, data_set.big).collect();
    let word = if bytes { 8 } else { 16 };
    let entries = expanded(&segments, word, count).filter(|entries| entries.len() == count);
    let entries = entries.ok_or("a segmented palette is damaged")?;
    Ok(Table { first: signed_or_not(first, signed), bits, entries })
}

/// Number of entries, the pattern of the first value mapped, and bits of an entry.
fn described(data_set: &DataSet, descriptor: Tag) -> Option<(usize, u16, u16)> {
    let numbers: Vec<u16> = data_set.numbers(descriptor).take(3).collect();
    let &[count, first, bits] = numbers.as_slice() else { return None };
    Some((if count == 0 { 1 << 16 } else { usize::from(count) }, first, bits))
}

/// Numbers of a byte or two.
fn words(data: &[u8], bytes: bool, big: bool) -> impl Iterator<Item = u16> + '_ {
    let size = if bytes { 1 } else { 2 };
    data.chunks_exact(size).map(move |word| if bytes { word[0].into() } else { u16_of(word, big) })
}

/// The entries of a segmented palette (PS3.3, C.7.9.2) in words of so many bits, at most `count` of them; `None` where
/// a segment is broken.
fn expanded(segments: &[u16], word: u32, count: usize) -> Option<Vec<u16>> {
    let mut entries = Vec::new();
    let mut rest = segments;
    // What makes the bytes of segments even is no segment.
    while let (true, [kind, length, tail @ ..]) = (entries.len() < count, rest) {
        rest = if *kind == INDIRECT {
            let (offset, tail) = tail.split_at_checked(32 / word as usize)?;
            let at = offset.iter().rev().fold(0, |at: usize, &part| at << word | usize::from(part));
            let mut copied = segments.get(at..)?;
            for _ in 0..*length {
                let &[kind, length, ref content @ ..] = copied else { return None };
                copied = segment(kind, length, content, &mut entries, count)?;
            }
            tail
        } else {
            segment(*kind, *length, tail, &mut entries, count)?
        };
    }
    Some(entries)
}

/// Adds the entries of one segment; what follows it.
fn segment<'a>(kind: u16, length: u16, content: &'a [u16], entries: &mut Vec<u16>, count: usize) -> Option<&'a [u16]> {
    let length = usize::from(length);
    let room = count - entries.len().min(count);
    match kind {
        0 => {
            let (discrete, rest) = content.split_at_checked(length)?;
            entries.extend(&discrete[..length.min(room)]);
            Some(rest)
        }
        1 => {
            let (&end, rest) = content.split_first()?;
            let (start, end) = (f64::from(*entries.last()?), f64::from(end));
            let step = |index: usize| start + (end - start) * index as f64 / length as f64;
            entries.extend((1..=length.min(room)).map(|index| step(index).round_ties_even() as u16));
            Some(rest)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn discrete_linear_and_indirect_segments_are_expanded() {
        // Two entries, three on the way to 9, both segments again, and a padding word.
        let segments = [0, 2, 1, 3, 1, 3, 9, 2, 2, 0, 0, 0];
        let entries = [1, 3, 5, 7, 9, 1, 3, 5, 7, 9];
        assert_eq!(expanded(&segments, 16, 10).as_deref(), Some(entries.as_slice()));
        let in_bytes = [&segments[..9], &[0, 0, 0, 0]].concat();
        assert_eq!(expanded(&in_bytes, 8, 10).as_deref(), Some(entries.as_slice()));
    }

    #[test]
    fn segments_that_lead_nowhere_are_no_palette() {
        for segments in [&[1, 3, 9][..], &[0, 5, 1], &[2, 1, 50, 0], &[7, 1, 1], &[2, 1, 0, 0]] {
            assert_eq!(expanded(segments, 16, 10), None, "{segments:?}");
        }
    }
}
