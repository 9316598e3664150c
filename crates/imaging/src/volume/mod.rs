//! Files of whole volumes: NIfTI-1 and -2, Analyze, MGH and NRRD, as they are or in gzip.
//!
//! A volume keeps its voxels as they are stored, so that it takes little more memory than its file unpacked, and a slice
//! is decoded when it is asked for. Slices are turned as radiologists look at them, whichever way the file has them:
//! nothing is interpolated, axes are swapped and reversed.
//!
//! ```no_run
//! use imaging::Plane;
//! use imaging::volume::{Volume, VolumeLimits};
//!
//! let volume = Volume::read(std::fs::read("brain.nii.gz")?, &VolumeLimits::default())?;
//! let plane = volume.native_plane();
//! let middle = volume.slice(plane, volume.slices(plane) / 2, 0)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod affine;
mod element;
mod error;
mod fields;
mod format;
mod header;
mod mgh;
mod nifti;
mod nrrd;
mod source;
mod view;

use std::fmt;
use std::sync::Arc;

pub use error::VolumeError;
pub use format::{FileKind, Placement, VolumeFormat, file_kind};

use header::Header;
use view::View;

use crate::{Plane, Slice, SliceGeometry};

/// How large a volume may be before it is refused; checked on the declared size, before anything is allocated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VolumeLimits {
    /// Longest side, in voxels.
    pub max_side: u32,
    /// Most bytes of voxels, as they are stored, of all volumes of a file together.
    pub max_bytes: usize,
}

impl Default for VolumeLimits {
    /// 8192 voxels a side, and 1 GiB: three times a volume of 512 x 512 x 600 voxels of 16 bits.
    fn default() -> Self {
        Self { max_side: 8192, max_bytes: 1 << 30 }
    }
}

/// One or several volumes of one size: what a file holds. Cloning shares the voxels.
#[derive(Clone)]
pub struct Volume {
    header: Header,
    bytes: Arc<Vec<u8>>,
    /// Where the voxels begin in the bytes.
    offset: usize,
}

impl fmt::Debug for Volume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Volume").field("header", &self.header).finish_non_exhaustive()
    }
}

impl Volume {
    /// Reads a file that holds header and voxels. The bytes are kept where they are no gzip.
    ///
    /// # Errors
    /// When the file is of no known format, the header of a pair, larger than `limits`, of a kind that isn't read, or
    /// damaged. No bytes make it panic.
    pub fn read(bytes: Vec<u8>, limits: &VolumeLimits) -> Result<Self, VolumeError> {
        let header = format::read_whole(&format::beginning(&bytes)?)?;
        Self::with_voxels(header, bytes, limits)
    }

    /// Reads a pair of files, of Analyze or NIfTI: `.hdr` and `.img`, each as it is or in gzip.
    ///
    /// # Errors
    /// As [`read`](Self::read), and when the first is no header of a pair.
    pub fn read_pair(header: &[u8], image: Vec<u8>, limits: &VolumeLimits) -> Result<Self, VolumeError> {
        let header = format::read_header_of_pair(&format::beginning(header)?)?;
        Self::with_voxels(header, image, limits)
    }

    fn with_voxels(header: Header, bytes: Vec<u8>, limits: &VolumeLimits) -> Result<Self, VolumeError> {
        let length = header.check(limits)?;
        let voxels = source::voxels(bytes, header.offset, length, header.gzip);
        let (bytes, offset) = voxels.map_err(|reason| header.damaged(reason))?;
        Ok(Self { header, bytes: Arc::new(bytes), offset })
    }

    /// The file's format.
    #[must_use]
    pub fn format(&self) -> VolumeFormat {
        self.header.format
    }

    /// How the file says where its voxels are. Where that is assumed, left and right are not known.
    #[must_use]
    pub fn placement(&self) -> Placement {
        self.header.placement
    }

    /// How many volumes the file holds one after the other: points in time, echoes or directions. At least 1.
    #[must_use]
    pub fn times(&self) -> usize {
        self.header.grid.times
    }

    /// Voxels along the axes in space, as they are stored.
    #[must_use]
    pub fn sides(&self) -> [usize; 3] {
        self.header.grid.sides
    }

    /// Distances of neighbouring voxels along the stored axes, in millimetres.
    #[must_use]
    pub fn spacing(&self) -> [f64; 3] {
        self.header.affine.lengths()
    }

    /// Rows of the matrix that gives a stored voxel's place, in millimetres to the patient's left, back and head (LPS).
    #[must_use]
    pub fn affine(&self) -> [[f64; 4]; 3] {
        let affine = &self.header.affine;
        [0, 1, 2].map(|at| [affine.steps[0][at], affine.steps[1][at], affine.steps[2][at], affine.origin[at]])
    }

    /// How many slices the volume has in a plane, at least 1.
    #[must_use]
    pub fn slices(&self, plane: Plane) -> usize {
        self.sides()[self.view(plane).through.stored]
    }

    /// The plane whose slices are finest: the one that stands on the axis with the longest step, or with one voxel alone.
    /// The axial plane where all are alike to a hundredth.
    #[must_use]
    pub fn native_plane(&self) -> Plane {
        let step = |plane: Plane| {
            let stored = self.view(plane).through.stored;
            if self.sides()[stored] == 1 { f64::INFINITY } else { self.spacing()[stored] }
        };
        Plane::ALL
            .into_iter()
            .fold(Plane::Axial, |best, plane| if step(plane) > step(best) * 1.01 { plane } else { best })
    }

    /// Where a slice lies. Of an index beyond [`slices`](Self::slices), where it would lie.
    ///
    /// Its two spacings differ where voxels are no cubes: `pixels` of [`slice`](Self::slice) are then no squares, and
    /// whoever shows or prepares them must stretch them.
    #[must_use]
    pub fn slice_geometry(&self, plane: Plane, index: usize) -> SliceGeometry {
        self.view(plane).geometry(&self.header.affine, self.sides(), index)
    }

    /// A slice of one of the volumes, from 0. Slices run to the patient's head, back or right: along the normal of
    /// their rows and columns.
    ///
    /// Pixels are scaled as the file says. Those that are no number become as dark as the slice's darkest.
    ///
    /// # Errors
    /// When there is no such slice or volume.
    pub fn slice(&self, plane: Plane, index: usize, time: usize) -> Result<Slice, VolumeError> {
        let (slices, times) = (self.slices(plane), self.times());
        if index >= slices {
            return Err(VolumeError::NoSuchSlice { plane, index, slices });
        }
        if time >= times {
            return Err(VolumeError::NoSuchTime { time, times });
        }
        let view = self.view(plane);
        let [width, height] = [view.across, view.down].map(|axis| self.sides()[axis.stored] as u32);
        let mut pixels = self.pixels(view, index, time);
        darken_missing(&mut pixels);
        let slice = Slice::new(width, height, pixels)?;
        Ok(match self.header.window {
            Some(window) => slice.with_window(window),
            None => slice,
        })
    }

    fn view(&self, plane: Plane) -> View {
        View::new(plane, self.header.affine.axes())
    }

    fn pixels(&self, view: View, index: usize, time: usize) -> Vec<f32> {
        let grid = &self.header.grid;
        let length = grid.element.length();
        let (slope, intercept) = self.header.scale.unwrap_or((1.0, 0.0));
        let scaled = self.header.scale.is_some();
        let voxels = view.voxels(grid, index).map(|voxel| {
            let at = self.offset + (time * grid.time_stride + voxel) * length;
            let value = grid.element.value(self.bytes.get(at..at + length).unwrap_or_default(), grid.big);
            (if scaled { value * slope + intercept } else { value }) as f32
        });
        voxels.collect()
    }
}

/// Values that are no number, as SPM writes them outside the brain, become the smallest of the others.
fn darken_missing(pixels: &mut [f32]) {
    let finite = pixels.iter().copied().filter(|value| value.is_finite());
    let darkest = finite.reduce(f32::min).unwrap_or(0.0);
    for value in pixels.iter_mut().filter(|value| !value.is_finite()) {
        *value = darkest;
    }
}
