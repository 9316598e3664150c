//! The layers both networks are made of, packed.

use crate::KernelError;
use crate::features::Features;
use crate::lanes::{Eight, LANES};
use crate::product::{Finish, Scratch, Weights, multiply};
use crate::source::{Source, Taps};
use crate::tensors::Tensors;

/// The weights of a `size` x `size` convolution over all channels.
pub(crate) fn convolution<T>(
    tensors: &mut Tensors<T>,
    layer: &str,
    [inputs, outputs]: [usize; 2],
    size: usize,
) -> Result<Weights, KernelError> {
    let kernel = tensors.take(&format!("{layer}.kernel"), &[outputs, inputs, size, size])?;
    let bias = tensors.take(&format!("{layer}.bias"), &[outputs])?;
    let taps = size * size;
    // The grey image has one channel, so its depth is the taps alone.
    let group = LANES.min(inputs);
    let weight = |output: usize, step: usize| {
        let (block, tap, lane) = (step / (group * taps), step / group % taps, step % group);
        let channel = block * group + lane;
        if channel < inputs { kernel[(output * inputs + channel) * taps + tap] } else { 0.0 }
    };
    Ok(Weights::pack(&bias, inputs * taps, weight))
}

/// A depthwise 3x3 convolution and the 1x1 convolution after it.
#[derive(Debug)]
pub(crate) struct Separable {
    taps: Vec<Taps>,
    pointwise: Weights,
}

impl Separable {
    pub(crate) fn take<T>(
        tensors: &mut Tensors<T>,
        layer: &str,
        [inputs, outputs]: [usize; 2],
    ) -> Result<Self, KernelError> {
        let depthwise = tensors.take(&format!("{layer}.depthwise_kernel"), &[inputs, 1, 3, 3])?;
        let pointwise = tensors.take(&format!("{layer}.pointwise_kernel"), &[outputs, inputs])?;
        let bias = tensors.take(&format!("{layer}.bias"), &[outputs])?;
        let tap = |channels: &[f32], tap: usize| Eight(std::array::from_fn(|lane| channels[lane * 9 + tap]));
        let taps = depthwise.chunks_exact(9 * LANES).map(|channels| std::array::from_fn(|index| tap(channels, index)));
        Ok(Self { taps: taps.collect(), pointwise: Weights::pack_matrix(&bias, &pointwise) })
    }

    /// Gives `target` its shape, unless the sums are added to what it holds.
    pub(crate) fn run(
        &self,
        features: &Features,
        rectified: bool,
        target: &mut Features,
        finish: Finish,
        scratch: &mut Scratch,
    ) {
        target.reshape(self.pointwise.outputs(), features.height(), features.width());
        let source = Source::Depthwise { features, taps: &self.taps, relu: !rectified };
        multiply(source, &self.pointwise, target, finish, scratch);
    }
}
