//! Predictions beside the truth.

use dataset::Dataset;
use metrics::Predictions;

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
