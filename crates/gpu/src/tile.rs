//! How much of a product one unit computes.

use cubecl::client::Client;

/// No GPU's planes are this small; those of an adapter in software are.
const LANES_OF_A_CPU: u32 = 8;

/// The part of a convolution's output that a unit keeps in registers, and how units lie in a cube.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tile {
    /// Neighbouring channels in a vector.
    pub(crate) vector: usize,
    /// Units of a cube that lie along channels.
    pub(crate) across: usize,
    /// Units of a cube that lie along pixels.
    pub(crate) down: usize,
    /// Vectors of channels a unit computes.
    pub(crate) columns: usize,
    /// Pixels a unit computes.
    pub(crate) rows: usize,
}

impl Tile {
    /// For a GPU: neighbouring units read neighbouring vectors of four channels.
    pub const GPU: Self = Self { vector: 4, across: 16, down: 4, columns: 2, rows: 4 };

    /// For an adapter in software (SwiftShader, lavapipe), which runs neighbouring units as the lanes of one SIMD
    /// register. There vectors would be gathered value by value, while one channel a unit makes a plain load; and a
    /// load costs so much more than a product that a large tile pays.
    pub const SOFTWARE: Self = Self { vector: 1, across: 16, down: 1, columns: 8, rows: 4 };

    /// The one that suits the device.
    #[must_use]
    pub fn of(client: &Client) -> Self {
        if client.properties().hardware.plane_size_max <= LANES_OF_A_CPU { Self::SOFTWARE } else { Self::GPU }
    }

    /// Output channels, rounded up to whole tiles: how long rows of weights are.
    #[must_use]
    pub fn padded(&self, channels: usize) -> usize {
        channels.next_multiple_of(self.channels())
    }

    /// Output channels of a cube.
    pub(crate) fn channels(&self) -> usize {
        self.vector * self.across * self.columns
    }

    /// Output pixels of a cube.
    pub(crate) fn pixels(&self) -> usize {
        self.rows * self.down
    }
}
