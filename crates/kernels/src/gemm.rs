//! The matrix product (GEMM) that every convolution is: one kernel for all.
//!
//! ```text
//!            depth: input channels x taps                     8 output channels
//!          +------------------------------+                 +------------------+
//!   TILE   | panel: pixels brought in by  |      depth      | weights, packed  |
//!  pixels  | the Source (depthwise result |  x   of each    | once when a      |
//!          | or im2col windows)           |     8 outputs   | network is loaded|
//!          +------------------------------+                 +------------------+
//!                          = TILE x 8 sums in registers -> + bias, + residual, ReLU -> target
//! ```
//!
//! A tile of the output is [`TILE`] pixels by eight channels. Its sums stay in registers while the depth, the input
//! channels times the taps of the convolution, passes by: for each step one vector of weights, and one value of each
//! pixel spread over a vector. Weights are packed once, when a network is loaded. What the weights are applied to is
//! brought into [`Panel`]s just before, in parts that stay in the cache, by the [`Source`].

#![expect(clippy::inline_always, reason = "a task must be compiled whole for the machine that performs it")]

use std::ops::Range;

use graph::Activation;

use crate::features::Features;
use crate::im2col::Source;
use crate::simd::{F32x8, LANES, SimdBackend, Task, perform};

/// Pixels of a tile: as many as there are registers for their sums. WebAssembly's programs get sixteen registers of half
/// the width of AVX2's, and without fused multiplication need two of them on the way.
pub(crate) const TILE: usize = if cfg!(target_arch = "wasm32") { 4 } else { 12 };

/// Eight steps of depth for each pixel of a tile.
pub(crate) type Panel = [F32x8; TILE];

/// Eights of depth that are worked on at once: their weights for eight channels, and a tile's panels, fit the first cache.
const CHUNK: usize = 48;
/// Values of the panels that are filled at once: they fit the second cache.
const FILLED: usize = 64 * 1024;

/// The weights of a product and its bias.
#[derive(Debug)]
pub(crate) struct Weights {
    /// Eights of depth.
    depth: usize,
    /// `[outputs / 8][depth / 8][8 of depth][8 outputs]`.
    packed: Vec<[F32x8; LANES]>,
    bias: Vec<F32x8>,
}

impl Weights {
    /// Packs the weights of `bias.len()` outputs, a multiple of eight; `weight` gives that of an output at a step of depth.
    pub(crate) fn pack(bias: &[f32], depth: usize, weight: impl Fn(usize, usize) -> f32) -> Self {
        let depth = depth.div_ceil(LANES);
        let bias: Vec<F32x8> = bias.as_chunks().0.iter().copied().map(F32x8).collect();
        // Told its length, the memory is taken once and no more than it needs.
        let mut packed = Vec::with_capacity(bias.len() * depth);
        for output in (0..bias.len()).map(|output| output * LANES) {
            packed.extend((0..depth).map(|step| {
                std::array::from_fn(|row| F32x8(std::array::from_fn(|lane| weight(output + lane, step * LANES + row))))
            }));
        }
        Self { depth, packed, bias }
    }

    /// Packs a matrix `[outputs, depth]`, both multiples of eight: eight rows at a time, turned in blocks.
    pub(crate) fn pack_matrix(bias: &[f32], matrix: &[f32]) -> Self {
        let depth = matrix.len() / bias.len() / LANES;
        let mut packed = Vec::with_capacity(bias.len() / LANES * depth);
        for rows in matrix.as_chunks::<LANES>().0.chunks_exact(depth * LANES) {
            packed.extend((0..depth).map(|step| {
                let block: [_; LANES] = std::array::from_fn(|lane| rows[lane * depth + step]);
                std::array::from_fn(|row| F32x8(block.map(|values| values[row])))
            }));
        }
        Self { depth, packed, bias: bias.as_chunks().0.iter().copied().map(F32x8).collect() }
    }

    fn rows(&self, output: usize, depth: Range<usize>) -> &[[F32x8; LANES]] {
        &self.packed[output * self.depth..][depth]
    }
}

/// What a product does with its sums.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Epilogue {
    /// Adds them to what the target holds, instead of replacing it.
    pub(crate) add: bool,
    /// Is applied to them.
    pub(crate) activation: Activation,
}

/// Memory that products share.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    panels: Vec<Panel>,
    tiles: Vec<Tile>,
}

/// Writes the product of a source and weights to every pixel of `target`, which has its shape already.
pub(crate) fn multiply(
    source: Source<'_>,
    weights: &Weights,
    target: &mut Features,
    epilogue: Epilogue,
    scratch: &mut Scratch,
) {
    perform(Multiply { source, weights, target, epilogue, scratch });
}

/// Neighbouring pixels in the order of rows; those that do not fit a row go on in the next.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tile {
    pub(crate) row: usize,
    pub(crate) column: usize,
    count: usize,
}

impl Tile {
    fn at(pixel: usize, width: usize, end: usize) -> Self {
        Self { row: pixel / width, column: pixel % width, count: TILE.min(end - pixel) }
    }

    /// Whether all its pixels are in one row.
    #[inline(always)]
    pub(crate) fn in_one_row(self, width: usize) -> bool {
        self.column + TILE <= width
    }

    /// Row and column of each pixel.
    #[inline(always)]
    pub(crate) fn pixels(self, width: usize) -> impl Iterator<Item = (usize, usize)> {
        let start = self.column;
        (start..start + self.count).map(move |column| (self.row + column / width, column % width))
    }
}

struct Multiply<'a> {
    source: Source<'a>,
    weights: &'a Weights,
    target: &'a mut Features,
    epilogue: Epilogue,
    scratch: &'a mut Scratch,
}

impl Task for Multiply<'_> {
    #[inline(always)]
    fn run<M: SimdBackend>(mut self, machine: M) {
        let (width, pixels) = (self.target.width(), self.target.width() * self.target.height());
        let depth = self.weights.depth;
        let chunk = depth.div_ceil(depth.div_ceil(CHUNK));
        let group = (FILLED / (chunk * LANES)).next_multiple_of(TILE);
        let Scratch { mut panels, mut tiles } = std::mem::take(self.scratch);
        panels.resize(group.div_ceil(TILE) * chunk, [F32x8::ZERO; TILE]);
        for first in (0..pixels).step_by(group) {
            let end = pixels.min(first + group);
            tiles.clear();
            tiles.extend((first..end).step_by(TILE).map(|pixel| Tile::at(pixel, width, end)));
            for start in (0..depth).step_by(chunk) {
                let chunk = start..depth.min(start + chunk);
                self.source.fill(machine, width, &tiles, chunk.clone(), &mut panels);
                self.multiply_filled(machine, &tiles, chunk, &panels);
            }
        }
        *self.scratch = Scratch { panels, tiles };
    }
}

impl Multiply<'_> {
    /// All outputs of the filled panels.
    #[inline(always)]
    fn multiply_filled<M: SimdBackend>(&mut self, machine: M, tiles: &[Tile], depth: Range<usize>, panels: &[Panel]) {
        let adds = self.epilogue.add || depth.start > 0;
        let is_last = depth.end == self.weights.depth;
        let activation = if is_last { self.epilogue.activation } else { Activation::None };
        for output in 0..self.weights.bias.len() {
            let rows = self.weights.rows(output, depth.clone());
            let bias = if depth.start == 0 { self.weights.bias[output] } else { F32x8::ZERO };
            for (tile, panel) in tiles.iter().zip(panels.chunks_exact(depth.len())) {
                let sums = sums(machine, machine.load(&bias), panel, rows);
                put(machine, self.target, output, *tile, sums, adds, activation);
            }
        }
    }
}

/// The kernel: a tile's sums over a part of the depth.
#[inline(always)]
fn sums<M: SimdBackend>(
    machine: M,
    bias: M::Vector,
    panels: &[Panel],
    weights: &[[F32x8; LANES]],
) -> [M::Vector; TILE] {
    let mut sums = [bias; TILE];
    for (panel, rows) in panels.iter().zip(weights) {
        // One value of each pixel is in a window from the first pixel's to the last one's.
        let flat = bytemuck::cast_slice::<F32x8, f32>(panel);
        for (pixels, row) in flat.windows((TILE - 1) * LANES + 1).zip(rows) {
            let row = machine.load(row);
            for (pixel, sum) in sums.iter_mut().enumerate() {
                *sum = machine.multiply_add(machine.splat(pixels[pixel * LANES]), row, *sum);
            }
        }
    }
    sums
}

/// An activation of eight values.
#[inline(always)]
pub(crate) fn activate<M: SimdBackend>(machine: M, activation: Activation, value: M::Vector) -> M::Vector {
    match activation {
        Activation::None => value,
        Activation::Relu => machine.max(machine.splat(0.0), value),
        Activation::Relu6 => machine.min(machine.splat(6.0), machine.max(machine.splat(0.0), value)),
    }
}

/// Writes a tile's sums.
#[inline(always)]
fn put<M: SimdBackend>(
    machine: M,
    target: &mut Features,
    output: usize,
    tile: Tile,
    sums: [M::Vector; TILE],
    adds: bool,
    activation: Activation,
) {
    let one = machine.splat(1.0);
    let finish = |place: &mut F32x8, sum: M::Vector| {
        let sum = if adds { machine.multiply_add(machine.load(place), one, sum) } else { sum };
        *place = machine.store(activate(machine, activation, sum));
    };
    let width = target.width();
    if tile.in_one_row(width) {
        let place = target.place(tile.row, tile.column);
        for (place, sum) in target.plane_mut(output)[place..][..TILE].iter_mut().zip(sums) {
            finish(place, sum);
        }
    } else {
        for ((row, column), sum) in tile.pixels(width).zip(sums) {
            let place = target.place(row, column);
            finish(&mut target.plane_mut(output)[place], sum);
        }
    }
}
