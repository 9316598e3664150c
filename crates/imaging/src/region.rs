//! Connected regions of a mask, and what is drawn along its edges.

/// A region counts when it has at least a twentieth of the largest one's pixels.
const LARGE: usize = 20;
/// The rim along the edges where frames and captions stand, as a part of the shorter side.
const RIM: usize = 32;

/// One connected region.
#[derive(Default)]
struct Region {
    pixels: usize,
    /// How many of them lie in the rim.
    in_rim: usize,
}

impl Region {
    /// A frame or a caption: more of it in the rim than within.
    fn is_rim(&self) -> bool {
        2 * self.in_rim > self.pixels
    }
}

/// The mask without its small regions and those that lie along the edges.
///
/// Pixels touching at a side or a corner are one region. Where every region lies along the edges, that is no reason
/// to clear them.
pub(crate) fn large_regions(mask: &[bool], width: usize, height: usize) -> Vec<bool> {
    let mut labels = vec![0_u32; mask.len()];
    let mut regions = vec![Region::default()];
    for seed in 0..mask.len() {
        if mask[seed] && labels[seed] == 0 {
            let label = regions.len() as u32;
            regions.push(fill(mask, &mut labels, (width, height), seed, label));
        }
    }
    let inner = |region: &&Region| !region.is_rim();
    let any_inner = regions[1..].iter().any(|region| inner(&region));
    let counted = |region: &&Region| inner(region) || !any_inner;
    let largest = regions.iter().filter(counted).map(|region| region.pixels).max().unwrap_or(0);
    let keep: Vec<bool> = regions.iter().map(|region| counted(&region) && region.pixels * LARGE >= largest).collect();
    labels.iter().map(|&label| label != 0 && keep[label as usize]).collect()
}

/// Labels the region around `seed` and measures it.
fn fill(mask: &[bool], labels: &mut [u32], (width, height): (usize, usize), seed: usize, label: u32) -> Region {
    let rim = width.min(height).div_ceil(RIM);
    let mut open = vec![seed];
    labels[seed] = label;
    let mut region = Region::default();
    while let Some(index) = open.pop() {
        let (x, y) = (index % width, index / width);
        region.pixels += 1;
        region.in_rim += usize::from(x < rim || y < rim || x + rim >= width || y + rim >= height);
        for near_y in y.saturating_sub(1)..(y + 2).min(height) {
            for near_x in x.saturating_sub(1)..(x + 2).min(width) {
                let near = near_y * width + near_x;
                if mask[near] && labels[near] == 0 {
                    labels[near] = label;
                    open.push(near);
                }
            }
        }
    }
    region
}

/// A caption lies within this part of a side.
const CAPTION: usize = 12;
/// A row or column of a caption is set to at least this part.
const CAPTION_FILL: f32 = 0.8;
/// Two rows further in, so much less of the row is set: a head's edge is round, a caption's is straight.
const CAPTION_STEP: f32 = 0.3;

/// Clears captions and lines drawn from side to side along the four edges, which may touch the head.
pub(crate) fn clear_captions(mask: &mut [bool], width: usize, height: usize) {
    let rows: Vec<f32> = mask.chunks_exact(width).map(|row| fill_of(row.iter().copied(), width)).collect();
    let (top, bottom) = captions(&rows);
    mask[..top * width].fill(false);
    mask[(height - bottom) * width..].fill(false);
    let column = |x: usize| fill_of(mask[x..].iter().step_by(width).copied(), height - top - bottom);
    let columns: Vec<f32> = (0..width).map(column).collect();
    let (left, right) = captions(&columns);
    for row in mask.chunks_exact_mut(width) {
        row[..left].fill(false);
        row[width - right..].fill(false);
    }
}

/// The set part of a row or column of `length`.
fn fill_of(line: impl Iterator<Item = bool>, length: usize) -> f32 {
    line.filter(|&set| set).count() as f32 / length.max(1) as f32
}

/// How many lines at the start and at the end are caption.
fn captions(fills: &[f32]) -> (usize, usize) {
    let outer = fills.len() / CAPTION;
    let is_last = |near: f32, far: f32| near >= CAPTION_FILL && near - far >= CAPTION_STEP;
    let start = (0..outer).rev().find(|&index| is_last(fills[index], fills[index + 2]));
    let last = fills.len() - 1;
    let end = (0..outer).rev().find(|&index| is_last(fills[last - index], fills[last - index - 2]));
    (start.map_or(0, |index| index + 1), end.map_or(0, |index| index + 1))
}
