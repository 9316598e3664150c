//! Slices of other sources that are trained on beside those of the data set.
//!
//! They are drawn evenly by source and label, whatever each source has of them. What shows the same picture as a slice of
//! the data set is left out, so that nothing that is held out is trained on under another name.

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, ensure};
use dataset::{Dataset, Thumbnail};
use imaging::{InputSpec, PreparedSlice};
use rand::Rng;
use rand::seq::IndexedRandom;
use rayon::prelude::*;

use scans::{Scans, ScansConfig, Slices, thumbnails};
use storage::{CacheFolder, CacheKind, CachedRows, RowsSize};

use crate::map_targets::{Place, Polygon};
use crate::recipe::{OtherSource, Recipe};
use crate::tumour_masks::in_prepared;

/// What is known of the class of a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    /// Its class, by index.
    Class(usize),
    /// That there is a tumour, of some class but that of nothing.
    Tumour,
}

/// The scans of one `[[source]]`.
#[derive(Debug, Clone)]
pub struct OtherScans {
    scans: Scans,
    /// Of every record; `None` for those that are left out.
    known: Vec<Option<Known>>,
}

/// What the CSV says of a scan.
#[derive(Debug, Clone)]
struct Known {
    source: String,
    truth: Truth,
    /// Left, top, width and height, in the scan's pixels.
    boxes: Vec<[f32; 4]>,
}

impl OtherScans {
    /// The sources of a recipe, which lie in the folder of scans or the one above it.
    ///
    /// # Errors
    /// One is not there or can't be read.
    pub fn open(recipe: &Recipe, data: &ScansConfig, scans: &Scans) -> anyhow::Result<Vec<Self>> {
        let opened: anyhow::Result<Vec<Self>> =
            recipe.sources.iter().map(|source| Self::open_one(source, data, &scans.dataset().classes)).collect();
        let mut opened = opened?;
        // Decoded once for all sources, and not at all where what they share is known.
        let own = LazyCell::new(|| thumbnails(scans.dataset()));
        for other in &mut opened {
            let before = other.count();
            other.leave_out_copies_of(scans, || own.as_slice())?;
            let (left, copies) = (other.count(), before - other.count());
            log::info!(
                "{left} slices of \"{}\" to train on as well; {copies} are copies of the data set's",
                other.scans.dataset().root.display()
            );
            ensure!(left > 0, "\"{}\" has no slice to train on", other.scans.dataset().root.display());
        }
        Ok(opened)
    }

    fn open_one(source: &OtherSource, data: &ScansConfig, classes: &[String]) -> anyhow::Result<Self> {
        let beside = |name: &str| {
            data.beside(name).with_context(|| {
                format!("the recipe's source \"{name}\" lies neither in \"{0}\" nor beside it", data.folder.display())
            })
        };
        let (folder, csv) = (beside(&source.data)?, beside(&source.labels)?);
        let dataset = Dataset::open_source(&folder, &csv)?;
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let columns = dataset.column("source")?.into_iter().zip(dataset.column("boxes_xywh")?);
        let known = dataset.records.iter().zip(columns).map(|(record, (source, text))| {
            let class = dataset.class(record);
            let truth = classes.iter().position(|other| other == class).map_or(Truth::Tumour, Truth::Class);
            let boxes = boxes(&text.unwrap_or_default())?;
            Ok(Some(Known { source: source.unwrap_or_else(|| name.clone()), truth, boxes }))
        });
        let known = known.collect::<anyhow::Result<_>>().with_context(|| format!("\"{}\"", csv.display()))?;
        let cache = CacheFolder::new(data.cache.as_deref());
        Ok(Self { scans: Scans::new(dataset, cache)?, known })
    }

    /// The names of its sources.
    #[must_use]
    pub fn sources(&self) -> BTreeSet<&str> {
        self.known.iter().flatten().map(|known| known.source.as_str()).collect()
    }

    /// The scans, whatever is known of them.
    #[must_use]
    pub fn scans(&self) -> &Scans {
        &self.scans
    }

    /// The records of one source, and what is known of their class.
    pub fn of_source<'a>(&'a self, source: &'a str) -> impl Iterator<Item = (usize, Truth)> + 'a {
        let known = self.known.iter().enumerate().filter_map(|(index, known)| Some((index, known.as_ref()?)));
        known.filter(move |(_, known)| known.source == source).map(|(index, known)| (index, known.truth))
    }

    fn count(&self) -> usize {
        self.known.iter().flatten().count()
    }

    /// Leaves out what shows the same picture as a slice of the data set.
    fn leave_out_copies_of<'a>(
        &mut self,
        scans: &Scans,
        own: impl FnOnce() -> &'a [Option<Thumbnail>],
    ) -> anyhow::Result<()> {
        let key = format!("{} in {}", self.scans.fingerprint(), scans.fingerprint());
        let find = || {
            let all = [own(), &thumbnails(self.scans.dataset())].concat();
            let (pairs, own) = (dataset::copies(&all), scans.dataset().records.len());
            pairs.iter().filter(|pair| pair.a < own && pair.b >= own).map(|pair| pair.b - own).collect::<Vec<usize>>()
        };
        let entry = self.scans.cache().entry(CacheKind::Others, &key);
        let kept: CachedRows<Vec<usize>> = match CachedRows::open(entry) {
            Some(kept) => kept,
            None => CachedRows::make(entry, RowsSize::default(), |_| Ok(find()))?,
        };
        kept.notes.iter().for_each(|&copy| self.known[copy] = None);
        Ok(())
    }
}

/// Boxes as they are written: four numbers each, several by `;`.
fn boxes(text: &str) -> anyhow::Result<Vec<[f32; 4]>> {
    let one = |text: &str| {
        let numbers: Vec<f32> = text.split_whitespace().filter_map(|number| number.parse().ok()).collect();
        <[f32; 4]>::try_from(numbers).ok().filter(|numbers| numbers.iter().all(|number| number.is_finite()))
    };
    let boxes = text.split(';').filter(|text| !text.trim().is_empty());
    boxes
        .map(|text| {
            one(text).with_context(|| {
                format!("\"{text}\" is no box; accepted are left, top, width and height, separated by spaces")
            })
        })
        .collect()
}

/// The prepared slices of all sources.
pub struct Others {
    slices: Vec<Other>,
    /// By source and label, places in `slices`.
    cells: Vec<Vec<usize>>,
}

/// A slice of another source.
pub struct Other {
    /// As the network takes it.
    pub slice: PreparedSlice,
    /// What it shows.
    pub truth: Truth,
    /// Where.
    pub place: Place,
}

impl Others {
    /// Prepares the slices of all sources but the one to leave out; `None` where no slice is left.
    ///
    /// # Errors
    /// The cache can't be written.
    pub fn prepare(
        sources: &[OtherScans],
        leave_out: Option<&str>,
        spec: &InputSpec,
        none: Option<usize>,
    ) -> anyhow::Result<Option<Self>> {
        let mut slices = Vec::new();
        let mut cells: BTreeMap<(String, Option<usize>), Vec<usize>> = BTreeMap::new();
        for OtherScans { scans, known } in sources {
            let known: Vec<Option<&Known>> = known
                .iter()
                .map(|known| known.as_ref().filter(|known| Some(known.source.as_str()) != leave_out))
                .collect();
            let indices: Vec<usize> = (0..known.len()).filter(|&index| known[index].is_some()).collect();
            let prepared = Slices::prepare(scans, &indices, spec)?;
            for file in &prepared.unreadable {
                log::warn!("left out \"{}\": {}", file.path.display(), file.reason);
            }
            for (index, known) in known.into_iter().enumerate() {
                let (Some(known), Some(slice)) = (known, prepared.get(index)) else { continue };
                let class = if let Truth::Class(class) = known.truth { Some(class) } else { None };
                cells.entry((known.source.clone(), class)).or_default().push(slices.len());
                let place = place(known, slice, none);
                slices.push(Other { slice: slice.clone(), truth: known.truth, place });
            }
        }
        Ok((!slices.is_empty()).then(|| Self { slices, cells: cells.into_values().collect() }))
    }

    /// So many slices by chance: sources and labels take turns, from one that follows from `step`.
    pub fn draw(&self, count: usize, step: usize, random: &mut impl Rng) -> Vec<&Other> {
        let cell = |number: usize| self.cells[(step * count + number) % self.cells.len()].choose(random);
        (0..count).filter_map(cell).map(|&place| &self.slices[place]).collect()
    }
}

fn place(known: &Known, slice: &PreparedSlice, none: Option<usize>) -> Place {
    if none.is_some_and(|none| known.truth == Truth::Class(none)) {
        return Place::Nowhere;
    }
    let corners = |&[x, y, width, height]: &[f32; 4]| -> Polygon {
        in_prepared(&[[x, y], [x + width, y], [x + width, y + height], [x, y + height]], slice)
    };
    if known.boxes.is_empty() { Place::Unknown } else { Place::Boxed(known.boxes.iter().map(corners).collect()) }
}

/// What is known of where tumours are in the slices of a data set, by record.
pub struct Places(Vec<Place>);

impl Places {
    /// Of the slices at hand: outlines where they are known, and nothing in slices of the class `none`.
    #[must_use]
    pub fn of(
        scans: &Scans,
        outlines: &crate::tumour_masks::TumourMasks,
        slices: &Slices,
        none: Option<usize>,
    ) -> Self {
        let place = |(index, record): (usize, &dataset::Record)| {
            let outline = slices.get(index).and_then(|slice| outlines.outline(&record.path, slice));
            match outline {
                _ if none == Some(record.label) => Place::Nowhere,
                Some(outline) => Place::Outlined(vec![outline]),
                None => Place::Unknown,
            }
        };
        Self(scans.dataset().records.par_iter().enumerate().map(place).collect())
    }

    /// Of a record.
    #[must_use]
    pub fn of_record(&self, index: usize) -> &Place {
        &self.0[index]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_read_and_what_is_none_is_named() {
        assert_eq!(boxes("1 2 3 4; 5 6 7.5 8").unwrap(), [[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.5, 8.0]]);
        assert!(boxes("").unwrap().is_empty());
        for wrong in ["1 2 3", "1 2 3 x", "1 2 3 4 5", "1 2 3 inf"] {
            assert!(boxes(wrong).unwrap_err().to_string().contains(wrong));
        }
    }

    #[test]
    fn sources_and_labels_take_turns_however_many_slices_each_has() {
        use rand::SeedableRng;
        let slice = crate::made::slices(1, 24).get(0).unwrap().clone();
        let other = |class| Other { slice: slice.clone(), truth: Truth::Class(class), place: Place::Unknown };
        let slices: Vec<Other> = (0..50).map(|index| other(usize::from(index >= 48))).collect();
        let others = Others { slices, cells: vec![(0..48).collect(), vec![48, 49]] };
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(3);
        let drawn: Vec<Truth> =
            (0..10).flat_map(|step| others.draw(3, step, &mut random)).map(|other| other.truth).collect();
        assert_eq!(drawn.iter().filter(|truth| **truth == Truth::Class(1)).count(), 15);
    }
}
