//! From a folded network to int8 kernels.

use std::collections::BTreeMap;

use networks::NamedTensor;
use serde::Serialize;
use weights::Tensor;

use crate::gptq;
use crate::hessian::Hessian;

/// How kernels were rounded, for the report.
#[derive(Debug, Clone, Serialize)]
pub struct Rounding {
    /// The method.
    method: &'static str,
    /// Slices of the training part that it looked at.
    calibration_slices: usize,
}

type Tensors = BTreeMap<String, NamedTensor>;

impl Rounding {
    /// What [`round`] does.
    #[must_use]
    pub fn by_gptq(calibration_slices: usize) -> Self {
        Self { method: "GPTQ (Frantar et al. 2023)", calibration_slices }
    }
}

/// Kernels to int8 by the Hessians of their inputs, the head's to the nearest level, biases as they are.
///
/// A slice gives the head one input, too few to know its Hessian by; rounding it costs next to nothing.
///
/// # Errors
/// A tensor has an impossible shape, or a value that is no number.
pub fn round(folded: Tensors, hessians: &BTreeMap<String, Hessian>) -> anyhow::Result<BTreeMap<String, Tensor>> {
    let mut tensors = BTreeMap::new();
    for (name, NamedTensor { shape, values }) in folded {
        let tensor = match hessians.get(&name) {
            Some(hessian) => gptq::quantise(&shape, &values, hessian)?,
            None if name.ends_with("kernel") => weights::quantise(&shape, &values)?,
            None => Tensor::float(shape, values),
        };
        tensors.insert(name, tensor);
    }
    Ok(tensors)
}

/// Moves the magnitude of a separable convolution's channels from its pointwise kernel to its depthwise one.
///
/// Nothing lies between the two, so a channel can be `f` times as large in one and `f` times as small in the other.
/// Rounding a depthwise kernel has a scale for each channel and does not mind; a pointwise kernel has one scale for all
/// of an output's input channels, and is rounded best where these are equally large.
#[must_use]
pub fn equalised(mut folded: Tensors) -> Tensors {
    let layers: Vec<String> =
        folded.keys().filter_map(|name| name.strip_suffix(".pointwise_kernel")).map(str::to_owned).collect();
    for layer in layers {
        let Some(pointwise) = folded.get_mut(&format!("{layer}.pointwise_kernel")) else { continue };
        let factors = equalise_columns(pointwise);
        let Some(depthwise) = folded.get_mut(&format!("{layer}.depthwise_kernel")) else { continue };
        let area = depthwise.values.len() / factors.len().max(1);
        for (channel, factor) in depthwise.values.chunks_mut(area.max(1)).zip(factors) {
            for weight in channel {
                *weight *= factor;
            }
        }
    }
    folded
}

/// Divides every column of a matrix by its largest magnitude, and returns what it was divided by.
fn equalise_columns(matrix: &mut NamedTensor) -> Vec<f32> {
    let columns = matrix.shape.get(1).copied().unwrap_or(1);
    let mut factors = vec![0.0_f32; columns];
    for row in matrix.values.chunks(columns) {
        for (factor, weight) in factors.iter_mut().zip(row) {
            *factor = factor.max(weight.abs());
        }
    }
    for factor in &mut factors {
        // A column of zeros stays as it is.
        *factor = if factor.is_normal() { *factor } else { 1.0 };
    }
    for row in matrix.values.chunks_mut(columns) {
        for (weight, factor) in row.iter_mut().zip(&factors) {
            *weight /= factor;
        }
    }
    factors
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use networks::{Architecture, Form};

    use super::*;
    use crate::{agreement, generated};

    #[test]
    fn equalising_keeps_every_value_of_every_stage_and_gives_pointwise_kernels_one_magnitude() {
        let trained = generated::tensors(Architecture::Xception);
        let equal = equalised(graph::fold(&Architecture::Xception.graph(4), &trained).unwrap());
        let stages = |form, tensors| {
            let network = generated::network(Architecture::Xception, form, tensors);
            generated::stages(&network, form, generated::images(71, &Device::flex()))
        };
        let (expected, found) = (stages(Form::Trainable, &trained), stages(Form::Folded, &equal));
        assert_eq!(found.len(), expected.len());
        for ((name, side, found), (expected_name, _, expected)) in found.iter().zip(&expected) {
            assert_eq!(name, expected_name);
            agreement::assert_close(name, found, expected, *side);
        }
        for (name, NamedTensor { shape, values }) in equal.iter().filter(|(name, _)| name.contains("pointwise")) {
            let largest =
                |column| values.iter().skip(column).step_by(shape[1]).fold(0.0_f32, |most, w| most.max(w.abs()));
            assert!((0..shape[1]).all(|column| (largest(column) - 1.0).abs() < 1e-6), "{name}");
        }
    }
}
