//! What the frozen part of a network makes of every slice, computed once.
//!
//! Blocks that no stage trains give the same output each time they see a slice. Most of a network's work lies in its
//! first blocks, so a run that keeps their output trains several times as fast; the price is that a slice is changed in
//! a few ways only, not anew in every epoch. The output lies in the cache: a run that goes on, the folds of a
//! cross-validation and the runs of an ablation find it there.

use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::Scope;

use anyhow::{Context, anyhow};
use burn::tensor::Device;
use half::f16;
use half::slice::{HalfBitsSliceExt, HalfFloatSliceExt};
use networks::{Form, Network};
use rayon::prelude::*;
use scans::progress_bar;
use serde::{Deserialize, Serialize};
use storage::{CacheEntry, CachedRows, RowWriter, RowsSize};

use crate::batches::{Batch, Changes, Source, chance};

/// Batches waiting for the device at any time.
const AHEAD: usize = 3;
/// Batches that are run before their rows are written.
const AT_ONCE: usize = 32;

/// The input of the first block that is trained, for every slice, in half precision.
pub struct Activations {
    /// That block.
    pub block: usize,
    /// The validation slices as they are, then the training slices, changed in one way after the other.
    rows: CachedRows<Notes>,
    /// By index of the record, its place among the training slices.
    train: Vec<Option<usize>>,
    /// By index of the record, its place among the validation slices.
    validation: Vec<Option<usize>>,
    /// How many slices of both kinds there are, and in how many ways the first kind is changed.
    counts: Counts,
}

#[derive(Clone, Copy)]
struct Counts {
    train: usize,
    validation: usize,
    variants: usize,
}

/// What is noted of the rows.
#[derive(Serialize, Deserialize)]
struct Notes {
    /// Channels, height and width of a row.
    shape: [usize; 3],
    /// Of every row, after the changes.
    labels: Vec<usize>,
}

/// Slices whose activations are kept, as ascending indices.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Changed as training does.
    pub train: Vec<usize>,
    /// As they are.
    pub validation: Vec<usize>,
}

/// The frozen blocks, and what they are shown.
#[derive(Clone, Copy)]
pub struct Frozen<'a> {
    /// Without gradients.
    pub network: &'a Network,
    /// The first block that is not run.
    pub block: usize,
    /// At the input's size.
    pub source: Source<'a>,
    /// What is done to training slices.
    pub changes: Changes<'a>,
    /// Decides how.
    pub seed: u64,
    /// Where the network lies.
    pub device: &'a Device,
}

impl Activations {
    /// What is cached; where it is not, or no longer what the frozen blocks give, every slice is run through them on all
    /// cores, the training slices in `variants` ways.
    ///
    /// # Errors
    /// The device can't be read, or the cache can't be written.
    pub fn of(frozen: Frozen<'_>, slices: &Kept, variants: usize, entry: CacheEntry<'_>) -> anyhow::Result<Self> {
        let Kept { train, validation } = slices;
        let first = train.get(..frozen.source.size.min(train.len())).context("there is no slice to train on")?;
        let probe = frozen.run(first, 1)?;
        let counts = Counts { train: train.len(), validation: validation.len(), variants };
        let kept = CachedRows::open(entry).filter(|kept| probe.is_at(kept, counts.validation));
        let rows = match kept {
            Some(kept) => kept,
            None => frozen.keep(slices, counts, &probe, entry)?,
        };
        let places = |indices: &[usize]| {
            let mut places = vec![None; frozen.source.labels.len()];
            indices.iter().enumerate().for_each(|(place, &index)| places[index] = Some(place));
            places
        };
        Ok(Self { block: frozen.block, rows, train: places(train), validation: places(validation), counts })
    }

    /// Bytes that are kept.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.rows.bytes()
    }

    /// The training slices in `order`, in batches of `size`, changed in the way that `epoch` has its turn with.
    ///
    /// A last batch smaller than half of `size` is left out, as [`Source::shuffled`] does.
    pub fn batches<'scope>(
        &'scope self,
        order: Vec<usize>,
        size: usize,
        epoch: usize,
        scope: &'scope Scope<'scope, '_>,
    ) -> Receiver<Batch> {
        let (sender, receiver) = sync_channel(AHEAD);
        let before = self.counts.validation + epoch % self.counts.variants * self.counts.train;
        scope.spawn(move || {
            for chunk in order.chunks(size).filter(|chunk| 2 * chunk.len() >= size) {
                let rows = chunk.iter().filter_map(|&index| Some(before + self.train[index]?));
                if sender.send(self.batch(rows)).is_err() {
                    return; // The receiver is gone: training has stopped.
                }
            }
        });
        receiver
    }

    /// The validation slices of `chunk`, in order.
    #[must_use]
    pub fn unchanged(&self, chunk: &[usize]) -> Batch {
        self.batch(chunk.iter().filter_map(|&index| self.validation[index]))
    }

    fn batch(&self, rows: impl Iterator<Item = usize>) -> Batch {
        let Notes { shape, labels } = &self.rows.notes;
        let length = shape.iter().product::<usize>();
        let mut batch = Batch::new(*shape, Vec::new(), Vec::new());
        for row in rows {
            let before = batch.values.len();
            batch.values.resize(before + length, 0.0);
            let bits: &[u16] = self.rows.row(row);
            bits.reinterpret_cast::<f16>().convert_to_f32_slice(&mut batch.values[before..]);
            batch.labels.push(labels[row]);
        }
        batch
    }
}

/// What the frozen blocks make of some slices.
struct Output {
    shape: [usize; 3],
    /// A row a slice, with its label after the changes.
    rows: Vec<(Vec<u16>, usize)>,
}

impl Output {
    /// Whether exactly these rows are kept, from row `first` on.
    fn is_at(&self, kept: &CachedRows<Notes>, first: usize) -> bool {
        let same = |(row, (values, label)): (usize, &(Vec<u16>, usize))| {
            kept.row::<u16>(row) == values.as_slice() && kept.notes.labels[row] == *label
        };
        kept.notes.shape == self.shape && (first..).zip(&self.rows).all(same)
    }
}

impl Frozen<'_> {
    /// Runs all slices through the blocks, and keeps what comes out.
    fn keep(
        &self,
        slices: &Kept,
        counts: Counts,
        probe: &Output,
        entry: CacheEntry<'_>,
    ) -> anyhow::Result<CachedRows<Notes>> {
        let changed = (1..=counts.variants).map(|variant| (variant, &slices.train));
        let lists: Vec<(usize, &Vec<usize>)> = std::iter::once((0, &slices.validation)).chain(changed).collect();
        let count = counts.validation + counts.variants * counts.train;
        let bar = progress_bar(count, "running the frozen blocks");
        let make = |writer: &mut RowWriter| {
            let mut labels = Vec::with_capacity(count);
            for (variant, indices) in lists {
                for group in indices.chunks(self.source.size * AT_ONCE) {
                    let run = |chunk: &[usize]| self.run(chunk, variant).inspect(|_| bar.inc(chunk.len() as u64));
                    let outputs: Vec<_> = group.par_chunks(self.source.size).map(run).collect::<anyhow::Result<_>>()?;
                    for (row, label) in outputs.into_iter().flat_map(|output| output.rows) {
                        writer.write(&row)?;
                        labels.push(label);
                    }
                }
            }
            Ok(Notes { shape: probe.shape, labels })
        };
        let bytes_a_row = probe.shape.iter().product::<usize>() * size_of::<u16>();
        let rows = CachedRows::make(entry, RowsSize { rows: count, bytes_a_row }, make)?;
        bar.finish_and_clear();
        Ok(rows)
    }

    /// Runs one batch; variant 0 is that of slices as they are.
    fn run(&self, chunk: &[usize], variant: usize) -> anyhow::Result<Output> {
        let batch = if variant == 0 {
            self.source.unchanged(chunk)
        } else {
            let seed = self.seed.wrapping_add(variant as u64);
            self.source.collect(chunk, |_, index, pixels, label| {
                self.changes.change(index, pixels, label, &mut chance(seed, index))
            })
        };
        let features = self.network.forward_to(self.block, batch.images(Form::Trainable.channels(), self.device));
        let [_, channels, height, width] = features.dims();
        let values: Vec<f32> =
            features.into_data().try_to_vec().map_err(|error| anyhow!("cannot read the device: {error}"))?;
        let halved = |values: &[f32]| values.iter().map(|&value| f16::from_f32(value).to_bits()).collect();
        let rows = values.chunks_exact((channels * height * width).max(1)).map(halved).zip(batch.labels);
        Ok(Output { shape: [channels, height, width], rows: rows.collect() })
    }
}
