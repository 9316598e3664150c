//! What a network in training's form says of records.

use burn::tensor::Device;
use burn::tensor::activation::{sigmoid, softmax};
use networks::{Answers, Form, Network};
use rayon::prelude::*;
use scans::progress_bar;

use crate::batches::Source;
use crate::logits::rows;

/// What a network says of a record.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// One a class.
    pub probabilities: Vec<f32>,
    /// Where there is evidence, row by row, 0 to 1, of a network that says so.
    pub map: Option<Vec<f32>>,
}

/// What a network says of the records at `indices`. Every one of them must have been readable.
///
/// # Errors
/// The device can't be read.
pub fn predict(network: &Network, source: Source<'_>, indices: &[usize], device: &Device) -> anyhow::Result<Vec<Said>> {
    let bar = progress_bar(indices.len(), "classifying");
    let batches = in_batches(indices, source.size, device, |chunk| {
        let images = source.unchanged(chunk).images(Form::Trainable.channels(), device);
        let Answers { logits, map, .. } = network.answers(images);
        bar.inc(chunk.len() as u64);
        let maps = map.map(|map| rows(sigmoid(map).flatten(1, 3))).transpose()?;
        let map = |index: usize| maps.as_ref().map(|maps| maps[index].clone());
        let rows = rows(softmax(logits, 1))?.into_iter().enumerate();
        Ok(rows.map(|(index, probabilities)| Said { probabilities, map: map(index) }).collect::<Vec<_>>())
    })?;
    bar.finish_and_clear();
    Ok(batches.into_iter().flatten().collect())
}

/// What `work` makes of the records at `indices`, batch by batch of `size`, in their order. On the processor the batches
/// are divided among the cores, since one forward pass keeps no more than one busy.
///
/// # Errors
/// Those of `work`.
pub fn in_batches<T: Send>(
    indices: &[usize],
    size: usize,
    device: &Device,
    work: impl Fn(&[usize]) -> anyhow::Result<T> + Send + Sync,
) -> anyhow::Result<Vec<T>> {
    // Only what has a driver has an identity.
    match device.identity() {
        None => indices.par_chunks(size).map(work).collect(),
        Some(_) => indices.chunks(size).map(work).collect(),
    }
}
