//! Which slices belong together.

use std::collections::HashMap;

use super::order::{self, Duplicate, Gap, Order};
use crate::plane::dot;
use crate::{Orientation, SliceInfo};

/// Rows and columns of a series' slices point the same way to this cosine: half a degree.
const PARALLEL: f64 = 0.99996;

/// A slice that may belong with others.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesSlice {
    /// The identifier of its series (DICOM's Series Instance UID), or the folder of its file.
    pub series: String,
    /// What its file says of it.
    pub info: SliceInfo,
    /// Rows of pixels.
    pub rows: u32,
    /// Columns of pixels.
    pub columns: u32,
}

/// Slices of one size that lie parallel, in order. Numbers of slices are places in the list they were grouped from.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// The identifier or folder of all its slices. Several series share it where a file of one identifier has slices of
    /// several orientations or sizes, as localizers have.
    pub series: String,
    /// One slice a place, in order.
    pub slices: Vec<usize>,
    /// What the order is by.
    pub order: Order,
    /// How the slices lie, where files say so.
    pub orientation: Option<Orientation>,
    /// Distance of neighbouring slices in millimetres: the median. `None` for fewer than two places.
    pub spacing: Option<f64>,
    /// Slices at a place that another one has: copies, or further echoes, directions and points in time.
    pub duplicates: Vec<Duplicate>,
    /// Where slices are missing.
    pub gaps: Vec<Gap>,
}

/// Groups slices into series, in the order in which each appears first.
#[must_use]
pub fn group(slices: &[SeriesSlice]) -> Vec<Series> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut alike: HashMap<(&str, u32, u32), Vec<usize>> = HashMap::new();
    for (index, slice) in slices.iter().enumerate() {
        let candidates = alike.entry((&slice.series, slice.rows, slice.columns)).or_default();
        let fitting = candidates.iter().find(|&&group| are_parallel(&slices[groups[group][0]].info, &slice.info));
        let group = fitting.copied().unwrap_or(groups.len());
        if group == groups.len() {
            candidates.push(group);
            groups.push(Vec::new());
        }
        groups[group].push(index);
    }
    groups.into_iter().map(|group| ordered(slices, &group)).collect()
}

/// Whether two slices lie parallel, or neither says how it lies.
fn are_parallel(a: &SliceInfo, b: &SliceInfo) -> bool {
    match (&a.geometry, &b.geometry) {
        (Some(a), Some(b)) => dot(a.row, b.row) > PARALLEL && dot(a.column, b.column) > PARALLEL,
        (None, None) => true,
        _ => false,
    }
}

fn ordered(slices: &[SeriesSlice], group: &[usize]) -> Series {
    let first = &slices[group[0]];
    let placed = order::place(slices, group);
    Series {
        series: first.series.clone(),
        slices: placed.slices,
        order: placed.order,
        orientation: first.info.geometry.as_ref().map(Orientation::of),
        spacing: placed.spacing,
        duplicates: placed.duplicates,
        gaps: placed.gaps,
    }
}
