//! Max pooling.

#![expect(clippy::inline_always, reason = "a task must be compiled whole for the machine that performs it")]

use crate::features::Features;
use crate::lanes::{Eight, Machine, Task, perform};

/// A square window and the distance between two.
#[derive(Debug, Clone, Copy)]
pub(crate) enum MaxPool {
    /// 3x3 windows at every second pixel, so that every pixel is in one. Where the sum of padding is odd the greater
    /// part comes after the image, as in Keras.
    Same3,
    /// 2x2 windows that don't overlap; an odd last row or column is left out.
    Valid2,
}

impl MaxPool {
    /// Windows along a side of so many pixels.
    pub(crate) fn windows(self, pixels: usize) -> usize {
        match self {
            Self::Same3 => pixels.div_ceil(2),
            Self::Valid2 => pixels / 2,
        }
    }

    /// First pixel of a window, and the one past its last.
    fn window(self, index: usize, pixels: usize) -> (usize, usize) {
        match self {
            Self::Same3 => {
                let before = pixels % 2;
                ((2 * index).saturating_sub(before), pixels.min(2 * index + 3 - before))
            }
            Self::Valid2 => (2 * index, 2 * index + 2),
        }
    }
}

/// Pools `source` into `target`, which is given its shape.
pub(crate) fn pool(pool: MaxPool, source: &Features, target: &mut Features) {
    target.reshape(source.channels(), pool.windows(source.height()), pool.windows(source.width()));
    perform(Pool { windows: pool, source, target });
}

struct Pool<'a> {
    windows: MaxPool,
    source: &'a Features,
    target: &'a mut Features,
}

impl Task for Pool<'_> {
    #[inline(always)]
    fn run<M: Machine>(self, machine: M) {
        let Self { windows: pool, source, target } = self;
        let (height, width, pitch) = (target.height(), target.width(), source.pitch());
        for block in 0..source.blocks() {
            let plane = &source.plane(block)[source.place(0, 0)..];
            for row in 0..height {
                let (top, bottom) = pool.window(row, source.height());
                let start = target.place(row, 0);
                for (column, pixel) in target.plane_mut(block)[start..][..width].iter_mut().enumerate() {
                    let (left, right) = pool.window(column, source.width());
                    let rows = plane.chunks(pitch).take(bottom).skip(top).map(|row| &row[left..right]);
                    *pixel = largest(machine, rows);
                }
            }
        }
    }
}

#[inline(always)]
fn largest<'a, M: Machine>(machine: M, rows: impl Iterator<Item = &'a [Eight]>) -> Eight {
    let mut largest = machine.splat(f32::NEG_INFINITY);
    for pixel in rows.flatten() {
        largest = machine.max(machine.load(pixel), largest);
    }
    machine.store(largest)
}
