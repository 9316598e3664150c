//! From the tensors of a trained network to those of its inference form.
//!
//! Batch normalisation after a convolution is a scale and a shift of each output channel. At inference both are
//! constants: the scale goes into the kernel, the shift becomes a bias. A grey slice repeated three times meets the sum
//! of the first kernel over its input channels, so that kernel needs one.

use std::collections::BTreeMap;

use crate::keras::FIRST_KERNEL;
use crate::layers::NORM_EPSILON;
use crate::{NamedTensor, NetworkError};

type Tensors = BTreeMap<String, NamedTensor>;

/// Folds batch normalisation into kernels and biases, and the first convolution to one grey channel.
///
/// Takes the tensors of a [`crate::Form::Trainable`] network and gives those of a [`crate::Form::Folded`] one.
///
/// # Errors
/// A normalisation lacks one of its four tensors, or its length is not the kernel's number of output channels.
pub fn fold(tensors: &Tensors) -> Result<Tensors, NetworkError> {
    let mut folded = Tensors::new();
    for (name, tensor) in tensors {
        let Some((layer, parameter)) = name.rsplit_once('.') else { continue };
        match parameter {
            "kernel" | "pointwise_kernel" => fold_layer(tensors, layer, name, tensor, &mut folded)?,
            "bias" | "depthwise_kernel" => {
                folded.insert(name.clone(), tensor.clone());
            }
            _ => {}
        }
    }
    Ok(folded)
}

fn fold_layer(
    tensors: &Tensors,
    layer: &str,
    name: &str,
    kernel: &NamedTensor,
    folded: &mut Tensors,
) -> Result<(), NetworkError> {
    let mut kernel = kernel.clone();
    let norm = norm_of(layer);
    if tensors.contains_key(&format!("{norm}.gamma")) {
        let channels = kernel.shape.first().copied().unwrap_or(0);
        let (scale, shift) = scale_and_shift(tensors, &norm, channels)?;
        scale_channels(&mut kernel, &scale);
        folded.insert(format!("{layer}.bias"), NamedTensor { shape: vec![channels], values: shift });
    }
    if name == FIRST_KERNEL {
        kernel = sum_input_channels(&kernel);
    }
    folded.insert(name.to_owned(), kernel);
    Ok(())
}

/// Keras names a normalisation after its layer, but for the shortcuts: `conv2d_1` has `batch_normalization_1`.
fn norm_of(layer: &str) -> String {
    match layer.strip_prefix("conv2d") {
        Some(suffix) => format!("batch_normalization{suffix}"),
        None => format!("{layer}_bn"),
    }
}

fn scale_and_shift(tensors: &Tensors, norm: &str, channels: usize) -> Result<(Vec<f32>, Vec<f32>), NetworkError> {
    let vector = |parameter| vector(tensors, &format!("{norm}.{parameter}"), channels);
    let (gamma, beta) = (vector("gamma")?, vector("beta")?);
    let (mean, variance) = (vector("moving_mean")?, vector("moving_variance")?);
    let scale: Vec<f64> = gamma
        .iter()
        .zip(variance)
        .map(|(&gamma, &variance)| f64::from(gamma) / (f64::from(variance) + NORM_EPSILON).sqrt())
        .collect();
    let shift = scale
        .iter()
        .zip(beta.iter().zip(mean))
        .map(|(scale, (&beta, &mean))| (f64::from(beta) - f64::from(mean) * scale) as f32)
        .collect();
    Ok((scale.into_iter().map(|scale| scale as f32).collect(), shift))
}

fn vector<'a>(tensors: &'a Tensors, name: &str, length: usize) -> Result<&'a [f32], NetworkError> {
    let tensor = tensors.get(name).ok_or_else(|| NetworkError::Missing {
        name: name.to_owned(),
        architecture: "folding of batch normalisation".to_owned(),
    })?;
    if tensor.values.len() != length {
        return Err(NetworkError::Shape { name: name.to_owned(), found: tensor.shape.clone(), expected: vec![length] });
    }
    Ok(&tensor.values)
}

fn scale_channels(kernel: &mut NamedTensor, scale: &[f32]) {
    let length = kernel.values.len() / scale.len().max(1);
    for (channel, &scale) in kernel.values.chunks_mut(length.max(1)).zip(scale) {
        for weight in channel {
            *weight *= scale;
        }
    }
}

/// `[out, in, height, width]` to `[out, 1, height, width]`.
fn sum_input_channels(kernel: &NamedTensor) -> NamedTensor {
    let &[output, input, height, width] = kernel.shape.as_slice() else { return kernel.clone() };
    let area = height * width;
    let mut values = vec![0.0; output * area];
    for (index, weight) in kernel.values.iter().enumerate() {
        let (channel, pixel) = (index / (input * area), index % area);
        values[channel * area + pixel] += weight;
    }
    NamedTensor { shape: vec![output, 1, height, width], values }
}
