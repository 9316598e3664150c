//! Taking the skull off a slice, roughly: the head's rim becomes air.

use rand::Rng;

use crate::box_filter::smooth;

/// Signal above which a pixel belongs to the head, in [-1, 1].
const AIR: f32 = -0.85;
/// Thickness of what is taken off, as a share of the side.
const THICKNESS: std::ops::Range<f32> = 0.05..0.09;

/// A slice without its rim, and what is left of its width, which is what a crop to the head would show.
pub fn strip(pixels: &[f32], side: usize, random: &mut impl Rng) -> (Vec<f32>, f32) {
    let thickness = random.random_range(THICKNESS);
    let radius = (thickness * side as f32).round() as usize;
    let filled: Vec<f32> = filled(pixels, side).iter().map(|&inside| f32::from(u8::from(inside))).collect();
    let inner = smooth(&padded(&filled, side, radius), side + 2 * radius, radius);
    let kept = |index: usize| inner[(index / side + radius) * (side + 2 * radius) + index % side + radius] > 0.999;
    let stripped = pixels.iter().enumerate().map(|(index, &value)| if kept(index) { value } else { -1.0 }).collect();
    (stripped, 1.0 - 2.0 * thickness)
}

/// Pixels with head to the left and right of them, and above and below.
fn filled(pixels: &[f32], side: usize) -> Vec<bool> {
    let span = |line: &mut dyn Iterator<Item = f32>| {
        let head: Vec<usize> = line.enumerate().filter(|(_, value)| *value > AIR).map(|(at, _)| at).collect();
        (head.first().copied().unwrap_or(side), head.last().map_or(0, |last| last + 1))
    };
    let rows: Vec<_> = (0..side).map(|y| span(&mut (0..side).map(|x| pixels[y * side + x]))).collect();
    let columns: Vec<_> = (0..side).map(|x| span(&mut (0..side).map(|y| pixels[y * side + x]))).collect();
    let within = |(from, to): (usize, usize), at: usize| (from..to).contains(&at);
    (0..side * side)
        .map(|index| within(rows[index / side], index % side) && within(columns[index % side], index / side))
        .collect()
}

/// Air around a mask: what touches the frame has its rim there.
fn padded(mask: &[f32], side: usize, margin: usize) -> Vec<f32> {
    let wide = side + 2 * margin;
    let mut padded = vec![0.0; wide * wide];
    for (y, row) in mask.chunks_exact(side).enumerate() {
        let start = (y + margin) * wide + margin;
        padded[start..start + side].copy_from_slice(row);
    }
    padded
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn the_rim_becomes_air_and_the_inside_stays() {
        let side = 100;
        let radius = |index: usize| ((index % side) as f32 - 49.5).hypot((index / side) as f32 - 49.5);
        let head: Vec<f32> = (0..side * side).map(|index| if radius(index) < 45.0 { 0.3 } else { -1.0 }).collect();
        let (stripped, width) = strip(&head, side, &mut ChaCha8Rng::seed_from_u64(3));
        assert!((0.82..0.90).contains(&width), "{width}");
        for (index, value) in stripped.iter().enumerate() {
            if radius(index) < 30.0 {
                assert!((value - 0.3).abs() < 1e-6);
            }
            if radius(index) > 42.0 {
                assert!((value + 1.0).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn a_head_that_fills_the_frame_loses_the_frame() {
        let (stripped, _) = strip(&[0.0; 1600], 40, &mut ChaCha8Rng::seed_from_u64(3));
        assert!(stripped[20 * 40] < -0.9 && stripped[20 * 40 + 20] > -0.1);
    }
}
