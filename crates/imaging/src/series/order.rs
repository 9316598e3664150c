//! In which order slices lie, and where one is missing or there twice.

use super::SeriesSlice;
use crate::SliceInfo;
use crate::plane::{cross, dot};

/// Slices nearer than this are at one place, in millimetres: positions are written with a few decimals.
const SAME_PLACE: f64 = 0.01;
/// A distance longer than so many spacings is a gap.
const GAP: f64 = 1.5;

/// What the order of a series is by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// By where the slices lie, along the normal of their rows and columns: axial ones from the feet to the head, coronal
    /// ones to the back, sagittal ones to the patient's right.
    Position,
    /// By their numbers, then by frames.
    Instance,
    /// As they were given: they have neither places nor numbers.
    Given,
}

/// A slice at a place that another one has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Duplicate {
    /// The slice that is left out.
    pub slice: usize,
    /// The one that has the place.
    pub of: usize,
}

/// A place where slices are missing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gap {
    /// The slice before the gap.
    pub after: usize,
    /// The distance to the next slice, in millimetres.
    pub distance: f64,
    /// How many slices would fill it, at the spacing of the series.
    pub missing: usize,
}

/// Slices in order.
pub(super) struct Placed {
    pub(super) slices: Vec<usize>,
    pub(super) order: Order,
    pub(super) spacing: Option<f64>,
    pub(super) duplicates: Vec<Duplicate>,
    pub(super) gaps: Vec<Gap>,
}

/// Orders slices that belong together.
pub(super) fn place(slices: &[SeriesSlice], group: &[usize]) -> Placed {
    let info = |index: usize| &slices[index].info;
    let number = |index: usize| (info(index).instance, info(index).frame, index);
    let mut along: Vec<(f64, usize)> = group.iter().map(|&index| (position(info(index)), index)).collect();
    if info(group[0]).geometry.is_some() {
        along.sort_by(|a, b| a.0.total_cmp(&b.0).then(number(a.1).cmp(&number(b.1))));
        return by_position(&along, number);
    }
    let numbered = group.iter().any(|&index| info(index).instance.is_some() || info(index).frame > 1);
    along.sort_by_key(|&(_, index)| number(index));
    let order = if numbered { Order::Instance } else { Order::Given };
    let place = |index: usize| (info(index).instance, info(index).frame);
    let (mut kept, mut duplicates) = (Vec::<usize>::new(), Vec::new());
    for (_, slice) in along {
        let before = kept.last().copied().filter(|&before| place(before) == place(slice) && place(slice).0.is_some());
        match before {
            Some(of) => duplicates.push(Duplicate { slice, of }),
            None => kept.push(slice),
        }
    }
    Placed { slices: kept, order, spacing: None, duplicates, gaps: Vec::new() }
}

/// Where a slice lies along its normal, in millimetres; 0 where that is not known.
fn position(slice: &SliceInfo) -> f64 {
    slice.geometry.map_or(0.0, |geometry| dot(geometry.position, cross(geometry.row, geometry.column)))
}

/// Of slices by position, one a place: that with the lowest number.
fn by_position<N: Ord>(along: &[(f64, usize)], number: impl Fn(usize) -> N) -> Placed {
    let mut places: Vec<(f64, Vec<usize>)> = Vec::new();
    for &(position, slice) in along {
        match places.last_mut() {
            Some((place, there)) if position - *place < SAME_PLACE => there.push(slice),
            _ => places.push((position, vec![slice])),
        }
    }
    let mut duplicates = Vec::new();
    let mut kept = Vec::new();
    for (position, mut there) in places {
        there.sort_by_key(|&slice| number(slice));
        duplicates.extend(there[1..].iter().map(|&slice| Duplicate { slice, of: there[0] }));
        kept.push((position, there[0]));
    }
    let (spacing, gaps) = distances(&kept);
    let slices = kept.into_iter().map(|(_, slice)| slice).collect();
    Placed { slices, order: Order::Position, spacing, duplicates, gaps }
}

/// The median distance of neighbours, and where it is exceeded.
fn distances(kept: &[(f64, usize)]) -> (Option<f64>, Vec<Gap>) {
    let distances: Vec<f64> = kept.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    let mut sorted = distances.clone();
    sorted.sort_by(f64::total_cmp);
    let Some(&median) = sorted.get(sorted.len().saturating_sub(1) / 2) else { return (None, Vec::new()) };
    let far = kept.iter().zip(&distances).filter(|&(_, &distance)| distance > GAP * median);
    let gap = |(&(_, after), &distance): (&(f64, usize), &f64)| Gap {
        after,
        distance,
        missing: (distance / median).round() as usize - 1,
    };
    (Some(median), far.map(gap).collect())
}
