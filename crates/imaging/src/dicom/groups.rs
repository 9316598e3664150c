//! What is said of single frames: functional groups of enhanced multi-frame files (PS3.3, C.7.6.16).

use std::sync::Arc;

use super::display::Display;
use super::element::Tag;
use super::layout::Layout;
use super::table::Table;
use super::tree::DataSet;
use crate::{SliceGeometry, SliceInfo};

const SHARED: Tag = (0x5200, 0x9229);
const PER_FRAME: Tag = (0x5200, 0x9230);
const PIXEL_MEASURES: Tag = (0x0028, 0x9110);
const PLANE_POSITION: Tag = (0x0020, 0x9113);
const PLANE_ORIENTATION: Tag = (0x0020, 0x9116);
const FRAME_DISPLAY: Tag = (0x0028, 0x9132);
const VALUE_TRANSFORMATION: Tag = (0x0028, 0x9145);

const INSTANCE: Tag = (0x0020, 0x0013);
const POSITION: Tag = (0x0020, 0x0032);
const ORIENTATION: Tag = (0x0020, 0x0037);
const SPACING: Tag = (0x0028, 0x0030);
const THICKNESS: Tag = (0x0018, 0x0050);
const SPACING_BETWEEN: Tag = (0x0018, 0x0088);
const INTERCEPT: Tag = (0x0028, 0x1052);
const SLOPE: Tag = (0x0028, 0x1053);
const MODALITY_TABLE: Tag = (0x0028, 0x3000);

/// How the stored values of a frame are meant.
#[derive(Debug)]
pub(super) struct Values {
    pub(super) modality: Modality,
    pub(super) display: Arc<Display>,
}

/// How stored values become modality values (PS3.3, C.11.1).
#[derive(Debug, Clone)]
pub(super) enum Modality {
    Linear { slope: f64, intercept: f64 },
    Table(Arc<Table>),
}

impl Modality {
    pub(super) fn of(&self, stored: f64) -> f64 {
        match self {
            Self::Linear { slope, intercept } => slope * stored + intercept,
            Self::Table(table) => table.entry(stored).into(),
        }
    }

    /// Slope and intercept, 1 and 0 where they are not said.
    fn linear(data_set: &DataSet) -> Self {
        let slope = data_set.decimal(SLOPE).filter(|&slope| slope != 0.0);
        Self::Linear { slope: slope.unwrap_or(1.0), intercept: data_set.decimal(INTERCEPT).unwrap_or(0.0) }
    }
}

/// The functional groups of a file.
pub(super) struct Groups<'t, 'a> {
    file: &'t DataSet<'a>,
    shared: Option<&'t DataSet<'a>>,
    per_frame: &'t [DataSet<'a>],
}

impl<'t, 'a> Groups<'t, 'a> {
    /// # Errors
    /// In words, when they can't be read.
    pub(super) fn read(file: &'t DataSet<'a>) -> Result<Self, String> {
        Ok(Self { file, shared: file.items(SHARED)?.first(), per_frame: file.items(PER_FRAME)? })
    }

    /// What is known of every frame.
    ///
    /// # Errors
    /// In words, when there are fewer groups than frames, or one can't be read.
    pub(super) fn frames(&self, layout: &Layout, count: u32) -> Result<Vec<(SliceInfo, Values)>, String> {
        // Frames that were taken out of a longer file may have left groups behind.
        if !self.per_frame.is_empty() && self.per_frame.len() < count as usize {
            return Err(format!("it has {count} frames and {} functional groups for them", self.per_frame.len()));
        }
        let file = OfFile::read(self.file, layout)?;
        (0..count).map(|index| self.frame(index, count, &file)).collect()
    }

    /// The macro of a frame: the frame's own, or else that of all frames.
    pub(super) fn of_frame(&self, index: usize, sequence: Tag) -> Result<Option<&'t DataSet<'a>>, String> {
        for group in self.per_frame.get(index).into_iter().chain(self.shared) {
            if let Some(found) = group.items(sequence)?.first() {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn frame(&self, index: u32, count: u32, file: &OfFile) -> Result<(SliceInfo, Values), String> {
        let of_frame = |sequence| self.of_frame(index as usize, sequence);
        let modality = match of_frame(VALUE_TRANSFORMATION)? {
            Some(group) => Modality::linear(group),
            None => file.modality.clone(),
        };
        let display = of_frame(FRAME_DISPLAY)?.map(|group| Display::read(group, file.signed));
        let display = display.filter(|display| !display.is_empty()).map_or_else(|| Arc::clone(&file.display), Arc::new);
        let measures = of_frame(PIXEL_MEASURES)?.unwrap_or(self.file);
        // What a plain file says of its position is said of one frame.
        let position = of_frame(PLANE_POSITION)?.or((count == 1).then_some(self.file));
        let orientation = of_frame(PLANE_ORIENTATION)?.unwrap_or(self.file);
        let spacing = measures.exactly(SPACING).filter(|spacing: &[f64; 2]| spacing.iter().all(|&side| side > 0.0));
        let info = SliceInfo {
            geometry: position.and_then(|position| geometry(position, orientation, spacing?)),
            spacing,
            thickness: measures.decimal(THICKNESS),
            spacing_between: measures.decimal(SPACING_BETWEEN),
            instance: file.instance,
            frame: index + 1,
        };
        Ok((info, Values { modality, display }))
    }
}

/// What a file says of all its frames outside of groups.
struct OfFile {
    modality: Modality,
    display: Arc<Display>,
    instance: Option<i32>,
    /// Modality values may be negative.
    signed: bool,
}

impl OfFile {
    fn read(file: &DataSet, layout: &Layout) -> Result<Self, String> {
        let modality = match file.items(MODALITY_TABLE)?.first() {
            Some(item) => Modality::Table(Arc::new(Table::of_item(item, layout.signed)?)),
            None => Modality::linear(file),
        };
        let signed = matches!(modality, Modality::Linear { intercept, .. } if layout.signed || intercept < 0.0);
        let display = Arc::new(Display::read(file, signed));
        Ok(Self { modality, display, instance: file.filled(INSTANCE).and_then(|text| text.parse().ok()), signed })
    }
}

/// `None` where a part of it is missing, or the axes are no right angle.
fn geometry(position: &DataSet, orientation: &DataSet, spacing: [f64; 2]) -> Option<SliceGeometry> {
    let six: [f64; 6] = orientation.exactly(ORIENTATION)?;
    let axis = |first: usize| unit([six[first], six[first + 1], six[first + 2]]);
    let (row, column) = (axis(0)?, axis(3)?);
    let cosine: f64 = row.iter().zip(column).map(|(a, b)| a * b).sum();
    let geometry = SliceGeometry { position: position.exactly(POSITION)?, row, column, spacing };
    (cosine.abs() < 1e-2).then_some(geometry)
}

fn unit(vector: [f64; 3]) -> Option<[f64; 3]> {
    let length = vector.iter().map(|part| part * part).sum::<f64>().sqrt();
    (length > 0.5).then(|| vector.map(|part| part / length))
}
