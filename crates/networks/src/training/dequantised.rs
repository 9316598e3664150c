//! A weights file's tensors for Burn's modules.

use std::collections::BTreeMap;

use crate::NamedTensor;

/// The tensors of a weights file as a network of Burn's modules takes them: dequantised.
#[must_use]
pub fn network_tensors(tensors: BTreeMap<String, weights::Tensor>) -> BTreeMap<String, NamedTensor> {
    let dequantise = |tensor: weights::Tensor| NamedTensor { values: tensor.to_f32(), shape: tensor.shape };
    tensors.into_iter().map(|(name, tensor)| (name, dequantise(tensor))).collect()
}
