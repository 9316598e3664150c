//! What a network in training's form says of records, and what that is worth.

use burn::tensor::Device;
use burn::tensor::activation::softmax;
use dataset::Dataset;
use metrics::Predictions;
use networks::{Form, Network};

use crate::batches::Source;
use crate::logits::rows;
use crate::slices::progress_bar;

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
    let mut probabilities = Vec::with_capacity(indices.len());
    for batch in source.in_order(indices) {
        let logits = network.forward(batch.images(Form::Trainable.channels(), device));
        probabilities.extend(rows(softmax(logits, 1))?);
        bar.inc(batch.labels.len() as u64);
    }
    bar.finish_and_clear();
    Ok(probabilities)
}

/// Probabilities of the records at `indices` beside their truth, and with the clusters that are drawn together.
///
/// # Errors
/// There is nothing to measure, or a row is no distribution.
pub fn against_truth(
    dataset: &Dataset,
    indices: &[usize],
    probabilities: &[impl AsRef<[f32]>],
) -> anyhow::Result<Predictions> {
    let truth: Vec<usize> = indices.iter().map(|&index| dataset.records[index].label).collect();
    let all_clusters = dataset::clusters(dataset);
    let clusters: Vec<usize> = indices.iter().map(|&index| all_clusters[index]).collect();
    Ok(Predictions::new(&dataset.classes, &truth, probabilities, &clusters)?)
}
