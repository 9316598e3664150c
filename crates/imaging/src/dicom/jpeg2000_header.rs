//! What a JPEG 2000 code stream declares (ITU-T T.800, annex A), checked before a decoder reserves memory for it.
//!
//! A few hundred bytes can declare millions of tiles or precincts. Each needs bytes of its own, so that a stream that is
//! too short for what it declares is cut off or hostile.

use std::ops::Range;

const START: [u8; 2] = [0xff, 0x4f];
const SIZE: u8 = 0x51;
const CODING: u8 = 0x52;
const CODING_OF_COMPONENT: u8 = 0x53;
const TILE_PART: u8 = 0x90;
const DATA: u8 = 0x93;
const END: u8 = 0xd9;
/// Bytes of the smallest tile part: its header (SOT) and the start of its data (SOD).
const SMALLEST_TILE: u64 = 14;
/// Levels of decomposition at most.
const MOST_LEVELS: u8 = 32;

/// What is known of a stream before it is decoded.
pub(super) struct Declared {
    /// Width and height, in pixels.
    pub(super) size: (u32, u32),
    pub(super) components: u16,
    /// Whether the first component's samples are signed.
    pub(super) signed: bool,
}

/// The code stream, out of the boxes of a JP2 file where it lies in one.
pub(super) fn stream(code: &[u8]) -> Result<&[u8], String> {
    let mut rest = code;
    while !rest.starts_with(&START) {
        let (length, kind) = match *rest {
            [a, b, c, d, ref kind @ ..] if kind.len() >= 4 => (u32::from_be_bytes([a, b, c, d]) as usize, &kind[..4]),
            _ => return Err("it holds no JPEG 2000 code stream".to_owned()),
        };
        let end = if length == 0 { rest.len() } else { length };
        let content = rest.get(8..end).ok_or("a box of its JPEG 2000 is cut off")?;
        rest = if kind == b"jp2c" { content } else { &rest[end..] };
    }
    Ok(rest)
}

/// Reads and checks the headers of a stream.
///
/// # Errors
/// In words, when the stream is cut off, or declares more than it can hold.
pub(super) fn check(code: &[u8]) -> Result<Declared, String> {
    let cut = || "its JPEG 2000 is cut off".to_owned();
    let size = segments(code).next().filter(|segment| segment.marker == SIZE).ok_or_else(cut)?;
    let long =
        |at: usize| size.content.get(at..at + 4).map(|four| u32::from_be_bytes([four[0], four[1], four[2], four[3]]));
    let numbers: Vec<u32> = (2..34).step_by(4).map_while(long).collect();
    let &[width, height, left, top, tile_width, tile_height, tile_left, tile_top] = numbers.as_slice() else {
        return Err(cut());
    };
    let &[high, low, depth] = size.content.get(34..37).ok_or_else(cut)? else { return Err(cut()) };
    let components = u16::from_be_bytes([high, low]);
    let tiles = |extent: u32, first: u32, side: u32| u64::from(extent.saturating_sub(first).div_ceil(side.max(1)));
    let tiles = tiles(width, tile_left, tile_width).saturating_mul(tiles(height, tile_top, tile_height));
    let extent = (width.saturating_sub(left), height.saturating_sub(top));
    let precincts = precincts(code, extent).saturating_mul(components.into());
    let room = code.len() as u64;
    if tiles.saturating_mul(SMALLEST_TILE) > room || precincts > room {
        return Err(format!(
            "its JPEG 2000 declares {tiles} tiles and {precincts} precincts, which its {room} bytes can't hold"
        ));
    }
    is_whole(code).then_some(Declared { size: extent, components, signed: depth & 0x80 != 0 }).ok_or_else(cut)
}

/// Whether every part of the stream is there. Some writers leave out the last marker.
fn is_whole(code: &[u8]) -> bool {
    let padding = code.iter().rev().take_while(|&&byte| byte == 0).count();
    let ends = code[..code.len() - padding].ends_with(&[0xff, END]);
    let last = segments(code).filter(|segment| segment.marker == TILE_PART).last();
    last.is_some_and(|part| match part.tile_end {
        Some(end) => end <= code.len(),
        None => ends,
    })
}

/// Of one component, how many parts of the picture (precincts) have packets of their own, at least.
fn precincts(code: &[u8], (width, height): (u32, u32)) -> u64 {
    let parts = |extent: u32, level: u8, side: u8| (u64::from(extent) >> level).div_ceil(1 << side).max(1);
    let of_style = |segment: Segment<'_>| {
        // Style, then order, layers and transform of all components; or component and style.
        let ((CODING, [style, _, _, _, _, rest @ ..]) | (CODING_OF_COMPONENT, [_, style, rest @ ..])) =
            (segment.marker, segment.content)
        else {
            return 0;
        };
        let &[levels, _, _, _, _, ref sides @ ..] = rest else { return 0 };
        let levels = levels.min(MOST_LEVELS);
        // From the smallest resolution to the whole picture; without sizes of their own there is one part of each.
        let side = |resolution: u8| if style & 1 == 1 { sides.get(usize::from(resolution)).copied() } else { None };
        let of_resolution = |resolution: u8| {
            let side = side(resolution).unwrap_or(0xff);
            let level = levels - resolution;
            parts(width, level, side & 0x0f).saturating_mul(parts(height, level, side >> 4))
        };
        (0..=levels).map(of_resolution).sum()
    };
    segments(code).map(of_style).max().unwrap_or(0)
}

/// A marker and what follows it.
struct Segment<'a> {
    marker: u8,
    content: &'a [u8],
    /// Of a tile part, where it ends; `None` where it goes on to the end of the stream.
    tile_end: Option<usize>,
}

/// The marker segments of a stream: those before the tiles and those of each tile part, its data passed over.
fn segments(code: &[u8]) -> impl Iterator<Item = Segment<'_>> {
    let mut at = START.len();
    let mut tile: Range<usize> = 0..0;
    std::iter::from_fn(move || {
        loop {
            let &[0xff, marker] = code.get(at..at + 2)? else { return None };
            if marker == END {
                return None;
            }
            if marker == DATA {
                // To the next tile part; a length of 0 leaves none behind it.
                at = if tile.end > at { tile.end } else { return None };
                continue;
            }
            let length = usize::from(u16::from_be_bytes(code.get(at + 2..at + 4)?.try_into().ok()?));
            let content = code.get(at + 4..at + 2 + length.max(2))?;
            if marker == TILE_PART {
                let length = u32::from_be_bytes(content.get(2..6)?.try_into().ok()?) as usize;
                tile = at..if length == 0 { 0 } else { at.saturating_add(length) };
            }
            at += 2 + length.max(2);
            let tile_end = (marker == TILE_PART && tile.end > 0).then_some(tile.end);
            return Some(Segment { marker, content, tile_end });
        }
    })
}
