//! Logits and probabilities as rows of numbers.

use burn::tensor::Tensor;

/// A matrix as rows.
///
/// # Errors
/// The device could not be read back.
pub fn rows(matrix: Tensor<2>) -> anyhow::Result<Vec<Vec<f32>>> {
    let columns = matrix.dims()[1];
    let values: Vec<f32> =
        matrix.into_data().try_to_vec().map_err(|error| anyhow::anyhow!("cannot read the device: {error}"))?;
    Ok(values.chunks(columns).map(<[f32]>::to_vec).collect())
}

/// The index of a row's largest value.
#[must_use]
pub fn largest(row: &[f32]) -> usize {
    (0..row.len()).max_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap_or(0)
}
