//! What a GEMM's weights are applied to, brought into panels: im2col, a few pixels at a time.

#![expect(clippy::inline_always, reason = "a task must be compiled whole for the machine that performs it")]

use std::ops::Range;

use graph::Activation;

use crate::features::Features;
use crate::gemm::{Panel, TILE, Tile, activate};
use crate::simd::{F32x8, LANES, SimdBackend};

/// Weights of a 3x3 convolution of each channel by itself, eight channels at a time.
pub(crate) type Taps = [F32x8; 9];

/// What a GEMM reads.
#[derive(Clone, Copy)]
pub(crate) enum Source<'a> {
    /// 3x3 windows of a grey image of the given side. The depth is the nine taps.
    Grey {
        image: &'a [f32],
        side: usize,
        stride: usize,
        /// Rows and columns of zeros before the image.
        before: usize,
    },
    /// Pixels, every `stride`th of every `stride`th row. The depth is the channels.
    Pixels { features: &'a Features, stride: usize },
    /// 3x3 windows. The depth is eight channels at each tap, then the next eight.
    Windows {
        features: &'a Features,
        /// Whether the first window's middle is the first pixel.
        padded: bool,
    },
    /// What a depthwise 3x3 convolution makes of the features, padded with zeros. The depth is the channels.
    Depthwise {
        features: &'a Features,
        taps: &'a [Taps],
        /// Whether negative features are read as zero.
        relu: bool,
    },
    /// What a depthwise convolution of any size and stride makes of the features. The depth is the channels.
    Spatial {
        features: &'a Features,
        kernel: &'a Spatial,
        stride: usize,
        /// Rows of zeros above the features, and columns before them.
        before: [usize; 2],
        /// What is applied to the sums.
        activation: Activation,
    },
}

/// Weights of a depthwise convolution and its bias.
#[derive(Debug)]
pub(crate) struct Spatial {
    /// Height and width of the kernel.
    pub(crate) size: usize,
    /// `[channels / 8][size * size][8]`.
    pub(crate) taps: Vec<F32x8>,
    /// `[channels / 8][8]`.
    pub(crate) bias: Vec<F32x8>,
}

impl Source<'_> {
    /// Fills the panels of some tiles with a part of the depth: for each tile one panel for each eight of depth.
    #[inline(always)]
    pub(crate) fn fill<M: SimdBackend>(
        self,
        machine: M,
        width: usize,
        tiles: &[Tile],
        depth: Range<usize>,
        panels: &mut [Panel],
    ) {
        let length = depth.len();
        for (index, step) in depth.enumerate() {
            let panels = panels.chunks_exact_mut(length).map(|panels| &mut panels[index]);
            let tiles = tiles.iter().copied().zip(panels);
            match self {
                Self::Grey { image, side, stride, before } => {
                    let taps = step * LANES..9.min((step + 1) * LANES);
                    tiles.for_each(|(tile, panel)| grey(image, side, stride, before, width, tile, taps.clone(), panel));
                }
                Self::Pixels { features, stride } => {
                    let plane = &features.plane(step)[features.place(0, 0)..];
                    tiles.for_each(|(tile, panel)| copy(plane, features.pitch(), stride, width, tile, panel));
                }
                Self::Windows { features, padded } => {
                    let (block, tap) = (step / 9, step % 9);
                    let first = if padded { 0 } else { features.place(0, 0) };
                    let plane = &features.plane(block)[first + tap / 3 * features.pitch() + tap % 3..];
                    tiles.for_each(|(tile, panel)| copy(plane, features.pitch(), 1, width, tile, panel));
                }
                Self::Depthwise { features, taps, relu } => {
                    let (plane, taps, pitch) = (features.plane(step), &taps[step], features.pitch());
                    tiles.for_each(|(tile, panel)| depthwise(machine, plane, pitch, taps, relu, width, tile, panel));
                }
                Self::Spatial { features, kernel, stride, before, activation } => {
                    tiles.for_each(|(tile, panel)| {
                        for ((row, column), pixel) in tile.pixels(width).zip(panel) {
                            let sum = kernel.at(machine, features, step, [row * stride, column * stride], before);
                            *pixel = machine.store(activate(machine, activation, sum));
                        }
                    });
                }
            }
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "an image, a window and a place in each")]
fn grey(
    image: &[f32],
    side: usize,
    stride: usize,
    before: usize,
    width: usize,
    tile: Tile,
    taps: Range<usize>,
    panel: &mut Panel,
) {
    for ((row, column), pixel) in tile.pixels(width).zip(panel) {
        *pixel = F32x8::ZERO;
        for (value, tap) in pixel.0.iter_mut().zip(taps.clone()) {
            let (row, column) = (row * stride + tap / 3, column * stride + tap % 3);
            let inside = (before..side + before).contains(&row) && (before..side + before).contains(&column);
            if inside {
                *value = image[(row - before) * side + column - before];
            }
        }
    }
}

/// Copies a tile's pixels out of a plane.
#[inline(always)]
fn copy(plane: &[F32x8], pitch: usize, stride: usize, width: usize, tile: Tile, panel: &mut Panel) {
    if stride == 1 && tile.in_one_row(width) {
        panel.copy_from_slice(&plane[tile.row * pitch + tile.column..][..TILE]);
    } else {
        for ((row, column), pixel) in tile.pixels(width).zip(panel) {
            *pixel = plane[(row * pitch + column) * stride];
        }
    }
}

impl Spatial {
    /// Eight channels' sums where the kernel's first tap lies at `place` of the padded features.
    #[inline(always)]
    fn at<M: SimdBackend>(
        &self,
        machine: M,
        features: &Features,
        block: usize,
        [row, column]: [usize; 2],
        [above, left]: [usize; 2],
    ) -> M::Vector {
        let taps = &self.taps[block * self.size.pow(2)..][..self.size.pow(2)];
        // The taps that meet the picture.
        let within = |place: usize, before: usize, extent: usize| {
            before.saturating_sub(place)..self.size.min((extent + before).saturating_sub(place))
        };
        let columns = within(column, left, features.width());
        let mut sum = machine.load(&self.bias[block]);
        for ky in within(row, above, features.height()) {
            let pixels = &features.row(block, row + ky - above)[column + columns.start - left..];
            let taps = &taps[ky * self.size + columns.start..ky * self.size + columns.end];
            for (tap, pixel) in taps.iter().zip(pixels) {
                sum = machine.multiply_add(machine.load(pixel), machine.load(tap), sum);
            }
        }
        sum
    }
}

#[inline(always)]
#[expect(clippy::too_many_arguments, reason = "a plane, a kernel and a place in each")]
fn depthwise<M: SimdBackend>(
    machine: M,
    plane: &[F32x8],
    pitch: usize,
    taps: &Taps,
    relu: bool,
    width: usize,
    tile: Tile,
    panel: &mut Panel,
) {
    if tile.in_one_row(width) {
        let window = &plane[tile.row * pitch + tile.column..];
        *panel = convolve(machine, window, pitch, taps, relu).map(|sum| machine.store(sum));
    } else {
        for ((row, column), pixel) in tile.pixels(width).zip(panel) {
            let [sum] = convolve(machine, &plane[row * pitch + column..], pitch, taps, relu);
            *pixel = machine.store(sum);
        }
    }
}

/// Neighbouring pixels' sums; `window` starts at the first one's upper left neighbour.
#[inline(always)]
fn convolve<M: SimdBackend, const N: usize>(
    machine: M,
    window: &[F32x8],
    pitch: usize,
    taps: &Taps,
    relu: bool,
) -> [M::Vector; N] {
    let mut sums = [machine.splat(0.0); N];
    for (row, taps) in taps.chunks_exact(3).enumerate() {
        let pixels = &window[row * pitch..][..N + 2];
        for (column, tap) in taps.iter().enumerate() {
            let tap = machine.load(tap);
            for (sum, pixel) in sums.iter_mut().zip(&pixels[column..]) {
                let pixel = machine.load(pixel);
                let pixel = if relu { machine.max(machine.splat(0.0), pixel) } else { pixel };
                *sum = machine.multiply_add(pixel, tap, *sum);
            }
        }
    }
    sums
}
