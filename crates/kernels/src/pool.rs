//! Max pooling.

#![expect(clippy::inline_always, reason = "a task must be compiled whole for the machine that performs it")]

use graph::Placed;

use crate::features::Features;
use crate::simd::{F32x8, SimdBackend, Task, perform};

/// Windows over rows and over columns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Windows {
    pub(crate) size: usize,
    pub(crate) stride: usize,
    pub(crate) rows: Placed,
    pub(crate) columns: Placed,
}

impl Windows {
    /// The first pixel of a window that lies in the picture, and the one past its last.
    #[inline(always)]
    fn within(self, index: usize, before: usize, pixels: usize) -> (usize, usize) {
        let start = self.stride * index;
        (start.saturating_sub(before), pixels.min(start + self.size - before))
    }
}

/// The largest values of `source` under `windows` into `target`, which has its shape already.
pub(crate) fn pool(windows: Windows, source: &Features, target: &mut Features) {
    perform(Pool { windows, source, target });
}

struct Pool<'a> {
    windows: Windows,
    source: &'a Features,
    target: &'a mut Features,
}

impl Task for Pool<'_> {
    #[inline(always)]
    fn run<M: SimdBackend>(self, machine: M) {
        let Self { windows, source, target } = self;
        let (height, width, pitch) = (target.height(), target.width(), source.pitch());
        for block in 0..source.blocks() {
            let plane = &source.plane(block)[source.place(0, 0)..];
            for row in 0..height {
                let (top, bottom) = windows.within(row, windows.rows.before, source.height());
                let start = target.place(row, 0);
                for (column, pixel) in target.plane_mut(block)[start..][..width].iter_mut().enumerate() {
                    let (left, right) = windows.within(column, windows.columns.before, source.width());
                    let rows = plane.chunks(pitch).take(bottom).skip(top).map(|row| &row[left..right]);
                    *pixel = largest(machine, rows);
                }
            }
        }
    }
}

#[inline(always)]
fn largest<'a, M: SimdBackend>(machine: M, rows: impl Iterator<Item = &'a [F32x8]>) -> F32x8 {
    let mut largest = machine.splat(f32::NEG_INFINITY);
    for pixel in rows.flatten() {
        largest = machine.max(machine.load(pixel), largest);
    }
    machine.store(largest)
}
