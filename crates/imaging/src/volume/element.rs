//! One voxel as it is stored.

use crate::grey::luma;

/// The type of stored voxels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    F32,
    F64,
    /// Red, green and blue of 8 bits.
    Rgb,
    /// The same, and alpha, which lies over black.
    Rgba,
}

impl Element {
    /// Bytes of one voxel.
    pub(super) const fn length(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 => 2,
            Self::Rgb => 3,
            Self::U32 | Self::I32 | Self::F32 | Self::Rgba => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }

    /// Whether it is a colour, whose luma is no measured value.
    pub(super) const fn is_colour(self) -> bool {
        matches!(self, Self::Rgb | Self::Rgba)
    }

    /// The value of one voxel: a number as it is, a colour's luma. `bytes` are as many as its length, else 0.
    pub(super) fn value(self, bytes: &[u8], big: bool) -> f64 {
        match self {
            Self::U8 => u8::from_le_bytes(ordered(bytes, big)).into(),
            Self::I8 => i8::from_le_bytes(ordered(bytes, big)).into(),
            Self::U16 => u16::from_le_bytes(ordered(bytes, big)).into(),
            Self::I16 => i16::from_le_bytes(ordered(bytes, big)).into(),
            Self::U32 => u32::from_le_bytes(ordered(bytes, big)).into(),
            Self::I32 => i32::from_le_bytes(ordered(bytes, big)).into(),
            Self::U64 => u64::from_le_bytes(ordered(bytes, big)) as f64,
            Self::I64 => i64::from_le_bytes(ordered(bytes, big)) as f64,
            Self::F32 => f32::from_le_bytes(ordered(bytes, big)).into(),
            Self::F64 => f64::from_le_bytes(ordered(bytes, big)),
            Self::Rgb | Self::Rgba => {
                let [red, green, blue] = ordered::<3>(bytes, false).map(u16::from);
                let alpha = bytes.get(3).map_or(1.0, |&alpha| f64::from(alpha) / 255.0);
                f64::from(luma(red, green, blue)) * alpha
            }
        }
    }
}

/// The first bytes, the least significant first.
fn ordered<const N: usize>(bytes: &[u8], big: bool) -> [u8; N] {
    let mut number = bytes.first_chunk().copied().unwrap_or([0; N]);
    if big {
        number.reverse();
    }
    number
}
