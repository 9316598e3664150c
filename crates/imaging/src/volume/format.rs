//! Which format a file has.

use std::borrow::Cow;
use std::fmt;

use super::header::{Header, Refusal};
use super::{VolumeError, mgh, nifti, nrrd, source};

/// A format of volumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VolumeFormat {
    /// NIfTI-1, in one file or a pair.
    Nifti1,
    /// NIfTI-2, in one file or a pair.
    Nifti2,
    /// Analyze 7.5, a pair.
    Analyze,
    /// MGH or MGZ, of FreeSurfer.
    Mgh,
    /// NRRD, with its voxels attached.
    Nrrd,
}

impl fmt::Display for VolumeFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nifti1 => "NIfTI-1",
            Self::Nifti2 => "NIfTI-2",
            Self::Analyze => "Analyze",
            Self::Mgh => "MGH",
            Self::Nrrd => "NRRD",
        })
    }
}

/// How a file says where its voxels are in the patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// By NIfTI's sform.
    Sform,
    /// By NIfTI's qform.
    Qform,
    /// By the header of another format.
    Header,
    /// Not at all, or by numbers that span no space: what is assumed may have left and right the wrong way round.
    Assumed,
}

/// What can be done with a file that begins like a volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// It has its voxels: for [`Volume::read`](super::Volume::read).
    Whole,
    /// Its voxels are in another file: for [`Volume::read_pair`](super::Volume::read_pair).
    HeaderOfPair,
}

/// What a file that begins like this is; `None` where it is no volume. Its first kilobyte is enough, as it is or in
/// gzip.
#[must_use]
pub fn file_kind(beginning: &[u8]) -> Option<FileKind> {
    let bytes = source::beginning(beginning).ok()?;
    match nifti::kind(&bytes) {
        Some(kind) => Some(if kind.pair { FileKind::HeaderOfPair } else { FileKind::Whole }),
        None => (mgh::is_mgh(&bytes) || nrrd::is_nrrd(&bytes)).then_some(FileKind::Whole),
    }
}

/// The file's beginning, inflated where it is a gzip.
pub(super) fn beginning(bytes: &[u8]) -> Result<Cow<'_, [u8]>, VolumeError> {
    source::beginning(bytes).map_err(|_| unknown(bytes))
}

/// The header of a file that holds its voxels.
pub(super) fn read_whole(bytes: &[u8]) -> Result<Header, VolumeError> {
    let refused = |format| move |refusal: Refusal| refusal.of(format);
    match nifti::kind(bytes) {
        Some(kind) if kind.pair => Err(VolumeError::HeaderAlone { format: kind.format }),
        Some(kind) => nifti::read(bytes, kind).map_err(refused(kind.format)),
        None if nrrd::is_nrrd(bytes) => nrrd::read(bytes).map_err(refused(VolumeFormat::Nrrd)),
        None if mgh::is_mgh(bytes) => mgh::read(bytes).map_err(refused(VolumeFormat::Mgh)),
        None => Err(unknown(bytes)),
    }
}

/// The header of a pair.
pub(super) fn read_header_of_pair(bytes: &[u8]) -> Result<Header, VolumeError> {
    let kind = nifti::kind(bytes).ok_or_else(|| unknown(bytes))?;
    let format = kind.format;
    if kind.pair {
        return nifti::read(bytes, kind).map_err(|refusal| refusal.of(format));
    }
    Err(VolumeError::Damaged { format, reason: "its header says that voxels follow in the same file".to_owned() })
}

fn unknown(bytes: &[u8]) -> VolumeError {
    let begins: Vec<String> = bytes.iter().take(8).map(|byte| format!("{byte:02X}")).collect();
    let begins = if begins.is_empty() { "nothing".to_owned() } else { begins.join(" ") };
    VolumeError::NotAVolume { begins }
}
