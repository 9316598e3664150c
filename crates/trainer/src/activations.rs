//! What the frozen part of a network makes of every slice, computed once.
//!
//! Blocks that no stage trains give the same output each time they see a slice. Most of a network's work lies in its
//! first blocks, so a run that keeps their output trains several times as fast; the price is that a slice is changed in
//! a few ways only, not anew in every epoch.

use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::Scope;

use anyhow::{Context, anyhow};
use burn::tensor::Device;
use half::f16;
use indicatif::ParallelProgressIterator;
use networks::{Form, Network};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::batches::{Batch, Changes, Source};
use crate::recipe::Cache;
use crate::slices::progress_bar;

/// Batches waiting for the device at any time.
const AHEAD: usize = 3;

/// The input of the first block that is trained, for every slice.
pub struct Activations {
    /// That block.
    pub block: usize,
    /// Channels, height and width.
    shape: [usize; 3],
    /// The training slices, changed in as many ways as there are entries.
    train: Vec<Kept>,
    validation: Kept,
}

/// The values of a slice in the order of the shape, and its label after the changes.
type Slice = (Vec<f16>, usize);
/// By index of the record.
type Kept = Vec<Option<Slice>>;

/// The frozen blocks, and what they are shown.
#[derive(Clone, Copy)]
pub struct Frozen<'a> {
    /// Without gradients.
    pub network: &'a Network,
    /// The first block that is not run.
    pub block: usize,
    /// At the input's size.
    pub source: Source<'a>,
    /// Where the network lies.
    pub device: &'a Device,
}

impl Activations {
    /// Runs every slice through the frozen blocks on all cores, the training slices as often as `cache` says.
    ///
    /// # Errors
    /// The device can't be read.
    pub fn compute(
        frozen: Frozen<'_>,
        cache: &Cache,
        (train, validation): (&[usize], &[usize]),
        changes: Changes<'_>,
        seed: u64,
    ) -> anyhow::Result<Self> {
        let (validation, shape) = frozen.run(validation, None, seed)?;
        let variant = |number: usize| frozen.run(train, Some(changes), seed.wrapping_add(number as u64 + 1));
        let variants = (0..cache.variants).map(variant).collect::<anyhow::Result<Vec<_>>>()?;
        let train = variants.into_iter().map(|(kept, _)| kept).collect();
        Ok(Self { block: frozen.block, shape, train, validation })
    }

    /// Bytes that are kept in memory.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let slices = self.train.iter().chain([&self.validation]).flatten().flatten().count();
        slices * self.shape.iter().product::<usize>() * size_of::<f16>()
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
        let kept = &self.train[epoch % self.train.len()];
        scope.spawn(move || {
            for chunk in order.chunks(size).filter(|chunk| 2 * chunk.len() >= size) {
                if sender.send(self.batch(kept, chunk)).is_err() {
                    return; // The receiver is gone: training has stopped.
                }
            }
        });
        receiver
    }

    /// The validation slices at `indices`, in order.
    pub fn validation<'a>(&'a self, indices: &'a [usize], size: usize) -> impl Iterator<Item = Batch> + 'a {
        indices.chunks(size).map(|chunk| self.batch(&self.validation, chunk))
    }

    fn batch(&self, kept: &Kept, chunk: &[usize]) -> Batch {
        let mut batch = Batch { shape: self.shape, values: Vec::new(), labels: Vec::with_capacity(chunk.len()) };
        for (values, label) in chunk.iter().filter_map(|&index| kept[index].as_ref()) {
            batch.values.extend(values.iter().map(|value| value.to_f32()));
            batch.labels.push(*label);
        }
        batch
    }
}

impl Frozen<'_> {
    /// What is kept of the records at `indices`, and the shape of the values.
    fn run(&self, indices: &[usize], changes: Option<Changes<'_>>, seed: u64) -> anyhow::Result<(Kept, [usize; 3])> {
        let chunks: Vec<&[usize]> = indices.chunks(self.source.size).collect();
        let bar = progress_bar(chunks.len(), "running the frozen blocks");
        let done: Vec<_> = chunks
            .par_iter()
            .progress_with(bar)
            .enumerate()
            .map(|(number, chunk)| self.chunk(chunk, changes, seed ^ ((number as u64 + 1) << 32)))
            .collect::<anyhow::Result<_>>()?;
        let shape = done.first().context("there is no slice to run through the frozen blocks")?.1;
        let mut kept: Kept = vec![None; self.source.labels.len()];
        for (&index, slice) in indices.iter().zip(done.into_iter().flat_map(|(slices, _)| slices)) {
            kept[index] = Some(slice);
        }
        Ok((kept, shape))
    }

    /// As [`Frozen::run`], one batch.
    fn chunk(
        &self,
        chunk: &[usize],
        changes: Option<Changes<'_>>,
        seed: u64,
    ) -> anyhow::Result<(Vec<Slice>, [usize; 3])> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let batch = self.source.collect(chunk, |index, pixels, label| match changes {
            Some(changes) => changes.apply(index, pixels, label, &mut random),
            None => (pixels.to_vec(), label),
        });
        let features = self.network.forward_to(self.block, batch.images(Form::Trainable.channels(), self.device));
        let [_, channels, height, width] = features.dims();
        let values: Vec<f32> =
            features.into_data().try_to_vec().map_err(|error| anyhow!("cannot read the device: {error:?}"))?;
        let halved = |values: &[f32]| values.iter().map(|&value| f16::from_f32(value)).collect();
        let slices = values.chunks_exact((channels * height * width).max(1)).zip(batch.labels);
        Ok((slices.map(|(values, label)| (halved(values), label)).collect(), [channels, height, width]))
    }
}
