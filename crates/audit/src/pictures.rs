//! The slices that a page shows, small.

use std::collections::{BTreeSet, HashMap};

use dataset::Dataset;
use imaging::{Crop, InputSpec, Intensity};
use maud::{Markup, html};
use pages::picture;
use rayon::prelude::*;
use scans::prepare_file;

use crate::pairs::Pair;

/// Side of a picture, in pixels.
const SIDE: u32 = 96;

/// Pictures of some records, ready to be shown.
pub struct Pictures<'a> {
    dataset: &'a Dataset,
    by_record: HashMap<usize, Vec<f32>>,
}

impl<'a> Pictures<'a> {
    /// Decodes these records again, since keeping a picture of every file would take more memory than the rest. One that
    /// can't be read any more has no picture.
    pub fn new(dataset: &'a Dataset, records: &BTreeSet<usize>) -> Self {
        let whole = Intensity { low: 0.0, high: 100.0 };
        let spec = InputSpec { size: SIDE, crop: Crop::None, margin: 0.0, intensity: whole };
        let picture = |&index: &usize| {
            let slice = prepare_file(&dataset.file(&dataset.records[index]), &spec).ok()?;
            Some((index, slice.pixels().to_vec()))
        };
        let records: Vec<usize> = records.iter().copied().collect();
        Self { dataset, by_record: records.par_iter().filter_map(picture).collect() }
    }

    /// One slice with its path.
    ///
    /// # Errors
    /// The picture can't be encoded.
    pub fn one(&self, index: usize) -> anyhow::Result<Markup> {
        let record = &self.dataset.records[index];
        let description = format!("slice of class {}", self.dataset.classes[record.label]);
        let picture = self.by_record.get(&index).map(|values| picture(values, SIDE as usize, &description));
        let picture = picture.unwrap_or_else(|| Ok(html! { span { "can't be read any more" } }))?;
        // A long path may break after each folder.
        let folders = record.path.split_inclusive('/');
        Ok(html! { figure.scan { (picture) figcaption { @for name in folders { (name) wbr; } } } })
    }

    /// Two slices side by side under what relates them.
    ///
    /// # Errors
    /// A picture can't be encoded.
    pub fn two(&self, pair: &Pair) -> anyhow::Result<Markup> {
        let [a, b] = pair.records;
        self.beside([a, b], &format!("{}, correlation {:.4}", pair.relation, pair.correlation))
    }

    /// Two slices side by side under a caption.
    ///
    /// # Errors
    /// A picture can't be encoded.
    pub fn beside(&self, [a, b]: [usize; 2], caption: &str) -> anyhow::Result<Markup> {
        let (a, b) = (self.one(a)?, self.one(b)?);
        Ok(html! {
            figure.pair {
                div.grid { (a) (b) }
                figcaption { (caption) }
            }
        })
    }
}
