//! How a data set wants its pixels displayed: windows and tables (PS3.3, C.11.2).

use std::sync::Arc;

use super::element::Tag;
use super::table::Table;
use super::tree::DataSet;
use crate::slice::{Curve, GreyTable};
use crate::{Slice, Window};

const CENTER: Tag = (0x0028, 0x1050);
const WIDTH: Tag = (0x0028, 0x1051);
const FUNCTION: Tag = (0x0028, 0x1056);
const TABLES: Tag = (0x0028, 0x3010);

/// Alternatives to display a frame with, in modality units.
#[derive(Debug, Default)]
pub(super) struct Display {
    /// What becomes black and white.
    windows: Vec<(f64, f64)>,
    /// The windows are tangents of a curve.
    is_sigmoid: bool,
    table: Option<Table>,
}

impl Display {
    /// `signed`: modality values may be negative. A table that can't be read is left out: no pixel depends on it.
    pub(super) fn read(data_set: &DataSet, signed: bool) -> Self {
        let function = data_set.text(FUNCTION);
        let ends = match function.as_deref() {
            Some("SIGMOID" | "LINEAR_EXACT") => exact,
            _ => linear,
        };
        let pairs = data_set.decimals(CENTER).into_iter().zip(data_set.decimals(WIDTH));
        let windows = pairs.filter_map(|(center, width)| ends(center, width)).collect();
        let table = data_set.items(TABLES).ok().and_then(|items| Table::of_item(items.first()?, signed).ok());
        Self { windows, is_sigmoid: function.as_deref() == Some("SIGMOID"), table }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.windows.is_empty() && self.table.is_none()
    }

    /// The windows, of modality values as they are displayed.
    pub(super) fn windows(&self, displayed: impl Fn(f64) -> f64) -> Vec<Window> {
        let window = |&(low, high): &(f64, f64)| {
            let (low, high) = (displayed(low) as f32, displayed(high) as f32);
            Window::between(low.min(high), low.max(high))
        };
        self.windows.iter().map(window).collect()
    }

    /// The slice, displayed with the first window, or else with the first table. Where `mirror` is given, its values
    /// are those of the modality taken from it.
    pub(super) fn applied(&self, slice: Slice, mirror: Option<f64>) -> Slice {
        let displayed = |value: f64| mirror.map_or(value, |mirror| mirror - value);
        match (self.windows(displayed).first(), &self.table) {
            (Some(&window), _) if self.is_sigmoid => slice.with_curve(window, Curve::Sigmoid),
            (Some(&window), _) => slice.with_window(window),
            (None, Some(table)) => {
                let table = grey(table, mirror);
                slice.with_curve(table.window(), Curve::Table(Arc::new(table)))
            }
            (None, None) => slice,
        }
    }
}

/// C.11.2.1.2.1.
fn linear(center: f64, width: f64) -> Option<(f64, f64)> {
    let half = (width - 1.0) / 2.0;
    (width >= 1.0).then_some((center - 0.5 - half, center - 0.5 + half))
}

/// C.11.2.1.3.2; also the tangent to a sigmoid at its centre.
fn exact(center: f64, width: f64) -> Option<(f64, f64)> {
    (width > 0.0).then_some((center - width / 2.0, center + width / 2.0))
}

/// A table's entries as they are displayed.
fn grey(table: &Table, mirror: Option<f64>) -> GreyTable {
    let byte = |&entry: &u16| (f64::from(entry) / table.white() * 255.0).round().min(255.0) as u8;
    let first = f64::from(table.first);
    match mirror {
        None => GreyTable { first, grey: table.entries.iter().map(byte).collect() },
        Some(mirror) => GreyTable {
            first: mirror - first - (table.entries.len() - 1) as f64,
            grey: table.entries.iter().rev().map(|entry| 255 - byte(entry)).collect(),
        },
    }
}
