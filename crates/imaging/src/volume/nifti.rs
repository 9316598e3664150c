//! NIfTI-1, NIfTI-2 and Analyze 7.5, whose header is that of NIfTI-1 without an orientation.
//!
//! Sources: `nifti1.h` and `nifti2.h` of the NIfTI Data Format Working Group; the origin of Analyze as SPM writes it.

use super::affine::Affine;
use super::element::Element;
use super::fields::Fields;
use super::header::{Grid, Header, Refusal};
use super::{Placement, VolumeFormat};
use crate::Window;

/// Where the fields of a header are, and how long it is.
struct Places {
    length: usize,
    dim: usize,
    datatype: usize,
    pixdim: usize,
    offset: usize,
    scale: usize,
    display: usize,
    codes: usize,
    quaternion: usize,
    rows: usize,
}

const ONE: Places = Places {
    length: 348,
    dim: 40,
    datatype: 70,
    pixdim: 76,
    offset: 108,
    scale: 112,
    display: 124,
    codes: 252,
    quaternion: 256,
    rows: 280,
};
const TWO: Places = Places {
    length: 540,
    dim: 16,
    datatype: 12,
    pixdim: 104,
    offset: 168,
    scale: 176,
    display: 192,
    codes: 344,
    quaternion: 352,
    rows: 400,
};
/// SPM's origin in a header of Analyze: five numbers of 16 bits, counted from 1.
const ANALYZE_ORIGIN: usize = 253;

/// What a file begins like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) format: VolumeFormat,
    big: bool,
    /// Whether the voxels are in another file.
    pub(super) pair: bool,
}

/// The kind of a file that begins like this.
pub(super) fn kind(bytes: &[u8]) -> Option<Kind> {
    let kind = |format, big, pair| Some(Kind { format, big, pair });
    match *bytes.first_chunk()? {
        [0x5c, 1, 0, 0] | [0, 0, 1, 0x5c] => {
            let big = bytes[0] == 0;
            match bytes.get(344..348)? {
                b"n+1\0" => kind(VolumeFormat::Nifti1, big, false),
                b"ni1\0" => kind(VolumeFormat::Nifti1, big, true),
                _ => kind(VolumeFormat::Analyze, big, true),
            }
        }
        [0x1c, 2, 0, 0] | [0, 0, 2, 0x1c] => {
            let pair = bytes.get(4..7)? == b"ni2";
            kind(VolumeFormat::Nifti2, bytes[0] == 0, pair)
        }
        _ => None,
    }
}

/// Reads the header that the bytes begin with.
pub(super) fn read(bytes: &[u8], kind: Kind) -> Result<Header, Refusal> {
    let reader = Reader::new(bytes, kind);
    let sides = reader.sides()?;
    let grid = Grid::in_order(reader.element()?, kind.big, &sides)?;
    let (affine, placement) = reader.affine(grid.sides)?;
    let offset = reader.offset()?;
    let (scale, window) = (reader.scale(grid.element)?, reader.window()?);
    Ok(Header { format: kind.format, grid, offset, gzip: false, scale, affine, placement, window })
}

struct Reader<'a> {
    fields: Fields<'a>,
    kind: Kind,
    places: Places,
    /// Numbers are those of NIfTI-2.
    wide: bool,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8], kind: Kind) -> Self {
        let wide = kind.format == VolumeFormat::Nifti2;
        let places = if wide { TWO } else { ONE };
        Self { fields: Fields { bytes, big: kind.big }, kind, places, wide }
    }

    /// The `index`-th of the real numbers at `at`.
    fn real(&self, at: usize, index: usize) -> Result<f64, String> {
        if self.wide { self.fields.f64(at + 8 * index) } else { self.fields.f32(at + 4 * index).map(f64::from) }
    }

    fn reals<const N: usize>(&self, at: usize, first: usize) -> Result<[f64; N], String> {
        let mut numbers = [0.0; N];
        for (index, number) in numbers.iter_mut().enumerate() {
            *number = self.real(at, first + index)?;
        }
        Ok(numbers)
    }

    fn sides(&self) -> Result<Vec<i64>, String> {
        let side = |index: usize| {
            let at = self.places.dim;
            if self.wide { self.fields.i64(at + 8 * index) } else { self.fields.i16(at + 2 * index).map(i64::from) }
        };
        let rank = side(0)?;
        if !(1..=7).contains(&rank) {
            return Err(format!("it declares {rank} dimensions; 1 to 7 are accepted"));
        }
        (1..=rank as usize).map(side).collect()
    }

    fn element(&self) -> Result<Element, Refusal> {
        let named = match self.fields.i16(self.places.datatype)? {
            2 => return Ok(Element::U8),
            4 => return Ok(Element::I16),
            8 => return Ok(Element::I32),
            16 => return Ok(Element::F32),
            64 => return Ok(Element::F64),
            128 => return Ok(Element::Rgb),
            256 => return Ok(Element::I8),
            512 => return Ok(Element::U16),
            768 => return Ok(Element::U32),
            1024 => return Ok(Element::I64),
            1280 => return Ok(Element::U64),
            2304 => return Ok(Element::Rgba),
            1 => "single bits".to_owned(),
            32 | 1792 | 2048 => "complex numbers".to_owned(),
            1536 => "floats of 128 bits".to_owned(),
            other => format!("of the unknown data type {other}"),
        };
        Err(Refusal::Unsupported(format!(
            "its voxels are {named}; accepted are whole numbers and floats of 8 to 64 bits, and colours of 8"
        )))
    }

    /// Where the voxels begin; 0 stands for the first place possible.
    fn offset(&self) -> Result<usize, String> {
        let at = self.places.offset;
        let offset = if self.wide { self.fields.i64(at)? } else { self.fields.f32(at)? as i64 };
        // Four bytes behind the header say whether extensions follow.
        let least = if self.kind.pair { 0 } else { self.places.length + 4 };
        Ok(usize::try_from(offset).unwrap_or(0).max(least))
    }

    /// A slope of 0 stands for none.
    fn scale(&self, element: Element) -> Result<Option<(f64, f64)>, String> {
        let [slope, intercept] = self.reals(self.places.scale, 0)?;
        if slope == 0.0 || !slope.is_finite() || element.is_colour() {
            return Ok(None);
        }
        if intercept.is_finite() {
            return Ok(Some((slope, intercept)));
        }
        Err(format!("its intercept is {intercept}; a finite number is accepted"))
    }

    fn window(&self) -> Result<Option<Window>, String> {
        let [high, low] = self.reals::<2>(self.places.display, 0)?.map(|value| value as f32);
        let given = low.is_finite() && high.is_finite() && high > low;
        Ok(given.then(|| Window::between(low, high)))
    }

    /// Sform before qform; one that spans no space counts as none.
    fn affine(&self, sides: [usize; 3]) -> Result<(Affine, Placement), String> {
        // 0 and NaN stand for a length that is not known.
        let length = |length: f64| if length.is_normal() { length.abs() } else { 1.0 };
        let spacing = self.reals::<3>(self.places.pixdim, 1)?.map(length);
        if self.kind.format == VolumeFormat::Analyze {
            return Ok((Affine::assumed(spacing, sides, self.analyze_origin(sides)?), Placement::Assumed));
        }
        let code = |index: usize| {
            let at = self.places.codes;
            if self.wide { self.fields.i32(at + 4 * index) } else { self.fields.i16(at + 2 * index).map(i32::from) }
        };
        let (qform, sform) = (code(0)?, code(1)?);
        let rows = self.places.rows;
        let row = |row: usize| self.reals::<4>(rows, 4 * row);
        let rows = Affine::from_ras([row(0)?, row(1)?, row(2)?]);
        if sform > 0 && rows.is_usable() {
            return Ok((rows, Placement::Sform));
        }
        let rotated = self.rotated(spacing)?;
        if qform > 0 && rotated.is_usable() {
            return Ok((rotated, Placement::Qform));
        }
        Ok((Affine::assumed(spacing, sides, None), Placement::Assumed))
    }

    /// The qform.
    fn rotated(&self, [x, y, z]: [f64; 3]) -> Result<Affine, String> {
        let z = if self.real(self.places.pixdim, 0)? < 0.0 { -z } else { z };
        let (quaternion, offset) = (self.reals(self.places.quaternion, 0)?, self.reals(self.places.quaternion, 3)?);
        Ok(Affine::from_quaternion(quaternion, [x, y, z], offset))
    }

    /// The voxel that SPM calls the origin, where there is one near the volume.
    fn analyze_origin(&self, sides: [usize; 3]) -> Result<Option<[f64; 3]>, String> {
        let mut origin = [0.0; 3];
        for (axis, place) in origin.iter_mut().enumerate() {
            *place = self.fields.i16(ANALYZE_ORIGIN + 2 * axis)?.into();
        }
        let near = origin.iter().zip(sides).all(|(&place, side)| place > -(side as f64) && place < 2.0 * side as f64);
        let set = near && origin.iter().any(|&place| place != 0.0);
        Ok(set.then(|| origin.map(|place: f64| place - 1.0)))
    }
}
