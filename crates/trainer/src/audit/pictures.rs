//! The slices that a page shows, small.

use std::collections::{BTreeSet, HashMap};

use anyhow::Context;
use dataset::Dataset;
use imaging::{Crop, InputSpec, Intensity};
use maud::{Markup, html};
use rayon::prelude::*;

use super::pairs::Pair;
use crate::html;
use crate::slices::prepare_file;

/// Side of a picture, in pixels.
const SIDE: u32 = 96;

/// Pictures of some records, ready to be shown.
pub struct Pictures<'a> {
    dataset: &'a Dataset,
    by_record: HashMap<usize, Vec<f32>>,
}

impl<'a> Pictures<'a> {
    /// Decodes these records again, since keeping a picture of every file would take more memory than the rest.
    ///
    /// # Errors
    /// A file that could be read before can't be read now.
    pub fn new(dataset: &'a Dataset, records: &BTreeSet<usize>) -> anyhow::Result<Self> {
        let whole = Intensity { low: 0.0, high: 100.0 };
        let spec = InputSpec { size: SIDE, crop: Crop::None, margin: 0.0, intensity: whole };
        let picture = |&index: &usize| {
            let path = dataset.file(&dataset.records[index]);
            let slice = prepare_file(&path, &spec).map_err(|error| anyhow::anyhow!(error.reason))?;
            Ok((index, slice.pixels().to_vec()))
        };
        let records: Vec<usize> = records.iter().copied().collect();
        let by_record = records.par_iter().map(picture).collect::<anyhow::Result<_>>()?;
        Ok(Self { dataset, by_record })
    }

    /// One slice with its path.
    ///
    /// # Errors
    /// The record is not among those decoded.
    pub fn one(&self, index: usize) -> anyhow::Result<Markup> {
        let record = &self.dataset.records[index];
        let values = self.by_record.get(&index).with_context(|| format!("{} has no picture", record.path))?;
        let description = format!("slice of class {}", self.dataset.classes[record.label]);
        let picture = html::picture(values, SIDE as usize, &description)?;
        // A long path may break after each folder.
        let folders = record.path.split_inclusive('/');
        Ok(html! { figure.scan { (picture) figcaption { @for name in folders { (name) wbr; } } } })
    }

    /// Two slices side by side under what relates them.
    ///
    /// # Errors
    /// A record is not among those decoded.
    pub fn two(&self, pair: &Pair) -> anyhow::Result<Markup> {
        let [a, b] = pair.records;
        self.beside([a, b], &format!("{}, correlation {:.4}", pair.relation, pair.correlation))
    }

    /// Two slices side by side under a caption.
    ///
    /// # Errors
    /// A record is not among those decoded.
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
