//! Which fragments of encapsulated pixels make up which frame (PS3.5, A.4).

use std::ops::Range;

use super::element::{Tag, u32_of};
use super::tree::DataSet;

/// Offsets of frames, in 64 bits.
const EXTENDED_OFFSETS: Tag = (0x7fe0, 0x0001);

/// The fragments of every frame, by their places in `data`.
///
/// One frame takes all fragments. Of several, offset tables say where each begins; where they are missing or lead
/// nowhere, there is either a fragment for each, or a code stream that begins with its mark.
///
/// # Errors
/// In words, when the fragments can't be told apart.
pub(super) fn of_frames(
    data: &[u8],
    data_set: &DataSet,
    fragments: &[Range<usize>],
    frames: usize,
) -> Result<Vec<Vec<Range<usize>>>, String> {
    let (table, fragments) = fragments.split_first().ok_or("its pixels have no fragments")?;
    if frames == 1 {
        return Ok(vec![fragments.to_vec()]);
    }
    let found = extended(data_set, fragments, frames)
        .or_else(|| starting_at(basic(&data[table.clone()]), fragments, frames))
        .or_else(|| (fragments.len() == frames).then(|| (0..frames).collect()))
        .or_else(|| marked(data, fragments, frames));
    let Some(starts) = found else {
        return Err(format!("its {} fragments can't be told apart into {frames} frames", fragments.len()));
    };
    let ends = starts.iter().skip(1).copied().chain([fragments.len()]);
    Ok(starts.iter().zip(ends).map(|(&start, end)| fragments[start..end].to_vec()).collect())
}

/// Frames that begin where the extended offset table says.
fn extended(data_set: &DataSet, fragments: &[Range<usize>], frames: usize) -> Option<Vec<usize>> {
    let table = data_set.bytes(EXTENDED_OFFSETS)?;
    // Encapsulated pixels are little endian.
    let long = |eight: &[u8]| u64::from(u32_of(eight, false)) | u64::from(u32_of(&eight[4..], false)) << 32;
    starting_at(table.chunks_exact(8).map(long), fragments, frames)
}

fn basic(table: &[u8]) -> impl Iterator<Item = u64> + '_ {
    table.chunks_exact(4).map(|four| u32_of(four, false).into())
}

/// The first fragment of every frame, each at an offset from the first fragment's item; `None` where an offset
/// leads to no fragment, or there are not as many as frames.
fn starting_at(offsets: impl Iterator<Item = u64>, fragments: &[Range<usize>], frames: usize) -> Option<Vec<usize>> {
    let first = fragments.first()?.start as u64;
    let place = |offset: u64| {
        let start = first.checked_add(offset)?;
        fragments.binary_search_by_key(&start, |fragment| fragment.start as u64).ok()
    };
    let starts: Vec<usize> = offsets.map(place).collect::<Option<_>>()?;
    let is_in_order = starts.first() == Some(&0) && starts.is_sorted_by(|a, b| a < b);
    (starts.len() == frames && is_in_order).then_some(starts)
}

/// Frames that begin with the first bytes of JPEG, JPEG-LS or JPEG 2000.
fn marked(data: &[u8], fragments: &[Range<usize>], frames: usize) -> Option<Vec<usize>> {
    let begins = |&index: &usize| {
        let code = &data[fragments[index].clone()];
        [&[0xff, 0xd8, 0xff][..], &[0xff, 0x4f, 0xff, 0x51], b"\0\0\0\x0cjP"].iter().any(|mark| code.starts_with(mark))
    };
    let starts: Vec<usize> = (0..fragments.len()).filter(begins).collect();
    (starts.len() == frames && starts.first() == Some(&0)).then_some(starts)
}
