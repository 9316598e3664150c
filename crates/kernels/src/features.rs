//! Activations: planes of eight channels, with a border of zeros.

use crate::simd::{F32x8, LANES};

/// The activations between two layers, for one image.
///
/// Channels lie in planes of eight: `[channels / 8][height + 2][width + 2][8]`. A pixel's eight values are whole vectors,
/// neighbouring pixels are neighbours in memory, and the border of zeros is the padding of every 3x3 convolution.
#[derive(Debug, Default)]
pub(crate) struct Features {
    channels: usize,
    height: usize,
    width: usize,
    values: Vec<F32x8>,
}

impl Features {
    /// Gives it another shape. Its border is zero then, its values are whatever they were. Memory is only taken where
    /// it never had so many values.
    pub(crate) fn reshape(&mut self, channels: usize, height: usize, width: usize) {
        if (self.channels, self.height, self.width) == (channels, height, width) {
            return;
        }
        (self.channels, self.height, self.width) = (channels, height, width);
        let length = self.blocks() * self.plane_length();
        self.values.reserve_exact(length.saturating_sub(self.values.len()));
        self.values.resize(length, F32x8::ZERO);
        let (pitch, plane) = (self.pitch(), self.plane_length());
        for plane in self.values.chunks_exact_mut(plane) {
            plane[..pitch].fill(F32x8::ZERO);
            plane[(height + 1) * pitch..].fill(F32x8::ZERO);
            for row in plane.chunks_exact_mut(pitch) {
                row[0] = F32x8::ZERO;
                row[width + 1] = F32x8::ZERO;
            }
        }
    }

    pub(crate) fn height(&self) -> usize {
        self.height
    }

    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Planes of eight channels; the last may have fewer.
    pub(crate) fn blocks(&self) -> usize {
        self.channels.div_ceil(LANES)
    }

    /// From a pixel to the one below it.
    pub(crate) fn pitch(&self) -> usize {
        self.width + 2
    }

    /// Where a pixel lies in its plane; (0, 0) is the first inside the border.
    pub(crate) fn place(&self, row: usize, column: usize) -> usize {
        (row + 1) * self.pitch() + column + 1
    }

    fn plane_length(&self) -> usize {
        (self.height + 2) * self.pitch()
    }

    /// Eight channels, border included.
    pub(crate) fn plane(&self, block: usize) -> &[F32x8] {
        let length = self.plane_length();
        &self.values[block * length..][..length]
    }

    /// Eight channels, border included.
    pub(crate) fn plane_mut(&mut self, block: usize) -> &mut [F32x8] {
        let length = self.plane_length();
        &mut self.values[block * length..][..length]
    }

    /// A row of eight channels without its border.
    pub(crate) fn row(&self, block: usize, row: usize) -> &[F32x8] {
        &self.plane(block)[self.place(row, 0)..][..self.width]
    }

    /// The mean of every channel.
    pub(crate) fn means(&self) -> impl Iterator<Item = f32> + '_ {
        self.weighted_sums(|_| 1.0).map(|sum| sum / (self.height * self.width) as f32)
    }

    /// The mean of every channel, each pixel with a weight of its own.
    pub(crate) fn weighted_means<'a>(&'a self, weights: &'a [f32]) -> impl Iterator<Item = f32> + 'a {
        let total = weights.iter().sum::<f32>();
        self.weighted_sums(|pixel| weights[pixel]).map(move |sum| sum / total)
    }

    fn weighted_sums<'a>(&'a self, weight: impl Fn(usize) -> f32 + 'a) -> impl Iterator<Item = f32> + 'a {
        let sums = move |block: usize| {
            let mut sums = [0.0; LANES];
            let pixels = (0..self.height).flat_map(|row| self.row(block, row));
            for (index, pixel) in pixels.enumerate() {
                let weight = weight(index);
                sums.iter_mut().zip(pixel.0).for_each(|(sum, value)| *sum += weight * value);
            }
            sums
        };
        (0..self.blocks()).flat_map(sums).take(self.channels)
    }

    /// Writes the nearest of its pixels to every pixel of `target`, which has its shape already.
    pub(crate) fn resize_into(&self, target: &mut Self) {
        let (height, width) = (target.height, target.width);
        for block in 0..self.blocks() {
            for row in 0..height {
                let from = self.row(block, row * self.height / height);
                let place = target.place(row, 0);
                for (column, pixel) in target.plane_mut(block)[place..][..width].iter_mut().enumerate() {
                    *pixel = from[column * self.width / width];
                }
            }
        }
    }

    /// Every value in the order `[channels, height, width]`.
    pub(crate) fn planar(&self) -> impl Iterator<Item = f32> + '_ {
        (0..self.channels).flat_map(move |channel| {
            (0..self.height)
                .flat_map(move |row| self.row(channel / LANES, row))
                .map(move |pixel| pixel.0[channel % LANES])
        })
    }
}
