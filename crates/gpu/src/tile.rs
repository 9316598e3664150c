//! How much of a product one unit computes.

use cubecl::client::Client;

/// No GPU's planes are this small; those of an adapter in software are.
const LANES_OF_A_CPU: u32 = 8;

/// The part of a convolution's output that a unit keeps in registers, and how units lie in a cube.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Tile {
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
    /// What suits the device.
    ///
    /// Neighbouring units read neighbouring vectors of four channels at once, as GPUs like it. An adapter in software
    /// (SwiftShader, lavapipe) runs four or eight units as the lanes of one SIMD register: there a vector of each unit
    /// is gathered value by value, while one channel a unit makes one plain load; and a load costs so much more than a
    /// product that large tiles pay.
    pub(crate) fn of(client: &Client) -> Self {
        if client.properties().hardware.plane_size_max <= LANES_OF_A_CPU {
            Self { vector: 1, across: 16, down: 1, columns: 8, rows: 6 }
        } else {
            Self { vector: 4, across: 16, down: 4, columns: 2, rows: 4 }
        }
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
