//! A convolution of every channel by itself, together with what is done to the channel before it.

use super::frame::{Frame, Kernel};
use super::norm::{Before, NormGradients, statistics, written};
use super::runs::written_by_run;
use super::vectors::on_wide_vectors;
use super::{Extent, Values, by_channel, of_channels, read, write};
use graph::Window;

/// What a core keeps from channel to channel.
struct Memory {
    inputs: Vec<f32>,
    gradients: Vec<f32>,
    run: Vec<f32>,
}

impl Memory {
    fn new<const K: usize>(frame: Frame<K>) -> Self {
        Self { inputs: frame.empty(), gradients: frame.empty(), run: Vec::new() }
    }
}

/// Whether there is a loop for a depthwise convolution of planes.
pub fn has_depthwise(window: Window, height: usize, width: usize) -> bool {
    Frame::<3>::fits(window, height, width) || Frame::<5>::fits(window, height, width)
}

/// The convolution of what `before` makes of every channel, and mean and variance of the channels where it normalises.
pub fn depthwise(
    input: &Values,
    before: Before<'_>,
    kernel: &Values,
    window: Window,
) -> (Values, Option<(Values, Values)>) {
    if window.size == 5 { sized::<5>(input, before, kernel, window) } else { sized::<3>(input, before, kernel, window) }
}

/// The kernels of all channels.
fn kernels<const K: usize>(kernel: &Values) -> Vec<Kernel<K>> {
    let kernels = read(kernel).chunks_exact(K * K);
    let row = |kernel: &[f32], row: usize| std::array::from_fn(|tap| kernel[row * K + tap]);
    kernels.map(|kernel| std::array::from_fn(|number| row(kernel, number))).collect()
}

fn sized<const K: usize>(
    input: &Values,
    before: Before<'_>,
    kernel: &Values,
    window: Window,
) -> (Values, Option<(Values, Values)>) {
    let (extent, input) = (Extent::of(input), by_channel(input));
    let (input, kernels, run) = (read(&input), kernels::<K>(&kernel.to_contiguous()), extent.run().max(1));
    let frame = Frame::<K>::new(window, extent.height, extent.width, extent.batch);
    let [height, width] = frame.output();
    let after = Extent { height, width, ..extent };
    let (output, statistics) = written_by_run(
        after.values(),
        after.run(),
        || Memory::new(frame),
        |memory, channel, output| {
            let values = &input[channel * run..][..run];
            on_wide_vectors(
                #[inline(always)]
                || {
                    let (map, statistics) = before.map(channel, values);
                    let planes = output.chunks_mut(frame.output_capacity()).zip(values.chunks(frame.capacity()));
                    for (output, values) in planes {
                        frame.fill(
                            &mut memory.inputs,
                            values,
                            #[inline(always)]
                            |value| map.of(value),
                        );
                        frame.convolve(&memory.inputs, &kernels[channel], values, &mut memory.run);
                        frame.take_output(&memory.run, output);
                    }
                    statistics
                },
            )
        },
    );
    (of_channels(output, after), statistics.into_iter().collect::<Option<Vec<_>>>().map(written))
}

/// The gradients of the input, of the norm and of the kernel of [`depthwise`].
pub fn depthwise_gradients(
    input: &Values,
    before: Before<'_>,
    statistics: Option<(&Values, &Values)>,
    (kernel, window): (&Values, Window),
    gradient: &Values,
) -> (Values, NormGradients, Values) {
    if window.size == 5 {
        sized_gradients::<5>(input, before, statistics, (kernel, window), gradient)
    } else {
        sized_gradients::<3>(input, before, statistics, (kernel, window), gradient)
    }
}

fn sized_gradients<const K: usize>(
    input: &Values,
    before: Before<'_>,
    statistics: Option<(&Values, &Values)>,
    (kernel, window): (&Values, Window),
    gradient: &Values,
) -> (Values, NormGradients, Values) {
    let extent = Extent::of(input);
    let (input, gradient, kernels) = (by_channel(input), by_channel(gradient), kernels::<K>(&kernel.to_contiguous()));
    let (input, gradient) = (read(&input), read(&gradient));
    let run = extent.run().max(1);
    let frame = Frame::<K>::new(window, extent.height, extent.width, extent.batch);
    let [height, width] = frame.output();
    let after = Extent { height, width, ..extent };
    let statistics = statistics.map(|(mean, variance)| self::statistics(mean, variance));
    let (of_input, found) = written_by_run(
        input.len(),
        run,
        || Memory::new(frame),
        |Memory { inputs, gradients, run: framed_run }, channel, of_input| {
            let (values, kernel) = (&input[channel * run..][..run], &kernels[channel]);
            let gradient = &gradient[channel * after.run()..][..after.run()];
            on_wide_vectors(
                #[inline(always)]
                || {
                    let statistics = statistics.as_ref().map(|statistics| statistics[channel]);
                    let map = before.map_by(channel, statistics);
                    // Each output was read through the kernel from the other side.
                    let turned: Kernel<K> =
                        std::array::from_fn(|row| std::array::from_fn(|tap| kernel[K - 1 - row][K - 1 - tap]));
                    let mut of_kernel = [[0.0; K]; K];
                    let planes = of_input.chunks_mut(frame.capacity()).zip(values.chunks(frame.capacity()));
                    for ((of_input, values), gradient) in planes.zip(gradient.chunks(frame.output_capacity())) {
                        frame.fill(
                            inputs,
                            values,
                            #[inline(always)]
                            |value| map.of(value),
                        );
                        frame.fill_output(gradients, gradient);
                        frame.convolve(gradients, &turned, values, framed_run);
                        frame.mask(
                            framed_run,
                            inputs,
                            #[inline(always)]
                            |output, gradient| map.gradient(output, gradient),
                        );
                        frame.take(framed_run, of_input);
                        let found = frame.kernel_gradient(inputs, gradients, values);
                        for (sum, found) in of_kernel.as_flattened_mut().iter_mut().zip(found.as_flattened()) {
                            *sum += found;
                        }
                    }
                    (before.back(map, values, statistics, of_input), of_kernel)
                },
            )
        },
    );
    let of_norm = NormGradients::of(found.iter().map(|(of_norm, _)| *of_norm));
    let of_kernel = found.iter().flat_map(|(_, of_kernel)| of_kernel.as_flattened()).copied().collect();
    (of_channels(of_input, extent), of_norm, write(of_kernel, [extent.channels, 1, K, K]))
}
