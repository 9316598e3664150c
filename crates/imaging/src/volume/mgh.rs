//! MGH, and MGZ, which is the same in gzip: the volumes of FreeSurfer.
//!
//! Source: "MGH/MGZ volume format", FreeSurfer wiki. Every number is big endian.

use super::affine::Affine;
use super::element::Element;
use super::fields::Fields;
use super::header::{Grid, Header, Refusal};
use super::{Placement, VolumeFormat};

const VOXELS: usize = 284;
/// Lengths and directions of a header that has none: as FreeSurfer assumes them, coronal slices of 1 mm.
const ASSUMED: [f64; 15] = [1.0, 1.0, 1.0, -1.0, 0.0, 0.0, 0.0, 0.0, -1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0];

/// Whether a file begins like MGH: its version is 1, and its sides can be.
pub(super) fn is_mgh(bytes: &[u8]) -> bool {
    let fields = Fields { bytes, big: true };
    let side = |at: usize| fields.i32(at).is_ok_and(|side| (1..1 << 20).contains(&side));
    bytes.starts_with(&[0, 0, 0, 1]) && [4, 8, 12, 16].into_iter().all(side)
}

/// Reads the header that the bytes begin with.
pub(super) fn read(bytes: &[u8]) -> Result<Header, Refusal> {
    let fields = Fields { bytes, big: true };
    let sides = [4, 8, 12, 16].map(|at| fields.i32(at).map(i64::from));
    let [x, y, z, frames] = sides;
    let element = element(fields.i32(20)?)?;
    let grid = Grid::in_order(element, true, &[x?, y?, z?, frames?])?;
    let (affine, placement) = affine(fields, grid.sides)?;
    let format = VolumeFormat::Mgh;
    Ok(Header { format, grid, offset: VOXELS, gzip: false, scale: None, affine, placement, window: None })
}

fn element(number: i32) -> Result<Element, Refusal> {
    match number {
        0 => Ok(Element::U8),
        1 => Ok(Element::I32),
        3 => Ok(Element::F32),
        4 => Ok(Element::I16),
        10 => Ok(Element::U16),
        other => Err(Refusal::Unsupported(format!(
            "its voxels are of type {other}; accepted are 0, 1, 3, 4 and 10 (uchar, int, float, short and ushort)"
        ))),
    }
}

/// The header has the centre of the volume, and directions along its axes (RAS).
fn affine(fields: Fields, sides: [usize; 3]) -> Result<(Affine, Placement), String> {
    let known = fields.i16(28)? > 0;
    let mut numbers = ASSUMED;
    if known {
        for (index, number) in numbers.iter_mut().enumerate() {
            *number = fields.f32(30 + 4 * index)?.into();
        }
    }
    let affine = centred(&numbers, sides);
    if affine.is_usable() {
        return Ok((affine, if known { Placement::Header } else { Placement::Assumed }));
    }
    Ok((centred(&ASSUMED, sides), Placement::Assumed))
}

/// Of three lengths, three directions, and the place of the voxel at half of every side.
fn centred(numbers: &[f64; 15], sides: [usize; 3]) -> Affine {
    let row = |at: usize| {
        let step = |axis: usize| numbers[axis] * numbers[3 + 3 * axis + at];
        let centre: f64 = (0..3).map(|axis| step(axis) * sides[axis] as f64 / 2.0).sum();
        [step(0), step(1), step(2), numbers[12 + at] - centre]
    };
    Affine::from_ras([row(0), row(1), row(2)])
}
