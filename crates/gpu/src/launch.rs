//! Launching a step on a device.
#![allow(unsafe_code, reason = "kernels run without bounds checks; every buffer is as long as its step's shapes say")]

use cubecl::prelude::*;
use cubecl::server::Handle;
use graph::{Activation, Convolution, Op, Shape, Step, Window};

use crate::kernels::{self, BorderLaunch, Depthwise, GeometryLaunch, READ, RUN, Square};
use crate::parameters::{Mixing, Parameters};
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
    pub(crate) fn step(&self, step: &Step, op: &Op, parameters: Option<&Parameters>, buffers: &Buffers<'_>) {
        match (op, parameters) {
            (Op::MaxPool(window), _) => self.pool(step, *window, buffers),
            (Op::Convolution(convolution), Some(Parameters::Plain(weights))) if convolution.is_depthwise() => {
                self.depthwise(step, convolution, weights, buffers);
            }
            (Op::Convolution(convolution), Some(Parameters::Plain(weights))) => {
                self.grey(step, convolution.window, weights, buffers);
            }
            (Op::Convolution(convolution), Some(Parameters::Mixing(mixing))) => {
                self.convolution(step, convolution, mixing, buffers);
            }
            _ => debug_assert!(false, "{op:?} has other weights"),
        }
    }

    /// Averages features over the picture, into `output` at `offset` of rows of `stride` values.
    pub(crate) fn average(&self, features: &Handle, shape: Shape, output: &Handle, stride: usize, offset: usize) {
        let vector = self.tile.vector;
        let channels = shape.channels / vector;
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
                shape.height,
                shape.width,
                channels,
                stride / vector,
                offset / vector,
            );
        }
    }

    fn grey(&self, step: &Step, window: Window, weights: &Handle, buffers: &Buffers<'_>) {
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
                self.geometry(step, 1, step.to.width, window.stride, step.activation),
                before(window, step.from.height),
            );
        }
    }

    fn convolution(&self, step: &Step, convolution: &Convolution, mixing: &Mixing, buffers: &Buffers<'_>) {
        let (tile, window) = (self.tile, convolution.window);
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
                self.geometry(step, READ, step.to.width, window.stride, step.activation),
                columns * tile.channels() / tile.vector,
                window.size,
                before(window, step.from.height),
                mixing.format,
                tile,
            );
        }
    }

    fn depthwise(&self, step: &Step, convolution: &Convolution, weights: &Handle, buffers: &Buffers<'_>) {
        let (vector, window) = (self.tile.vector, convolution.window);
        let ends = convolution.bias || step.activation != Activation::None;
        let (least, most) = step.activation.bounds();
        let [above, left] = [step.from.height, step.from.width].map(|extent| before(window, extent));
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
                self.geometry(step, vector, runs, window.stride, step.before),
                BorderLaunch::new(above, left, step.to.width, least, most),
                Depthwise { size: window.size, stride: window.stride, ends },
            );
        }
    }

    fn pool(&self, step: &Step, window: Window, buffers: &Buffers<'_>) {
        let vector = self.tile.vector;
        let pixels = self.images * step.to.height * step.to.width;
        let (count, dim) = grid(step.to.channels / vector, pixels);
        unsafe {
            kernels::take_largest::launch_unchecked(
                self.client,
                count,
                dim,
                vector,
                argument(buffers.input, vector),
                argument(buffers.output, vector),
                self.geometry(step, vector, step.to.width, window.stride, Activation::None),
                before(window, step.from.height),
                before(window, step.from.width),
                Square { size: window.size },
            );
        }
    }

    /// A step's shapes, its input's channels in vectors of `read` and its output `width` wide.
    fn geometry(
        &self,
        step: &Step,
        read: usize,
        width: usize,
        stride: usize,
        activation: Activation,
    ) -> GeometryLaunch {
        let (least, most) = activation.bounds();
        GeometryLaunch::new(
            step.from.height,
            step.from.width,
            step.from.channels / read,
            step.to.height,
            width,
            step.to.channels / self.tile.vector,
            self.images * step.to.height * width,
            stride,
            least,
            most,
        )
    }
}

/// Rows above a picture or columns before it.
fn before(window: Window, extent: usize) -> usize {
    window.on(extent).map_or(0, |placed| placed.before)
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
