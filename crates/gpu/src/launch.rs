//! Launching a step on a device.
#![allow(unsafe_code, reason = "kernels run without bounds checks; every buffer is as long as its step's extents say")]

use cubecl::prelude::*;
use cubecl::server::Handle;

use crate::kernels::{self, GeometryLaunch, READ, RUN, Window};
use crate::parameters::{Mixing, Parameters};
use crate::plan::{Extent, Filter, Kernel, Step};
use crate::tile::Tile;

/// Units of a cube for kernels that treat every channel by itself: along channels, and along pixels.
const CUBE: (usize, usize) = (16, 4);
/// Most cubes along one axis of a grid that every device allows.
const MOST_CUBES: usize = 65_535;

/// The buffers of one launch.
pub(crate) struct Buffers<'a> {
    pub(crate) input: &'a Handle,
    pub(crate) residual: Option<&'a Handle>,
    pub(crate) output: &'a Handle,
}

/// Launches kernels for a batch.
pub(crate) struct Launcher<'a> {
    pub(crate) client: &'a Client,
    pub(crate) tile: Tile,
    pub(crate) images: usize,
}

impl Launcher<'_> {
    /// Launches one step; only a pool has no parameters.
    pub(crate) fn step(&self, step: &Step, parameters: Option<&Parameters>, buffers: &Buffers<'_>) {
        match (step.kernel, parameters) {
            (Kernel::Pool { window }, _) => self.pool(step, window, buffers),
            (Kernel::Grey(filter), Some(Parameters::Plain(weights))) => self.grey(step, filter, weights, buffers),
            (Kernel::Depthwise { rectify }, Some(Parameters::Plain(weights))) => {
                self.depthwise(step, rectify, weights, buffers);
            }
            (Kernel::Convolution(filter), Some(Parameters::Mixing(mixing))) => {
                self.convolution(step, filter, mixing, buffers);
            }
            _ => debug_assert!(false, "{} has other weights", step.name),
        }
    }

    /// Averages features over the picture, into `output` at `offset` of rows of `stride` values.
    pub(crate) fn average(&self, features: &Handle, extent: Extent, output: &Handle, stride: usize, offset: usize) {
        let vector = self.tile.vector;
        let channels = extent.channels / vector;
        let (count, dim) = grid(channels, self.images);
        unsafe {
            kernels::take_mean::launch_unchecked(
                self.client,
                count,
                dim,
                vector,
                argument(features, vector),
                argument(output, vector),
                self.images,
                extent.height,
                extent.width,
                channels,
                stride / vector,
                offset / vector,
            );
        }
    }

    fn grey(&self, step: &Step, filter: Filter, weights: &Handle, buffers: &Buffers<'_>) {
        let vector = self.tile.vector;
        let pixels = self.images * step.to.height * step.to.width;
        let (count, dim) = grid(step.to.channels / vector, pixels);
        unsafe {
            kernels::convolve_grey::launch_unchecked(
                self.client,
                count,
                dim,
                vector,
                argument(buffers.input, 1),
                argument(weights, vector),
                argument(buffers.output, vector),
                self.geometry(step, 1, step.to.width, (filter.stride, filter.rectify)),
                filter.padding,
            );
        }
    }

    fn convolution(&self, step: &Step, filter: Filter, mixing: &Mixing, buffers: &Buffers<'_>) {
        let tile = self.tile;
        let pixels = self.images * step.to.height * step.to.width;
        let columns = step.to.channels.div_ceil(tile.channels());
        let count = spread(columns, pixels.div_ceil(tile.pixels()));
        unsafe {
            kernels::convolve::launch_unchecked(
                self.client,
                count,
                CubeDim::new_2d(tile.across as u32, tile.down as u32),
                tile.vector,
                argument(buffers.input, READ),
                argument(&mixing.kernel, tile.vector),
                argument(&mixing.ends, tile.vector),
                optional(buffers.residual, tile.vector),
                argument(buffers.output, tile.vector),
                self.geometry(step, READ, step.to.width, (filter.stride, filter.rectify)),
                columns * tile.channels() / tile.vector,
                filter.kernel,
                filter.padding,
                mixing.format,
                tile,
            );
        }
    }

    fn depthwise(&self, step: &Step, rectify: bool, weights: &Handle, buffers: &Buffers<'_>) {
        let vector = self.tile.vector;
        let runs = step.to.width.div_ceil(RUN);
        let (count, dim) = grid(step.to.channels / vector, self.images * step.to.height * runs);
        unsafe {
            kernels::convolve_channels::launch_unchecked(
                self.client,
                count,
                dim,
                vector,
                argument(buffers.input, vector),
                argument(weights, vector),
                argument(buffers.output, vector),
                self.geometry(step, vector, runs, (1, rectify)),
            );
        }
    }

    fn pool(&self, step: &Step, window: usize, buffers: &Buffers<'_>) {
        let vector = self.tile.vector;
        let pixels = self.images * step.to.height * step.to.width;
        let (count, dim) = grid(step.to.channels / vector, pixels);
        // Keras puts the odd row of zeros at the end.
        let padding = |from: usize, to: usize| ((to - 1) * 2 + window).saturating_sub(from) / 2;
        unsafe {
            kernels::take_largest::launch_unchecked(
                self.client,
                count,
                dim,
                vector,
                argument(buffers.input, vector),
                optional(buffers.residual, vector),
                argument(buffers.output, vector),
                self.geometry(step, vector, step.to.width, (2, false)),
                padding(step.from.height, step.to.height),
                padding(step.from.width, step.to.width),
                Window { size: window },
            );
        }
    }

    /// A step's extents, its input's channels in vectors of `read` and its output `width` wide.
    fn geometry(&self, step: &Step, read: usize, width: usize, (stride, rectify): (usize, bool)) -> GeometryLaunch {
        GeometryLaunch::new(
            step.from.height,
            step.from.width,
            step.from.channels / read,
            step.to.height,
            width,
            step.to.channels / self.tile.vector,
            self.images * step.to.height * width,
            stride,
            if rectify { 0.0 } else { f32::MIN },
        )
    }
}

/// A grid of [`CUBE`]s for so many vectors of channels and so many pixels.
fn grid(vectors: usize, pixels: usize) -> (CubeCount, CubeDim) {
    let (across, down) = CUBE;
    (spread(vectors.div_ceil(across), pixels.div_ceil(down)), CubeDim::new_2d(across as u32, down as u32))
}

/// `across` by `down` cubes; `down` is spread over two axes.
fn spread(across: usize, down: usize) -> CubeCount {
    let depth = down.div_ceil(MOST_CUBES);
    CubeCount::new_3d(across as u32, down.div_ceil(depth) as u32, depth as u32)
}

/// A whole buffer, as vectors of so many values.
fn argument(handle: &Handle, vector: usize) -> BufferArg {
    let length = handle.size_in_used() as usize / size_of::<f32>() / vector;
    unsafe { BufferArg::from_raw_parts(handle.clone(), length) }
}

fn optional<T: LaunchArg<RuntimeArg = BufferArg>>(handle: Option<&Handle>, vector: usize) -> ComptimeOptionArgs<T> {
    match handle {
        Some(handle) => ComptimeOptionArgs::Some(argument(handle, vector)),
        None => ComptimeOptionArgs::None,
    }
}
