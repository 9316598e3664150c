//! Launching a kernel on a device.
#![allow(unsafe_code, reason = "kernels run without bounds checks; every buffer is checked to be as long as they read")]

use cubecl::prelude::*;
use cubecl::server::Handle;
use graph::{Activation, Shape, Window};

use crate::kernels::{self, BorderLaunch, Depthwise, Format, GeometryLaunch, READ, RUN, Square};
use crate::tile::Tile;

/// Units of a cube for kernels that treat every channel by itself: along channels, and along pixels.
const CUBE: (usize, usize) = (16, 4);
/// Most cubes along one axis of a grid that every device allows.
const MOST_CUBES: usize = 65_535;

/// One kernel's work on a batch. Features lie `[images, height, width, channels]`, as f32.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Launch {
    /// What suits the device.
    pub tile: Tile,
    /// Images of the batch.
    pub images: usize,
    /// An image's input.
    pub from: Shape,
    /// An image's output.
    pub to: Shape,
    /// The kernel's size, stride and padding.
    pub window: Window,
    /// What a depthwise convolution applies to its input.
    pub before: Activation,
    /// What is applied to the output; a pool has none.
    pub activation: Activation,
}

/// The buffers of one launch.
#[derive(Debug, Clone, Copy)]
pub struct Buffers<'a> {
    /// The features that are read.
    pub input: &'a Handle,
    /// What they are multiplied by.
    pub weights: &'a Handle,
    /// The features that are written.
    pub output: &'a Handle,
}

/// What a convolution that mixes channels has besides its [`Buffers`].
#[derive(Debug, Clone, Copy)]
pub struct Epilogue<'a> {
    /// How the weights are stored.
    pub format: Format,
    /// Scales and bias: `[2, padded channels]`.
    pub scales_and_bias: &'a Handle,
    /// What is added, of the output's shape.
    pub residual: Option<&'a Handle>,
}

impl Launch {
    /// The first convolution: 3x3, of a grey image. `weights` is `[10, channels]`, the bias last.
    ///
    /// # Panics
    /// A buffer is shorter than the shapes say, as in every launch.
    pub fn grey(&self, client: &Client, buffers: &Buffers<'_>) {
        let vector = self.tile.vector;
        let (count, dim) = grid(self.to.channels / vector, self.pixels());
        unsafe {
            kernels::convolve_grey::launch_unchecked(
                client,
                count,
                dim,
                vector,
                argument(buffers.input, 1, self.inputs()),
                argument(buffers.weights, vector, 10 * self.to.channels),
                argument(buffers.output, vector, self.outputs()),
                self.geometry(1, self.to.width, self.activation),
                before(self.window, self.from.height),
            );
        }
    }

    /// A convolution that mixes channels. `weights` is `[size * size * input channels, padded channels]` words of
    /// [`Format::Float`], or a quarter of the rows of [`Format::Int8`]; [`Tile::padded`] says how far channels are padded.
    ///
    /// # Panics
    /// As [`Launch::grey`].
    pub fn mix(&self, client: &Client, buffers: &Buffers<'_>, with: &Epilogue<'_>) {
        let tile = self.tile;
        let columns = self.to.channels.div_ceil(tile.channels());
        let padded = columns * tile.channels();
        let rows = self.window.size.pow(2) * self.from.channels * with.format.words() / READ;
        let count = spread(columns, self.pixels().div_ceil(tile.pixels()));
        unsafe {
            kernels::convolve::launch_unchecked(
                client,
                count,
                CubeDim::new_2d(tile.across as u32, tile.down as u32),
                tile.vector,
                argument(buffers.input, READ, self.inputs()),
                argument(buffers.weights, tile.vector, rows * padded),
                argument(with.scales_and_bias, tile.vector, 2 * padded),
                optional(with.residual, tile.vector, self.outputs()),
                argument(buffers.output, tile.vector, self.outputs()),
                self.geometry(READ, self.to.width, self.activation),
                padded / tile.vector,
                self.window.size,
                before(self.window, self.from.height),
                with.format,
                tile,
            );
        }
    }

    /// A convolution of every channel by itself. `weights` is `[size * size + 1, channels]`, the bias last.
    ///
    /// # Panics
    /// As [`Launch::grey`].
    pub fn depthwise(&self, client: &Client, buffers: &Buffers<'_>, has_bias: bool) {
        let (vector, window) = (self.tile.vector, self.window);
        let ends = has_bias || self.activation != Activation::None;
        let (least, most) = self.activation.bounds();
        let [above, left] = [self.from.height, self.from.width].map(|extent| before(window, extent));
        let runs = self.to.width.div_ceil(RUN);
        let (count, dim) = grid(self.to.channels / vector, self.images * self.to.height * runs);
        unsafe {
            kernels::convolve_channels::launch_unchecked(
                client,
                count,
                dim,
                vector,
                argument(buffers.input, vector, self.inputs()),
                argument(buffers.weights, vector, (window.size.pow(2) + 1) * self.to.channels),
                argument(buffers.output, vector, self.outputs()),
                self.geometry(vector, runs, self.before),
                BorderLaunch::new(above, left, self.to.width, least, most),
                Depthwise { size: window.size, stride: window.stride, ends },
            );
        }
    }

    /// The largest value of every window.
    ///
    /// # Panics
    /// As [`Launch::grey`].
    pub fn pool(&self, client: &Client, input: &Handle, output: &Handle) {
        let (vector, window) = (self.tile.vector, self.window);
        let (count, dim) = grid(self.to.channels / vector, self.pixels());
        unsafe {
            kernels::max_pool::launch_unchecked(
                client,
                count,
                dim,
                vector,
                argument(input, vector, self.inputs()),
                argument(output, vector, self.outputs()),
                self.geometry(vector, self.to.width, Activation::None),
                before(window, self.from.height),
                before(window, self.from.width),
                Square { size: window.size },
            );
        }
    }

    /// The means of the input's channels over the picture, `[images, channels]`; only the input's shape counts.
    ///
    /// # Panics
    /// As [`Launch::grey`].
    pub fn average(&self, client: &Client, input: &Handle, output: &Handle) {
        let vector = self.tile.vector;
        let channels = self.from.channels / vector;
        let (count, dim) = grid(channels, self.images);
        unsafe {
            kernels::take_mean::launch_unchecked(
                client,
                count,
                dim,
                vector,
                argument(input, vector, self.inputs()),
                argument(output, vector, self.images * self.from.channels),
                self.images,
                self.from.height,
                self.from.width,
                channels,
            );
        }
    }

    /// The means of the input's channels over the picture, `[images, channels]`, each pixel weighed by the sigmoid of the first
    /// channel of `map`, of the same height and width and four channels; only the input's shape counts.
    ///
    /// # Panics
    /// As [`Launch::grey`].
    pub fn weighted_average(&self, client: &Client, input: &Handle, map: &Handle, output: &Handle) {
        let vector = self.tile.vector;
        let channels = self.from.channels / vector;
        let area = self.from.height * self.from.width;
        let (count, dim) = grid(channels, self.images);
        unsafe {
            kernels::take_weighted_mean::launch_unchecked(
                client,
                count,
                dim,
                vector,
                argument(input, vector, self.inputs()),
                argument(map, READ, self.images * area * READ),
                argument(output, vector, self.images * self.from.channels),
                self.images,
                area,
                channels,
            );
        }
    }

    /// The nearest pixel of the input for every pixel of the output.
    ///
    /// # Panics
    /// As [`Launch::grey`].
    pub fn resize(&self, client: &Client, input: &Handle, output: &Handle) {
        let vector = self.tile.vector;
        let (count, dim) = grid(self.to.channels / vector, self.pixels());
        unsafe {
            kernels::take_nearest::launch_unchecked(
                client,
                count,
                dim,
                vector,
                argument(input, vector, self.inputs()),
                argument(output, vector, self.outputs()),
                self.geometry(vector, self.to.width, Activation::None),
            );
        }
    }

    /// Pixels of the output, over the whole batch.
    fn pixels(&self) -> usize {
        self.images * self.to.height * self.to.width
    }

    fn inputs(&self) -> usize {
        self.images * self.from.values()
    }

    fn outputs(&self) -> usize {
        self.images * self.to.values()
    }

    /// The shapes, the input's channels in vectors of `read` and the output `width` wide.
    fn geometry(&self, read: usize, width: usize, activation: Activation) -> GeometryLaunch {
        let (least, most) = activation.bounds();
        GeometryLaunch::new(
            self.from.height,
            self.from.width,
            self.from.channels / read,
            self.to.height,
            width,
            self.to.channels / self.tile.vector,
            self.images * self.to.height * width,
            self.window.stride,
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

/// A whole buffer of at least `values` values, as vectors of so many.
fn argument(handle: &Handle, vector: usize, values: usize) -> BufferArg {
    let length = handle.size_in_used() as usize / size_of::<f32>();
    assert!(length >= values, "a buffer has {length} values; a kernel would read {values}");
    unsafe { BufferArg::from_raw_parts(handle.clone(), length / vector) }
}

fn optional<T: LaunchArg<RuntimeArg = BufferArg>>(
    handle: Option<&Handle>,
    vector: usize,
    values: usize,
) -> ComptimeOptionArgs<T> {
    match handle {
        Some(handle) => ComptimeOptionArgs::Some(argument(handle, vector, values)),
        None => ComptimeOptionArgs::None,
    }
}
