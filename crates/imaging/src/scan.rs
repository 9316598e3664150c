//! A file opened as a scan: what is known of its slices, each of them decoded when it is asked for.

use std::borrow::Cow;

use crate::decode::{check_length, not_an_image, sniff};
use crate::{ColourMode, DecodeError, Format, Limits, Slice, SliceGeometry, Window, decode, dicom, is_dicom};

/// Parts of the body whose slices have a head in them.
const HEADS: [&str; 6] = ["HEAD", "BRAIN", "SKULL", "NEURO", "SELLA", "PITUITARY"];

/// A file whose header has been read. It holds the file's bytes, and no pixels.
///
/// ```no_run
/// let scan = imaging::open(std::fs::read("enhanced.dcm")?, &imaging::Limits::default())?;
/// for (index, info) in scan.slices().iter().enumerate() {
///     println!("{:?}: {} pixels wide", info.geometry, scan.slice(index)?.width());
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Scan<'a> {
    content: Content<'a>,
}

#[derive(Debug)]
enum Content<'a> {
    Dicom(dicom::Image<'a>),
    /// A picture of another format.
    Picture {
        bytes: Cow<'a, [u8]>,
        format: Format,
        limits: Limits,
        info: SliceInfo,
    },
}

/// What is known of a slice before it is decoded.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SliceInfo {
    /// Where it lies in the patient; `None` where the file does not say all of it.
    pub geometry: Option<SliceGeometry>,
    /// Distance of two rows, then of two columns, in millimetres.
    pub spacing: Option<[f64; 2]>,
    /// Thickness in millimetres.
    pub thickness: Option<f64>,
    /// Distance to the next slice in millimetres, from centre to centre.
    pub spacing_between: Option<f64>,
    /// The file's number in its series.
    pub instance: Option<i32>,
    /// The frame's number in the file, counted from 1.
    pub frame: u32,
}

/// What a DICOM file says of the series it belongs to, in the standard's words. Times are in milliseconds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Attributes {
    /// `StudyInstanceUID`
    pub study: Option<String>,
    /// `SeriesInstanceUID`
    pub series: Option<String>,
    /// `SOPInstanceUID`
    pub instance: Option<String>,
    /// `FrameOfReferenceUID`: slices with the same lie in one system of coordinates.
    pub frame_of_reference: Option<String>,
    /// `PatientID`: for grouping slices, never for display.
    pub patient_id: Option<String>,
    /// `Modality`
    pub modality: Option<String>,
    /// `BodyPartExamined`
    pub body_part: Option<String>,
    /// `SeriesDescription`
    pub series_description: Option<String>,
    /// `ProtocolName`
    pub protocol: Option<String>,
    /// `ScanningSequence`: `SE`, `IR`, `GR`, `EP`, `RM`, several separated by a backslash.
    pub scanning_sequence: Option<String>,
    /// `EchoTime`; of the first frame where frames have their own, like the next two.
    pub echo_time: Option<f64>,
    /// `RepetitionTime`
    pub repetition_time: Option<f64>,
    /// `InversionTime`
    pub inversion_time: Option<f64>,
    /// `ContrastBolusAgent`; `agent` where a file names one by a code alone.
    pub contrast_agent: Option<String>,
}

/// Why a scan may not be what a classifier of brain MRI is for, though it can be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// Another modality than MR.
    #[error("the modality is {0}, not MR")]
    Modality(String),
    /// Another part of the body than the head.
    #[error("the part of the body is {0}, not the head")]
    BodyPart(String),
}

/// Opens a file of any format in [`Format`], found by its content and not by its name. No pixels are decoded.
///
/// # Errors
/// When the file is empty, longer or wider than `limits`, of no known format, of a kind that isn't read, or its header
/// is damaged. Declared sizes are checked before anything of that size is allocated. No bytes make it panic.
pub fn open<'a>(bytes: impl Into<Cow<'a, [u8]>>, limits: &Limits) -> Result<Scan<'a>, DecodeError> {
    let bytes = bytes.into();
    check_length(&bytes, limits)?;
    let content = if is_dicom(&bytes) {
        Content::Dicom(dicom::open(bytes, limits)?)
    } else {
        let format = sniff(&bytes).ok_or_else(|| not_an_image(&bytes))?;
        let info = SliceInfo { frame: 1, ..SliceInfo::default() };
        Content::Picture { bytes, format, limits: *limits, info }
    };
    Ok(Scan { content })
}

impl Scan<'_> {
    /// What is known of every slice, in the order of the file; there is one at least.
    #[must_use]
    pub fn slices(&self) -> &[SliceInfo] {
        match &self.content {
            Content::Dicom(image) => image.frames(),
            Content::Picture { info, .. } => std::slice::from_ref(info),
        }
    }

    /// Decodes the slice of this index, counted from 0.
    ///
    /// # Errors
    /// When its pixels are damaged or of a kind that isn't read, or there is no such slice.
    pub fn slice(&self, index: usize) -> Result<Slice, DecodeError> {
        match &self.content {
            _ if index >= self.slices().len() => Err(DecodeError::NoSuchSlice { index, slices: self.slices().len() }),
            Content::Dicom(image) => image.slice(index),
            Content::Picture { bytes, limits, .. } => Ok(decode(bytes, limits)?.slices.swap_remove(index)),
        }
    }

    /// The windows that the file offers for a grey slice, in its unit; it is displayed with the first.
    #[must_use]
    pub fn windows(&self, index: usize) -> Vec<Window> {
        match &self.content {
            Content::Dicom(image) if index < image.frames().len() => image.windows(index),
            _ => Vec::new(),
        }
    }

    /// The file's format.
    #[must_use]
    pub fn format(&self) -> &Format {
        match &self.content {
            Content::Dicom(image) => image.format(),
            Content::Picture { format, .. } => format,
        }
    }

    /// How a DICOM file stores its pixels; of other files that is known when they are decoded.
    #[must_use]
    pub fn mode(&self) -> Option<ColourMode> {
        match &self.content {
            Content::Dicom(image) => Some(image.mode()),
            Content::Picture { .. } => None,
        }
    }

    /// What a DICOM file says of its series.
    #[must_use]
    pub fn attributes(&self) -> Option<&Attributes> {
        match &self.content {
            Content::Dicom(image) => Some(image.attributes()),
            Content::Picture { .. } => None,
        }
    }

    /// Why the scan may be no brain MRI; what a file does not say is no reason.
    #[must_use]
    pub fn warnings(&self) -> Vec<Warning> {
        self.attributes().map(Attributes::warnings).unwrap_or_default()
    }
}

impl Attributes {
    fn warnings(&self) -> Vec<Warning> {
        let is_head = |part: &String| HEADS.iter().any(|head| part.to_uppercase().contains(head));
        let modality = self.modality.clone().filter(|modality| modality != "MR").map(Warning::Modality);
        let body_part = self.body_part.clone().filter(|part| !is_head(part)).map(Warning::BodyPart);
        modality.into_iter().chain(body_part).collect()
    }
}

/// A file that a directory of files (DICOMDIR) names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryEntry {
    /// Folders and name, from the directory's own folder on: plain names, none of which leads out of it.
    pub path: Vec<String>,
    /// `StudyInstanceUID`
    pub study: Option<String>,
    /// `SeriesInstanceUID`
    pub series: Option<String>,
    /// `SOPInstanceUID`
    pub instance: Option<String>,
}

/// Whether a file that begins like this is a directory of files (DICOMDIR); its first kilobyte is enough to tell.
#[must_use]
pub fn is_directory(beginning: &[u8]) -> bool {
    dicom::is_directory(beginning)
}

/// Reads the files that a directory of files (DICOMDIR) names, in its order.
///
/// # Errors
/// When the file is no directory, longer than `limits`, damaged, or names a file outside of its own folder.
pub fn directory(bytes: &[u8], limits: &Limits) -> Result<Vec<DirectoryEntry>, DecodeError> {
    dicom::read_directory(bytes, limits)
}
