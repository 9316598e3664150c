//! A convolution over all channels, as matrix products of patches: what a window covers is a column of a matrix.

use burn::backend::Flex;
use burn::backend::ops::FloatTensorOps;
use burn::tensor::Shape;
use graph::{Placed, Window};
use rayon::prelude::*;

use super::product::product;
use super::runs::written;
use super::{Extent, Values, by_channel, matrix, of_channels, read, write};

/// Values of patches that are made at a time: of so many slices that they stay in the last cache.
const PATCHES: usize = 1 << 20;

/// Where windows lie on the planes of a group of slices.
#[derive(Clone, Copy)]
struct Patches {
    window: Window,
    /// Of the whole batch.
    input: Extent,
    rows: Placed,
    columns: Placed,
}

impl Patches {
    fn new(window: Window, input: Extent) -> Self {
        let none = Placed { before: 0, after: 0, count: 0 };
        let along = |extent| window.on(extent).unwrap_or(none);
        Self { window, input, rows: along(input.height), columns: along(input.width) }
    }

    fn output(self, channels: usize) -> Extent {
        Extent { channels, height: self.rows.count, width: self.columns.count, ..self.input }
    }

    /// Values of one plane of the output.
    fn area(self) -> usize {
        self.rows.count * self.columns.count
    }

    fn taps(self) -> usize {
        self.window.size * self.window.size
    }

    /// Groups of slices: the first of each and how many.
    fn groups(self) -> impl Iterator<Item = (usize, usize)> {
        let of_slice = self.input.channels * self.taps() * self.area();
        let slices = (PATCHES / of_slice.max(1)).clamp(1, self.input.batch.max(1));
        let batch = self.input.batch;
        (0..batch).step_by(slices).map(move |first| (first, slices.min(batch - first)))
    }

    /// Which outputs along one axis a tap touches, and the place of the first in the input.
    fn touched(self, tap: usize, placed: Placed, extent: usize) -> (std::ops::Range<usize>, usize) {
        let stride = self.window.stride;
        let first = placed.before.saturating_sub(tap).div_ceil(stride);
        let end = (extent + placed.before).saturating_sub(tap).div_ceil(stride).min(placed.count);
        let first = first.min(end);
        (first..end, (first * stride + tap).saturating_sub(placed.before))
    }

    /// Visits the rows of one slice that a tap reads: with the run of the output and its first value's place in the input.
    fn visit(self, tap: usize, mut visit: impl FnMut(std::ops::Range<usize>, usize)) {
        let (rows, top) = self.touched(tap / self.window.size, self.rows, self.input.height);
        let (columns, left) = self.touched(tap % self.window.size, self.columns, self.input.width);
        for (number, row) in rows.enumerate() {
            let start = row * self.columns.count;
            let place = (top + number * self.window.stride) * self.input.width + left;
            visit(start + columns.start..start + columns.end, place);
        }
    }

    /// The patches of some slices, `[channels * taps, slices * area]`.
    fn make(self, input: &[f32], first: usize, slices: usize) -> Values {
        let (area, of_plane, stride) = (self.area(), self.input.area(), self.window.stride);
        let length = self.input.channels * self.taps() * slices * area;
        let patches = written(length, slices * area, |row, patches| {
            let (channel, tap) = (row / self.taps(), row % self.taps());
            for (slice, patches) in patches.chunks_mut(area).enumerate() {
                let plane = &input[(channel * self.input.batch + first + slice) * of_plane..][..of_plane];
                self.visit(tap, |run, place| {
                    let patches = &mut patches[run];
                    if stride == 1 {
                        patches.copy_from_slice(&plane[place..place + patches.len()]);
                    } else {
                        for (patch, value) in patches.iter_mut().zip(plane[place..].iter().step_by(stride)) {
                            *patch = *value;
                        }
                    }
                });
            }
        });
        write(patches, [self.input.channels * self.taps(), slices * area])
    }

    /// Adds the gradients of the patches of some slices to those of the input.
    fn add(self, patches: &[f32], first: usize, slices: usize, of_input: &mut [f32]) {
        let (area, of_plane, stride) = (self.area(), self.input.area(), self.window.stride);
        let of_channel = self.taps() * slices * area;
        let channels = of_input.par_chunks_mut(self.input.run().max(1)).zip(patches.par_chunks(of_channel.max(1)));
        channels.for_each(|(of_input, patches)| {
            for (tap, patches) in patches.chunks(slices * area).enumerate() {
                for (slice, patches) in patches.chunks(area).enumerate() {
                    let plane = &mut of_input[(first + slice) * of_plane..][..of_plane];
                    self.visit(tap, |run, place| {
                        for (value, patch) in plane[place..].iter_mut().step_by(stride).zip(&patches[run]) {
                            *value += patch;
                        }
                    });
                }
            }
        });
    }
}

/// A kernel `[outputs, channels, size, size]` as the matrix `[outputs, channels * size * size]`.
fn as_matrix(kernel: &Values) -> Values {
    let outputs = kernel.layout().shape()[0];
    let rest = kernel.layout().num_elements() / outputs.max(1);
    Flex::float_reshape(kernel.clone(), Shape::new([outputs, rest]))
}

/// `[batch, channels, height, width]` and `[outputs, channels, size, size]` to `[batch, outputs, height, width]`.
pub fn convolution(input: &Values, kernel: &Values, window: Window) -> Values {
    let (patches, input) = (Patches::new(window, Extent::of(input)), by_channel(input));
    let kernel = as_matrix(kernel);
    let extent = patches.output(kernel.layout().shape()[0]);
    let mut output = vec![0.0; extent.values()];
    for (first, slices) in patches.groups() {
        let found = product(&kernel, &patches.make(read(&input), first, slices));
        let (start, length) = (first * patches.area(), slices * patches.area());
        let channels = output.par_chunks_mut(extent.run().max(1)).zip(read(&found).par_chunks(length.max(1)));
        channels.for_each(|(output, found)| output[start..start + length].copy_from_slice(found));
    }
    of_channels(output, extent)
}

/// The gradients of the input, where it is wanted, and of the kernel of [`convolution`].
pub fn convolution_gradients(
    input: &Values,
    kernel: &Values,
    window: Window,
    gradient: &Values,
    of_input_too: bool,
) -> (Option<Values>, Values) {
    let extent = Extent::of(input);
    let (patches, input, shape) = (Patches::new(window, extent), by_channel(input), kernel.layout().shape().clone());
    let (kernel, gradient) = (as_matrix(kernel), matrix(gradient));
    let mut of_input = vec![0.0; if of_input_too { extent.values() } else { 0 }];
    let mut of_kernel: Option<Values> = None;
    for (first, slices) in patches.groups() {
        let gradient = gradient.narrow(1, first * patches.area(), slices * patches.area());
        let made = patches.make(read(&input), first, slices);
        let found = product(&gradient, &Flex::float_transpose(made));
        of_kernel = Some(match of_kernel {
            Some(sum) => Flex::float_add(sum, found),
            None => found,
        });
        if of_input_too {
            let of_patches = product(&Flex::float_transpose(kernel.clone()), &gradient);
            patches.add(read(&of_patches), first, slices, &mut of_input);
        }
    }
    let of_kernel = of_kernel.unwrap_or(kernel);
    (of_input_too.then(|| of_channels(of_input, extent)), Flex::float_reshape(of_kernel, shape))
}
