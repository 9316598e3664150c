//! Sums over pixels: every cube adds up a share of them, and the parts are added in a second kernel.

use cubecl::prelude::*;

/// Units of a cube that adds up: along channels, and along pixels.
pub const COLUMNS: usize = 32;
pub const ROWS: usize = 8;

/// Where a unit of a cube that adds up stands, and what it adds: pixels from its own on, `step` apart.
#[derive(CubeType)]
pub struct Share {
    pub channel: usize,
    pub first: usize,
    pub step: usize,
}

#[cube]
pub fn share() -> Share {
    Share {
        channel: ABSOLUTE_POS_X as usize,
        first: ABSOLUTE_POS_Y as usize,
        step: (CUBE_COUNT_Y * CUBE_DIM_Y) as usize,
    }
}

/// Adds up the `count` sums of the units of a cube that share a channel, and writes them to
/// `parts[part, number of the sum, channel]`.
#[cube]
pub fn write_sums<N: Size>(
    sums: &Array<Vector<f32, N>>,
    parts: &mut [Vector<f32, N>],
    channel: usize,
    channels: usize,
    #[comptime] count: usize,
) {
    let mut shared = Shared::<[Vector<f32, N>]>::new_slice(COLUMNS * ROWS);
    #[unroll]
    for number in 0..count {
        sync_cube();
        shared[UNIT_POS as usize] = sums[number];
        sync_cube();
        if UNIT_POS_Y == 0 && channel < channels {
            let mut total = Vector::<f32, N>::new(0.0);
            #[unroll]
            for row in 0..ROWS {
                total += shared[row * COLUMNS + UNIT_POS_X as usize];
            }
            parts[(CUBE_POS_Y as usize * count + number) * channels + channel] = total;
        }
    }
}

/// `output[i] = the sum over part of parts[part, start + i]`; a part is `stride` long.
#[cube(launch_unchecked)]
pub fn add_parts<N: Size>(
    parts: &[Vector<f32, N>],
    output: &mut [Vector<f32, N>],
    count: usize,
    stride: usize,
    start: usize,
) {
    if ABSOLUTE_POS >= output.len() {
        terminate!();
    }
    let mut sum = Vector::<f32, N>::new(0.0);
    for part in 0..count {
        sum += parts[part * stride + start + ABSOLUTE_POS];
    }
    output[ABSOLUTE_POS] = sum;
}
