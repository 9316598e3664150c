//! Keras's names of Xception's tensors to those of timm's `legacy_xception`.

use std::collections::BTreeMap;

use anyhow::Context;
use graph::NORM_EPSILON;
use networks::NamedTensor;

/// PyTorch's epsilon for batch normalisation, which timm leaves as it is.
const TORCH_EPSILON: f64 = 1e-5;
/// The modules with a 1x1 convolution beside them, in the order in which Keras numbers these.
const SHORTCUTS: [usize; 4] = [2, 3, 4, 13];

/// A trained Xception under timm's names, in PyTorch's layout `[out, in, height, width]`.
///
/// timm adds a smaller epsilon to variances than Keras does; the difference goes into the variances.
///
/// # Errors
/// A tensor belongs to no layer of Xception.
pub fn rename(tensors: &BTreeMap<String, NamedTensor>) -> anyhow::Result<BTreeMap<String, NamedTensor>> {
    tensors.iter().map(|(keras, tensor)| Ok((name(keras)?, in_torch_form(keras, tensor.clone())))).collect()
}

fn in_torch_form(keras: &str, mut tensor: NamedTensor) -> NamedTensor {
    if keras.ends_with(".pointwise_kernel") {
        tensor.shape.resize(4, 1);
    }
    if keras.ends_with(".moving_variance") {
        let gap = (NORM_EPSILON - TORCH_EPSILON) as f32;
        tensor.values.iter_mut().for_each(|variance| *variance += gap);
    }
    tensor
}

fn name(keras: &str) -> anyhow::Result<String> {
    let (layer, parameter) = keras.rsplit_once('.').with_context(|| unknown(keras))?;
    let module = match layer.strip_suffix("_bn") {
        Some(convolution) => norm_after(convolution),
        None => module(layer),
    };
    let parameter = match parameter {
        "kernel" | "gamma" => "weight",
        "bias" | "beta" => "bias",
        "depthwise_kernel" => "conv1.weight",
        "pointwise_kernel" => "pointwise.weight",
        "moving_mean" => "running_mean",
        "moving_variance" => "running_var",
        _ => anyhow::bail!(unknown(keras)),
    };
    Ok(format!("{}.{parameter}", module.with_context(|| unknown(keras))?))
}

fn unknown(keras: &str) -> String {
    format!("the tensor \"{keras}\" belongs to no layer of Xception")
}

/// Where a layer of Keras's lies in timm's network.
fn module(layer: &str) -> Option<String> {
    if layer == "predictions" {
        return Some("fc".to_owned());
    }
    if let Some(suffix) = layer.strip_prefix("conv2d") {
        return Some(format!("block{}.skip", shortcut(suffix)? - 1));
    }
    if let Some(suffix) = layer.strip_prefix("batch_normalization") {
        return Some(format!("block{}.skipbn", shortcut(suffix)? - 1));
    }
    let (block, index) = place(layer)?;
    Some(match block {
        1 => format!("conv{index}"),
        14 => format!("conv{}", index + 2),
        _ => format!("block{}.rep.{}", block - 1, position(block, index)),
    })
}

/// The normalisation that follows a convolution.
fn norm_after(layer: &str) -> Option<String> {
    let (block, index) = place(layer)?;
    Some(match block {
        1 => format!("bn{index}"),
        14 => format!("bn{}", index + 2),
        _ => format!("block{}.rep.{}", block - 1, position(block, index) + 1),
    })
}

/// Keras's module beside which the shortcut of that suffix (none, `_1`, `_2`, `_3`) lies.
fn shortcut(suffix: &str) -> Option<usize> {
    let index = if suffix.is_empty() { 0 } else { suffix.strip_prefix('_')?.parse().ok()? };
    SHORTCUTS.get::<usize>(index).copied()
}

/// `block5_sepconv2` is convolution 2 of module 5.
fn place(layer: &str) -> Option<(usize, usize)> {
    let (block, rest) = layer.strip_prefix("block")?.split_once('_')?;
    let index = rest.strip_prefix("sepconv").or_else(|| rest.strip_prefix("conv"))?;
    Some((block.parse().ok()?, index.parse().ok()?))
}

/// Place of a convolution in timm's list of ReLU, convolution, normalisation. Module 2 has no ReLU at its start.
fn position(block: usize, index: usize) -> usize {
    if block == 2 { 3 * (index - 1) } else { 3 * (index - 1) + 1 }
}
