//! The kernel of a step, with its weights packed.

use graph::{Activation, Convolution, Graph, Op, Padding, Place, Step, Window};

use crate::KernelError;
use crate::features::Features;
use crate::gemm::{Epilogue, Scratch, Weights, multiply};
use crate::im2col::{Source, Spatial, Taps};
use crate::pool::{Windows, pool};
use crate::simd::{F32x8, LANES};
use crate::tensors::Tensors;

/// What a step of the plan runs.
#[derive(Debug)]
pub(crate) enum Layer {
    /// A 3x3 convolution of the image.
    Grey(Weights),
    /// A convolution of one pixel, at any stride.
    Pixels(Weights),
    /// A 3x3 convolution.
    Windows(Weights),
    /// A depthwise 3x3 convolution around every pixel and the 1x1 convolution after it.
    Separable(Vec<Taps>, Weights),
    /// A depthwise convolution of another size or stride, or with a bias, and the 1x1 convolution after it.
    Spatial(Spatial, Weights),
    /// The largest value of every window.
    MaxPool,
    /// The nearest value, at another size.
    Resize,
}

/// What a step reads.
#[derive(Clone, Copy)]
pub(crate) enum Input<'a> {
    /// A grey image of the given side.
    Image(&'a [f32], usize),
    /// What an earlier step wrote.
    Features(&'a Features),
}

impl Layer {
    /// Takes a step's tensors and packs them.
    pub(crate) fn take<T>(graph: &Graph, step: &Step, tensors: &mut Tensors<T>) -> Result<Self, KernelError> {
        let unsupported = |accepted: &str| graph.refuse(step.node, &format!("the CPU engine takes {accepted}"));
        let convolution = match &graph.nodes()[step.node].op {
            Op::Convolution(convolution) => convolution,
            Op::MaxPool(_) if step.input != Place::Image => return Ok(Self::MaxPool),
            Op::Resize if step.input != Place::Image => return Ok(Self::Resize),
            _ => return Err(unsupported("convolutions, max pools and resizing").into()),
        };
        check(step, convolution).map_err(&unsupported)?;
        let mut weights = |convolution| take(tensors, convolution, step.from.channels);
        match step.depthwise.map(|node| &graph.nodes()[node].op) {
            Some(Op::Convolution(depthwise)) => {
                check_depthwise(step, depthwise).map_err(unsupported)?;
                let weights = weights(convolution)?;
                if is_separable(step, depthwise) {
                    return Ok(Self::Separable(take_taps(tensors, depthwise)?, weights));
                }
                Ok(Self::Spatial(take_spatial(tensors, depthwise)?, weights))
            }
            _ if step.input == Place::Image => Ok(Self::Grey(weights(convolution)?)),
            _ if convolution.window.size == 1 => Ok(Self::Pixels(weights(convolution)?)),
            _ => Ok(Self::Windows(weights(convolution)?)),
        }
    }

    /// Writes a step's output into `target`, or adds to what it holds where the step adds.
    pub(crate) fn run(
        &self,
        step: &Step,
        graph: &Graph,
        input: Input<'_>,
        target: &mut Features,
        scratch: &mut Scratch,
    ) {
        target.reshape(step.to.channels, step.to.height, step.to.width);
        if let (Self::Resize, Input::Features(features)) = (self, input) {
            return features.resize_into(target);
        }
        // The window that moves over the input.
        let first = &graph.nodes()[step.depthwise.unwrap_or(step.node)].op;
        let (Op::Convolution(Convolution { window, .. }) | Op::MaxPool(window)) = first else { return };
        let (Some(rows), Some(columns)) = (window.on(step.from.height), window.on(step.from.width)) else { return };
        let &Window { size, stride, .. } = window;
        let epilogue = Epilogue { add: step.added.is_some(), activation: step.activation };
        let (source, weights) = match (self, input) {
            (Self::MaxPool, Input::Features(features)) => {
                return pool(Windows { size, stride, rows, columns }, features, target);
            }
            (Self::Grey(weights), Input::Image(image, side)) => {
                (Source::Grey { image, side, stride, before: rows.before }, weights)
            }
            (Self::Pixels(weights), Input::Features(features)) => (Source::Pixels { features, stride }, weights),
            (Self::Windows(weights), Input::Features(features)) => {
                (Source::Windows { features, padded: rows.before > 0 }, weights)
            }
            (Self::Separable(taps, weights), Input::Features(features)) => {
                (Source::Depthwise { features, taps, relu: step.before == Activation::Relu }, weights)
            }
            (Self::Spatial(kernel, weights), Input::Features(features)) => {
                let before = [rows.before, columns.before];
                (Source::Spatial { features, kernel, stride, before, activation: step.middle }, weights)
            }
            _ => return debug_assert!(false, "the plan gives {self:?} another input"),
        };
        multiply(source, weights, target, epilogue, scratch);
    }
}

/// Whether there is a kernel for a convolution; else what is taken.
fn check(step: &Step, convolution: &Convolution) -> Result<(), &'static str> {
    let Window { size, stride, padding } = convolution.window;
    let (of_image, channels) = (step.input == Place::Image, step.from.channels);
    let is_plain = convolution.groups == 1 && convolution.bias && !matches!(padding, Padding::Explicit { .. });
    let fits = if of_image { size == 3 && channels == 1 } else { size == 1 || size == 3 && stride == 1 };
    if !is_plain || !fits {
        return Err("convolutions of 1x1 and, at a stride of 1 or of the image, 3x3, over all channels, with a bias");
    }
    if !of_image && !channels.is_multiple_of(LANES) {
        return Err("channels to convolve in eights");
    }
    if step.before != Activation::None && step.depthwise.is_none() {
        return Err("activations before depthwise convolutions alone");
    }
    Ok(())
}

/// Whether there is a kernel for a depthwise convolution; else what is taken.
fn check_depthwise(step: &Step, depthwise: &Convolution) -> Result<(), &'static str> {
    if step.input == Place::Image {
        return Err("an image's convolution over all channels");
    }
    let is_read_as_it_is = step.before == Activation::None;
    if is_read_as_it_is || step.before == Activation::Relu && is_separable(step, depthwise) {
        return Ok(());
    }
    Err("ReLU before depthwise convolutions of 3x3 with the same padding, without bias")
}

/// Whether a depthwise convolution is that of a separable one: 3x3 around every pixel, and nothing after it.
fn is_separable(step: &Step, depthwise: &Convolution) -> bool {
    depthwise.window == Window::same(3) && !depthwise.bias && step.middle == Activation::None
}

/// A convolution's weights, `size` x `size` over all channels.
fn take<T>(tensors: &mut Tensors<T>, convolution: &Convolution, inputs: usize) -> Result<Weights, KernelError> {
    let mut kernel = tensors.take(&convolution.kernel(), &convolution.kernel_shape(inputs))?;
    let mut bias = tensors.take(&convolution.bias(), &[convolution.outputs])?;
    let taps = convolution.window.size.pow(2);
    // Outputs are computed in eights; those that nobody reads are zero.
    bias.resize(convolution.outputs.next_multiple_of(LANES), 0.0);
    kernel.resize(bias.len() * inputs * taps, 0.0);
    if taps == 1 && inputs.is_multiple_of(LANES) {
        return Ok(Weights::pack_matrix(&bias, &kernel));
    }
    // The grey image has one channel, so its depth is the taps alone.
    let group = LANES.min(inputs);
    let weight = |output: usize, step: usize| {
        let (block, tap, lane) = (step / (group * taps), step / group % taps, step % group);
        let channel = block * group + lane;
        if channel < inputs { kernel[(output * inputs + channel) * taps + tap] } else { 0.0 }
    };
    Ok(Weights::pack(&bias, inputs * taps, weight))
}

/// A depthwise convolution's weights, eight channels at a time.
fn take_taps<T>(tensors: &mut Tensors<T>, depthwise: &Convolution) -> Result<Vec<Taps>, KernelError> {
    let kernel = tensors.take(&depthwise.kernel(), &depthwise.kernel_shape(depthwise.outputs))?;
    let tap = |channels: &[f32], tap: usize| F32x8(std::array::from_fn(|lane| channels[lane * 9 + tap]));
    let taps = kernel.chunks_exact(9 * LANES).map(|channels| std::array::from_fn(|index| tap(channels, index)));
    Ok(taps.collect())
}

/// The weights of a depthwise convolution of any size, eight channels at a time, and its bias.
fn take_spatial<T>(tensors: &mut Tensors<T>, depthwise: &Convolution) -> Result<Spatial, KernelError> {
    let (channels, size) = (depthwise.outputs, depthwise.window.size);
    let kernel = tensors.take(&depthwise.kernel(), &depthwise.kernel_shape(channels))?;
    let bias = if depthwise.bias { tensors.take(&depthwise.bias(), &[channels])? } else { vec![0.0; channels] };
    let area = size.pow(2);
    let eight = |block: &[f32], tap: usize| F32x8(std::array::from_fn(|lane| block[lane * area + tap]));
    let blocks = kernel.chunks_exact(area * LANES);
    let taps = blocks.flat_map(|block| (0..area).map(move |tap| eight(block, tap))).collect();
    Ok(Spatial { size, taps, bias: bias.as_chunks().0.iter().copied().map(F32x8).collect() })
}
