//! Random changes of a prepared slice that a scanner, a radiographer or an export could have caused.

use std::f32::consts::TAU;

use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageBuffer, ImageFormat, Luma};
use rand::Rng;

use crate::recipe::Augmentation;
use crate::skull_strip::strip;

/// Signal, from 0 to 1, up to which a pixel is air, which stays dark in every contrast.
const AIR: f32 = 0.04;
/// Part of the contrasts that fall where the signal rises.
const INVERTED: f32 = 0.35;

impl Augmentation {
    /// A changed copy of a square slice in [-1, 1], `side` x `side` pixels, and how its pixels moved.
    #[must_use]
    pub fn apply(&self, pixels: &[f32], side: usize, random: &mut impl Rng) -> (Vec<f32>, Warp) {
        let stripped = (random.random::<f32>() < self.strip).then(|| strip(pixels, side, random));
        let (pixels, width) =
            stripped.as_ref().map_or((pixels, 1.0), |(stripped, width)| (stripped.as_slice(), *width));
        let warp = self.warp(width, random);
        let tone = self.tone(random);
        let mut changed = vec![0.0; pixels.len()];
        for (y, row) in changed.chunks_mut(side).enumerate() {
            for (x, value) in row.iter_mut().enumerate() {
                let (u, v) = (unit(x, side), unit(y, side));
                let sampled = warp.sample(pixels, side, u, v);
                *value = tone.apply(sampled, u, v);
            }
        }
        self.add_noise(&mut changed, random);
        let blurred = self.blurred(changed, side, random);
        (self.recompressed(blurred, side, random), warp)
    }

    /// `width` is the share of the slice that fills the frame before the random change of size.
    fn warp(&self, width: f32, random: &mut impl Rng) -> Warp {
        let angle = symmetric(self.rotation, random).to_radians();
        let zoom = width / (1.0 + symmetric(self.scale, random));
        let mirror = if self.flip && random.random() { -1.0 } else { 1.0 };
        let (sin, cos) = angle.sin_cos();
        Warp {
            matrix: [mirror * zoom * cos, -mirror * zoom * sin, zoom * sin, zoom * cos],
            shift: [2.0 * symmetric(self.shift, random), 2.0 * symmetric(self.shift, random)],
        }
    }

    fn tone(&self, random: &mut impl Rng) -> Tone {
        let strength = symmetric(self.bias_field, random);
        let direction = random.random::<f32>() * TAU;
        Tone {
            gamma: symmetric(self.gamma, random).exp2(),
            contrast: 1.0 + symmetric(self.contrast, random),
            brightness: symmetric(self.brightness, random),
            slope: [strength * direction.cos(), strength * direction.sin()],
            curve: self.curve(random),
            contrasts: self.contrasts(random),
        }
    }

    /// Five values from 0 to 1, sorted up or, for a third, down: T1 to T2 turns tissues around.
    fn contrasts(&self, random: &mut impl Rng) -> Option<[f32; 5]> {
        // Nothing is drawn where the recipe does not ask, so that other recipes repeat what they were.
        if self.recontrast == 0.0 || random.random::<f32>() >= self.recontrast {
            return None;
        }
        let mut points: [f32; 5] = std::array::from_fn(|_| random.random());
        points.sort_by(f32::total_cmp);
        if random.random::<f32>() < INVERTED {
            points.reverse();
        }
        Some(points)
    }

    /// Rises from 0 to 1 over five points at equal distances.
    fn curve(&self, random: &mut impl Rng) -> [f32; 5] {
        let mut points = [0.0, 0.25, 0.5, 0.75, 1.0];
        for point in &mut points[1..4] {
            *point = (*point + symmetric(self.curve, random)).clamp(0.0, 1.0);
        }
        points[1..4].sort_by(f32::total_cmp);
        points
    }

    fn add_noise(&self, pixels: &mut [f32], random: &mut impl Rng) {
        if self.noise == 0.0 {
            return;
        }
        let deviation = self.noise * random.random::<f32>();
        for pixel in pixels {
            // The sum of four uniform values is near enough to a normal one; its variance is 4 / 12.
            let sum: f32 = (0..4).map(|_| random.random::<f32>()).sum();
            *pixel = (*pixel + deviation * (sum - 2.0) * 3.0_f32.sqrt()).clamp(-1.0, 1.0);
        }
    }
}

impl Augmentation {
    fn blurred(&self, pixels: Vec<f32>, side: usize, random: &mut impl Rng) -> Vec<f32> {
        if self.blur == 0.0 {
            return pixels;
        }
        let deviation = self.blur * random.random::<f32>() * side as f32;
        // Below a third of a pixel a Gaussian is its centre.
        if deviation < 0.3 { pixels } else { blurred(&pixels, side, deviation).unwrap_or(pixels) }
    }

    fn recompressed(&self, pixels: Vec<f32>, side: usize, random: &mut impl Rng) -> Vec<f32> {
        if self.recompression == 0 || random.random() {
            return pixels;
        }
        let quality = 100 - random.random_range(0..=self.recompression);
        through_jpeg(&pixels, side, quality).unwrap_or(pixels)
    }
}

/// A slice blurred by a Gaussian of `deviation` pixels; `None` where it is no square.
fn blurred(pixels: &[f32], side: usize, deviation: f32) -> Option<Vec<f32>> {
    // The blur takes values for shares of full brightness and clips what is below 0.
    let shares: Vec<f32> = pixels.iter().map(|value| (value + 1.0) / 2.0).collect();
    let image = ImageBuffer::<Luma<f32>, _>::from_raw(side as u32, side as u32, shares)?;
    Some(image::imageops::fast_blur(&image, deviation).iter().map(|share| share * 2.0 - 1.0).collect())
}

/// A slice written as JPEG and read again; `None` where the encoder refuses.
fn through_jpeg(pixels: &[f32], side: usize, quality: u8) -> Option<Vec<f32>> {
    let bytes: Vec<u8> = pixels.iter().map(|value| ((value + 1.0) * 127.5).round() as u8).collect();
    let mut file = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut file, quality);
    encoder.encode(&bytes, side as u32, side as u32, ExtendedColorType::L8).ok()?;
    let image = image::load_from_memory_with_format(&file, ImageFormat::Jpeg).ok()?;
    Some(image.into_luma8().iter().map(|&value| f32::from(value) / 127.5 - 1.0).collect())
}

/// A uniform value in [-`limit`, `limit`].
fn symmetric(limit: f32, random: &mut impl Rng) -> f32 {
    limit * (2.0 * random.random::<f32>() - 1.0)
}

/// A pixel's centre in [-1, 1].
fn unit(index: usize, side: usize) -> f32 {
    (2.0 * index as f32 + 1.0) / side as f32 - 1.0
}

/// Where a pixel of the changed slice comes from, in coordinates from -1 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Warp {
    pub(crate) matrix: [f32; 4],
    pub(crate) shift: [f32; 2],
}

impl Warp {
    /// Every pixel stays.
    pub const NONE: Self = Self { matrix: [1.0, 0.0, 0.0, 1.0], shift: [0.0; 2] };

    /// The place in the slice before that (`u`, `v`) shows.
    #[must_use]
    #[expect(clippy::many_single_char_names, reason = "coordinates and the matrix have no better names")]
    pub fn source(&self, u: f32, v: f32) -> [f32; 2] {
        let [a, b, c, d] = self.matrix;
        [a * u + b * v + self.shift[0], c * u + d * v + self.shift[1]]
    }

    /// Bilinear; outside the slice lies air, -1.
    fn sample(&self, pixels: &[f32], side: usize, u: f32, v: f32) -> f32 {
        let [x, y] = self.source(u, v).map(|unit| (unit + 1.0) * side as f32 / 2.0 - 0.5);
        let (left, top) = (x.floor(), y.floor());
        let (right_share, bottom_share) = (x - left, y - top);
        let at = |column: f32, row: f32| {
            let inside = |value: f32| value >= 0.0 && value < side as f32;
            if inside(column) && inside(row) { pixels[row as usize * side + column as usize] } else { -1.0 }
        };
        let upper = at(left, top) * (1.0 - right_share) + at(left + 1.0, top) * right_share;
        let lower = at(left, top + 1.0) * (1.0 - right_share) + at(left + 1.0, top + 1.0) * right_share;
        upper * (1.0 - bottom_share) + lower * bottom_share
    }
}

/// The value at `share` of the way along points at equal distances, linear between them.
fn along(points: &[f32; 5], share: f32) -> f32 {
    let place = share * 4.0;
    let before = (place as usize).min(3);
    points[before] + (place - before as f32) * (points[before + 1] - points[before])
}

/// How a value of the changed slice differs from the one it was sampled from.
struct Tone {
    gamma: f32,
    contrast: f32,
    brightness: f32,
    slope: [f32; 2],
    curve: [f32; 5],
    /// Another contrast of all that is no air.
    contrasts: Option<[f32; 5]>,
}

impl Tone {
    /// Gamma and a coil's field act on the signal, which is 0 in air; contrast and brightness act on the display.
    fn apply(&self, value: f32, u: f32, v: f32) -> f32 {
        let signal = ((value + 1.0) / 2.0).clamp(0.0, 1.0).powf(self.gamma);
        let signal = along(&self.curve, signal);
        let signal = match &self.contrasts {
            Some(contrasts) if signal > AIR => along(contrasts, signal),
            _ => signal,
        };
        let field = 1.0 + self.slope[0] * u + self.slope[1] * v;
        let shown = (signal * field * 2.0 - 1.0) * self.contrast + 2.0 * self.brightness;
        shown.clamp(-1.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn ramp(side: usize) -> Vec<f32> {
        (0..side * side).map(|index| (index % side) as f32 / side as f32 * 1.6 - 0.8).collect()
    }

    #[test]
    fn no_augmentation_changes_nothing() {
        let slice = ramp(16);
        let (same, warp) = Augmentation::default().apply(&slice, 16, &mut ChaCha8Rng::seed_from_u64(1));
        assert_eq!(warp, Warp::NONE);
        assert!(slice.iter().zip(&same).all(|(a, b)| (a - b).abs() < 1e-5));
    }

    #[test]
    fn a_flip_mirrors_left_and_right() {
        let slice = ramp(16);
        let flip = Augmentation { flip: true, ..Augmentation::default() };
        let mirrored = (0..32)
            .map(|seed| flip.apply(&slice, 16, &mut ChaCha8Rng::seed_from_u64(seed)).0)
            .filter(|changed| (0..256).all(|i| (changed[i] - slice[i / 16 * 16 + 15 - i % 16]).abs() < 1e-5))
            .count();
        assert!((8..=24).contains(&mirrored), "{mirrored} of 32 were mirrored");
    }

    #[test]
    fn every_change_stays_in_range_and_repeats_with_its_seed() {
        let all = Augmentation {
            flip: true,
            shift: 0.1,
            rotation: 20.0,
            scale: 0.2,
            brightness: 0.2,
            contrast: 0.3,
            gamma: 0.5,
            bias_field: 0.3,
            noise: 0.1,
            blur: 0.05,
            recompression: 60,
            curve: 0.2,
            strip: 0.5,
            recontrast: 0.5,
        };
        let change = |seed| all.apply(&ramp(24), 24, &mut ChaCha8Rng::seed_from_u64(seed)).0;
        assert!(change(5).iter().all(|value| (-1.0..=1.0).contains(value)));
        assert_eq!(change(5), change(5));
        assert_ne!(change(5), change(6));
    }

    #[test]
    fn another_contrast_leaves_air_dark_and_keeps_or_turns_the_order_of_tissues() {
        let recontrast = Augmentation { recontrast: 1.0, ..Augmentation::default() };
        let slice: Vec<f32> = (0..256).map(|index| if index % 16 < 2 { -1.0 } else { ramp(16)[index] }).collect();
        let mut falling = 0;
        for seed in 0..40 {
            let (changed, _) = recontrast.apply(&slice, 16, &mut ChaCha8Rng::seed_from_u64(seed));
            assert!((changed[0] + 1.0).abs() < 1e-6 && (changed[1] + 1.0).abs() < 1e-6);
            let head = &changed[2..16];
            let rises = head.array_windows().all(|[a, b]| a <= b);
            let falls = head.array_windows().all(|[a, b]| a >= b);
            assert!(rises || falls, "{head:?}");
            falling += usize::from(falls);
        }
        assert!((5..=25).contains(&falling), "{falling} of 40 fall");
    }

    #[test]
    fn recompression_and_blur_change_a_slice_little_and_keep_its_brightness() {
        let slice: Vec<f32> = (0..1024).map(|index| if (index / 32) % 8 < 4 { -0.5 } else { 0.5 }).collect();
        let recompressed = through_jpeg(&slice, 32, 40).unwrap();
        let blurred = blurred(&slice, 32, 1.5).unwrap();
        for changed in [recompressed, blurred] {
            let mean = changed.iter().sum::<f32>() / 1024.0;
            let difference = slice.iter().zip(&changed).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(mean.abs() < 0.02, "mean {mean}");
            assert!(difference > 0.01 && difference < 0.8, "difference {difference}");
        }
    }
}
