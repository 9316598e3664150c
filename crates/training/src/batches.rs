//! Slices to training batches: shuffled, augmented, prepared ahead of the device.

use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::Scope;

use burn::tensor::{Device, Tensor, TensorData};
use image::GrayImage;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use scans::Slices;

use crate::augment::Warp;
use crate::copy_paste::CopyPaste;
use crate::map_targets::{MapTargets, Place};
use crate::others::{Others, Places, Truth};
use crate::recipe::Augmentation;
use crate::sampler::Draw;

/// Batches waiting for the device at any time.
const AHEAD: usize = 3;

/// Some slices and their labels, on the way to a device.
pub struct Batch {
    /// Channels, height and width.
    pub shape: [usize; 3],
    /// Slice by slice, each in the order of `shape`.
    pub values: Vec<f32>,
    /// Class indices of the data set's slices, which come first.
    pub labels: Vec<usize>,
    /// What is known of slices of other sources, which follow.
    pub others: Vec<Truth>,
    /// What a map is taught of all of them.
    pub targets: Option<MapTargets>,
}

impl Batch {
    /// Slices of the data set alone.
    #[must_use]
    pub fn new(shape: [usize; 3], values: Vec<f32>, labels: Vec<usize>) -> Self {
        Self { shape, values, labels, others: Vec::new(), targets: None }
    }

    /// Every slice as a picture, with its label.
    #[must_use]
    pub(crate) fn pictures(&self) -> Vec<(GrayImage, usize)> {
        let byte = |value: &f32| ((value + 1.0) * 127.5).round() as u8;
        let [_, height, width] = self.shape;
        let picture =
            |pixels: &[f32]| GrayImage::from_raw(width as u32, height as u32, pixels.iter().map(byte).collect());
        let slices = self.values.chunks_exact((height * width).max(1)).zip(&self.labels);
        slices.filter_map(|(pixels, &label)| Some((picture(pixels)?, label))).collect()
    }

    /// `[batch, channels, side, side]`: the grey slice repeated over the channels.
    #[must_use]
    pub(crate) fn images(&self, channels: usize, device: &Device) -> Tensor<4> {
        self.tensor(device).repeat_dim(1, channels)
    }

    /// `[batch, channels, height, width]`: the values as they are.
    #[must_use]
    pub(crate) fn tensor(&self, device: &Device) -> Tensor<4> {
        let [channels, height, width] = self.shape;
        let shape = [self.labels.len() + self.others.len(), channels, height, width];
        Tensor::from_data(TensorData::new(self.values.clone(), shape), device)
    }
}

/// Where batches come from.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// The prepared slices.
    pub slices: &'a Slices,
    /// The label of every record.
    pub labels: &'a [usize],
    /// Slices in a batch.
    pub size: usize,
    /// What a map is taught, where there is one.
    pub map: Option<MapTask<'a>>,
}

/// What a map is taught.
#[derive(Clone, Copy)]
pub struct MapTask<'a> {
    /// Where tumours are.
    pub places: &'a Places,
    /// Rows and columns of the map.
    pub side: usize,
    /// Slices of other sources, and how many of them are added to a batch.
    pub others: Option<(&'a Others, usize)>,
}

/// A slice as training sees it.
pub struct Changed {
    pixels: Vec<f32>,
    label: usize,
    warp: Warp,
    /// Whether a tumour was put in or taken out, so that its outline is no longer true.
    grafted: bool,
}

/// What is done to slices on their way to training.
#[derive(Clone, Copy)]
pub struct Changes<'a> {
    /// Where tumours are put in and taken out.
    pub grafts: Option<&'a CopyPaste<'a>>,
    /// What is done to every slice after that.
    pub augmentation: Augmentation,
}

impl Changes<'_> {
    /// A changed slice, and the label it has then.
    pub fn apply(&self, index: usize, pixels: &[f32], label: usize, random: &mut ChaCha8Rng) -> (Vec<f32>, usize) {
        let Changed { pixels, label, .. } = self.change(index, pixels, label, random);
        (pixels, label)
    }

    /// As [`Changes::apply`], with how its pixels moved.
    pub fn change(&self, index: usize, pixels: &[f32], label: usize, random: &mut ChaCha8Rng) -> Changed {
        let side = pixels.len().isqrt();
        let graft = self.grafts.and_then(|grafts| grafts.graft(index, label, random));
        let grafted = graft.is_some();
        let (before, label) = graft.map_or((None, label), |(pixels, label)| (Some(pixels), label));
        let (pixels, warp) = self.augmentation.apply(before.as_deref().unwrap_or(pixels), side, random);
        Changed { pixels, label, warp, grafted }
    }
}

/// The chance that one slice meets. It follows from the seed and a number of the slice alone, so that slices can be changed
/// on any number of threads, in any order.
#[must_use]
pub fn chance(seed: u64, number: usize) -> ChaCha8Rng {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    // The stream 0 is that of the order in which slices are drawn.
    random.set_stream(number as u64 + 1);
    random
}

impl<'a> Source<'a> {
    /// The records of `chunk` as they are.
    #[must_use]
    pub(crate) fn unchanged(&self, chunk: &[usize]) -> Batch {
        let unchanged =
            |_, _, pixels: &[f32], label| Changed { pixels: pixels.to_vec(), label, warp: Warp::NONE, grafted: false };
        self.collect(chunk, unchanged)
    }

    /// The records at `indices` in an order and with changes that follow from `seed`, made on a thread of `scope` with the
    /// help of all cores.
    ///
    /// A last batch smaller than half of the size is left out: its batch statistics would be poor.
    pub(crate) fn shuffled<'scope>(
        self,
        indices: &'a [usize],
        draw: &'scope Draw,
        changes: Changes<'a>,
        seed: u64,
        scope: &'scope Scope<'scope, 'a>,
    ) -> Receiver<Batch> {
        let (sender, receiver) = sync_channel(AHEAD);
        scope.spawn(move || {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            let order = draw.order(indices, self.labels, &mut random);
            for (number, chunk) in order.chunks(self.size).enumerate().filter(|(_, chunk)| 2 * chunk.len() >= self.size)
            {
                let mut batch = self.collect(chunk, |place, index, pixels, label| {
                    changes.change(index, pixels, label, &mut chance(seed, number * self.size + place))
                });
                self.add_others(&mut batch, &changes.augmentation, number, &mut chance(!seed, number));
                if sender.send(batch).is_err() {
                    return; // The receiver is gone: training has stopped.
                }
            }
        });
        receiver
    }

    /// How many batches [`Source::shuffled`] gives.
    #[must_use]
    pub(crate) fn steps(&self, indices: &[usize]) -> usize {
        indices.chunks(self.size).filter(|chunk| 2 * chunk.len() >= self.size).count()
    }

    /// The records of `chunk`, each changed by what is told its place in the chunk, its index, pixels and label.
    pub(crate) fn collect(
        &self,
        chunk: &[usize],
        change: impl Fn(usize, usize, &[f32], usize) -> Changed + Sync,
    ) -> Batch {
        let changed = |(place, &index): (usize, &usize)| {
            let slice = self.slices.get(index)?;
            Some((index, change(place, index, slice.pixels(), self.labels[index])))
        };
        let changed: Vec<_> = chunk.par_iter().enumerate().filter_map(changed).collect();
        let side = changed.first().map_or(0, |(_, changed)| changed.pixels.len().isqrt());
        let mut batch = Batch::new([1, side, side], Vec::new(), Vec::with_capacity(chunk.len()));
        batch.targets = self.map.map(|map| MapTargets::new(map.side));
        for (index, Changed { pixels, label, warp, grafted }) in changed {
            batch.values.extend(pixels);
            batch.labels.push(label);
            if let (Some(map), Some(targets)) = (self.map, &mut batch.targets) {
                let place = if grafted { &Place::Unknown } else { map.places.of_record(index) };
                targets.push(place, &warp);
            }
        }
        batch
    }

    /// Adds slices of other sources, changed as all are, to the batch of a step.
    fn add_others(&self, batch: &mut Batch, augmentation: &Augmentation, step: usize, random: &mut ChaCha8Rng) {
        let (Some((others, count)), Some(targets)) = (self.map.and_then(|map| map.others), &mut batch.targets) else {
            return;
        };
        for other in others.draw(count, step, random) {
            let (pixels, warp) = augmentation.apply(other.slice.pixels(), other.slice.size() as usize, random);
            batch.values.extend(pixels);
            batch.others.push(other.truth);
            targets.push(&other.place, &warp);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::made;

    /// The batches of an epoch, made with the help of so many threads.
    fn batches(slices: &Slices, threads: usize) -> Vec<(Vec<f32>, Vec<usize>)> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let (labels, indices) = ([0, 1, 0, 1, 0, 1, 0], [0, 1, 2, 3, 4, 5, 6]);
        let source = Source { slices, labels: &labels, size: 3, map: None };
        let augmentation = Augmentation { flip: true, shift: 0.1, noise: 0.1, ..Augmentation::default() };
        let changes = Changes { grafts: None, augmentation };
        let draw = Draw::new(&BTreeMap::new(), &[]).unwrap();
        let order = draw.order(&indices, &labels, &mut ChaCha8Rng::seed_from_u64(5));
        let made = |chunk: &[usize]| {
            let change = |_, index, pixels: &[f32], label| changes.change(index, pixels, label, &mut chance(5, index));
            pool.install(|| source.collect(chunk, change))
        };
        order.chunks(3).map(made).map(|batch| (batch.values, batch.labels)).collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_batches_on_any_number_of_threads() {
        let slices = made::slices(7, 24);
        assert_eq!(batches(&slices, 1), batches(&slices, 3));
    }

    #[test]
    fn every_slice_of_an_epoch_meets_a_chance_of_its_own() {
        let slices = made::slices(1, 24);
        let source = Source { slices: &slices, labels: &[0], size: 4, map: None };
        let augmentation = Augmentation { noise: 0.1, ..Augmentation::default() };
        let changes = Changes { grafts: None, augmentation };
        let batch = source.collect(&[0, 0], |place, index, pixels, label| {
            changes.change(index, pixels, label, &mut chance(5, place))
        });
        assert_ne!(batch.values[..24 * 24], batch.values[24 * 24..]);
    }
}
