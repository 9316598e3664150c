//! What a network in training's form says of records.

use burn::tensor::Device;
use burn::tensor::activation::softmax;
use networks::{Form, Network};
use rayon::prelude::*;
use scans::progress_bar;

use crate::batches::Source;
use crate::logits::rows;

/// The probabilities of the records at `indices`, a row each. Every one of them must have been readable.
///
/// # Errors
/// The device can't be read.
pub fn probabilities(
    network: &Network,
    source: Source<'_>,
    indices: &[usize],
    device: &Device,
) -> anyhow::Result<Vec<Vec<f32>>> {
    let bar = progress_bar(indices.len(), "classifying");
    let batches = in_batches(indices, source.size, device, |chunk| {
        let logits = network.forward(source.unchanged(chunk).images(Form::Trainable.channels(), device));
        bar.inc(chunk.len() as u64);
        rows(softmax(logits, 1))
    })?;
    bar.finish_and_clear();
    Ok(batches.concat())
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
