//! A 3x3 convolution of every channel by itself, together with what is done to the channel before it.

use rayon::prelude::*;

use super::frame::Frame;
use super::norm::{Before, NormGradients, Statistics, statistics, written};
use super::vectors::on_wide_vectors;
use super::{Extent, Values, by_channel, of_channels, read, write};

/// What a core keeps from channel to channel.
struct Memory {
    inputs: Vec<f32>,
    gradients: Vec<f32>,
    run: Vec<f32>,
}

impl Memory {
    fn new(frame: Frame) -> Self {
        Self { inputs: frame.empty(), gradients: frame.empty(), run: Vec::new() }
    }
}

/// The convolution of what `before` makes of every channel, and mean and variance of the channels where it normalises.
pub fn depthwise(input: &Values, before: Before<'_>, kernel: &Values) -> (Values, Option<(Values, Values)>) {
    let (extent, input, kernel) = (Extent::of(input), by_channel(input), kernel.to_contiguous());
    let (input, kernels, run) = (read(&input), read(&kernel).as_chunks::<9>().0, extent.run().max(1));
    let frame = Frame::new(extent.height, extent.width, extent.batch);
    let mut output = vec![0.0; input.len()];
    let channels = output.par_chunks_exact_mut(run).zip(input.par_chunks_exact(run)).zip(kernels).enumerate();
    let statistics: Vec<Option<Statistics>> = channels
        .map_init(
            || Memory::new(frame),
            |memory, (channel, ((output, values), kernel))| {
                on_wide_vectors(
                    #[inline(always)]
                    || {
                        let (map, statistics) = before.map(channel, values);
                        let planes = output.chunks_mut(frame.capacity()).zip(values.chunks(frame.capacity()));
                        for (output, values) in planes {
                            frame.fill(
                                &mut memory.inputs,
                                values,
                                #[inline(always)]
                                |value| map.of(value),
                            );
                            frame.convolve(&memory.inputs, kernel, values, &mut memory.run);
                            frame.take(&memory.run, output);
                        }
                        statistics
                    },
                )
            },
        )
        .collect();
    (of_channels(output, extent), statistics.into_iter().collect::<Option<Vec<_>>>().map(written))
}

/// The gradients of the input, of the norm and of the kernel of [`depthwise`].
pub fn depthwise_gradients(
    input: &Values,
    before: Before<'_>,
    statistics: Option<(&Values, &Values)>,
    kernel: &Values,
    gradient: &Values,
) -> (Values, NormGradients, Values) {
    let extent = Extent::of(input);
    let (input, gradient, kernel) = (by_channel(input), by_channel(gradient), kernel.to_contiguous());
    let (input, gradient, kernels) = (read(&input), read(&gradient), read(&kernel).as_chunks::<9>().0);
    let run = extent.run().max(1);
    let frame = Frame::new(extent.height, extent.width, extent.batch);
    let statistics = statistics.map(|(mean, variance)| self::statistics(mean, variance));
    let mut of_input = vec![0.0; input.len()];
    let channels =
        of_input.par_chunks_exact_mut(run).zip(input.par_chunks_exact(run)).zip(gradient.par_chunks_exact(run));
    let found: Vec<([f32; 2], [f32; 9])> = channels
        .zip(kernels)
        .enumerate()
        .map_init(
            || Memory::new(frame),
            |Memory { inputs, gradients, run }, (channel, (((of_input, values), gradient), kernel))| {
                on_wide_vectors(
                    #[inline(always)]
                    || {
                        let statistics = statistics.as_ref().map(|statistics| statistics[channel]);
                        let map = before.map_by(channel, statistics);
                        // Each output was read through the kernel from the other side.
                        let turned: [f32; 9] = std::array::from_fn(|tap| kernel[8 - tap]);
                        let mut of_kernel = [0.0; 9];
                        let planes = of_input.chunks_mut(frame.capacity()).zip(values.chunks(frame.capacity()));
                        for ((of_input, values), gradient) in planes.zip(gradient.chunks(frame.capacity())) {
                            frame.fill(
                                inputs,
                                values,
                                #[inline(always)]
                                |value| map.of(value),
                            );
                            frame.fill(
                                gradients,
                                gradient,
                                #[inline(always)]
                                |gradient| gradient,
                            );
                            frame.convolve(gradients, &turned, values, run);
                            frame.mask(
                                run,
                                inputs,
                                #[inline(always)]
                                |output, gradient| map.gradient(output, gradient),
                            );
                            frame.take(run, of_input);
                            let found = frame.kernel_gradient(inputs, gradients, values);
                            for (sum, found) in of_kernel.iter_mut().zip(found) {
                                *sum += found;
                            }
                        }
                        (before.back(map, values, statistics, of_input), of_kernel)
                    },
                )
            },
        )
        .collect();
    let of_norm = NormGradients::of(found.iter().map(|(of_norm, _)| *of_norm));
    let of_kernel = found.into_iter().flat_map(|(_, of_kernel)| of_kernel).collect();
    (of_channels(of_input, extent), of_norm, write(of_kernel, [extent.channels, 1, 3, 3]))
}
