//! The loops: over the planes of a tensor `[batch, channels, height, width]`, on every core.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Flex, TensorMetadata};
use burn::tensor::TensorData;
use rayon::prelude::*;

type Values = FloatTensor<Flex>;

/// The values of a contiguous tensor.
///
/// # Panics
/// If they are no 32-bit floats: nothing else is trained with on the CPU.
fn read(tensor: &Values) -> &[f32] {
    tensor.as_slice().unwrap_or_else(|| tensor.storage())
}

fn write<const D: usize>(values: Vec<f32>, shape: [usize; D]) -> Values {
    Values::from_data(TensorData::new(values, shape))
}

/// Sums are kept in this many parts, which the compiler adds side by side.
const LANES: usize = 16;

/// As [`super::depthwise`].
pub fn depthwise(input: &Values, kernel: &Values) -> Values {
    let [batch, channels, height, width] = input.shape().dims();
    let (input, kernel) = (input.to_contiguous(), kernel.to_contiguous());
    let (input, kernel) = (read(&input), read(&kernel));
    let frame = Frame { height, width };
    let mut output = vec![0.0; batch * channels * height * width];
    let planes =
        output.par_chunks_exact_mut((height * width).max(1)).zip(input.par_chunks_exact((height * width).max(1)));
    planes.enumerate().for_each_init(
        || (Vec::new(), Vec::new()),
        |(framed, sums), (plane, (output, input))| {
            let channel = plane % channels;
            frame.with_zeros(input, framed);
            frame.convolve(framed, &kernel[channel * 9..channel * 9 + 9], sums);
            for (output, sums) in output.chunks_exact_mut(width).zip(sums.chunks_exact(width + 2)) {
                output.copy_from_slice(&sums[..width]);
            }
        },
    );
    write(output, [batch, channels, height, width])
}

/// The gradient of the kernel, `[channels, 1, 3, 3]`, from the input and the gradient of the output.
pub fn depthwise_kernel_gradient(input: &Values, gradient: &Values) -> Values {
    let [batch, channels, height, width] = input.shape().dims();
    let (input, gradient) = (input.to_contiguous(), gradient.to_contiguous());
    let (input, gradient) = (read(&input), read(&gradient));
    let frame = Frame { height, width };
    let area = height * width;
    let mut kernels = vec![0.0; channels * 9];
    kernels.par_chunks_exact_mut(9).enumerate().for_each_init(
        || (Vec::new(), Vec::new()),
        |(framed, spread), (channel, kernel)| {
            for slice in 0..batch {
                let start = (slice * channels + channel) * area;
                frame.with_zeros(&input[start..start + area], framed);
                frame.spread(&gradient[start..start + area], spread);
                for (tap, sum) in kernel.iter_mut().enumerate() {
                    *sum += dot(spread, &framed[frame.offset(tap)..]);
                }
            }
        },
    );
    write(kernels, [channels, 1, 3, 3])
}

/// A plane's size, and its layout with a rim of zeros: a 3x3 neighbourhood is then nine offsets from any pixel, and a
/// convolution one run through memory.
#[derive(Clone, Copy)]
struct Frame {
    height: usize,
    width: usize,
}

impl Frame {
    fn stride(self) -> usize {
        self.width + 2
    }

    /// Where the neighbour `tap` (0 to 8, row by row) of the first pixel lies.
    fn offset(self, tap: usize) -> usize {
        tap / 3 * self.stride() + tap % 3
    }

    /// Pixels of the rows, with two useless ones at the end of each row but the last.
    fn run(self) -> usize {
        (self.height * self.stride()).saturating_sub(2)
    }

    fn with_zeros(self, plane: &[f32], framed: &mut Vec<f32>) {
        framed.clear();
        framed.resize((self.height + 2) * self.stride(), 0.0);
        let rows = framed.chunks_exact_mut(self.stride()).skip(1);
        for (row, values) in rows.zip(plane.chunks_exact(self.width)) {
            row[1..=self.width].copy_from_slice(values);
        }
    }

    /// A plane in rows of the frame's stride, zeros in the useless pixels.
    fn spread(self, plane: &[f32], spread: &mut Vec<f32>) {
        spread.clear();
        spread.resize(self.height * self.stride(), 0.0);
        for (row, values) in spread.chunks_exact_mut(self.stride()).zip(plane.chunks_exact(self.width)) {
            row[..self.width].copy_from_slice(values);
        }
        spread.truncate(self.run());
    }

    fn convolve(self, framed: &[f32], kernel: &[f32], sums: &mut Vec<f32>) {
        let run = self.run();
        sums.clear();
        sums.resize(self.height * self.stride(), 0.0);
        for (row, weights) in kernel.chunks_exact(3).enumerate() {
            let start = row * self.stride();
            let (left, middle, right) =
                (&framed[start..start + run], &framed[start + 1..start + 1 + run], &framed[start + 2..start + 2 + run]);
            for (((sum, left), middle), right) in sums[..run].iter_mut().zip(left).zip(middle).zip(right) {
                *sum += weights[0] * left + weights[1] * middle + weights[2] * right;
            }
        }
    }
}

/// As [`super::normalise`].
pub fn normalise(input: &Values, gamma: &Values, beta: &Values, epsilon: f64) -> (Values, Values, Values) {
    let [batch, channels, height, width] = input.shape().dims();
    let [input, gamma, beta] = [input, gamma, beta].map(Values::to_contiguous);
    let (input, gamma, beta) = (read(&input), read(&gamma), read(&beta));
    let planes = Planes { channels, area: height * width };
    let count = (batch * planes.area) as f32;
    let statistics: Vec<(f32, f32)> = (0..channels)
        .into_par_iter()
        .map(|channel| {
            let mean = planes.of(input, channel).map(sum).sum::<f32>() / count;
            let squares = |plane| sum_of(plane, |value| (value - mean) * (value - mean));
            (mean, planes.of(input, channel).map(squares).sum::<f32>() / count)
        })
        .collect();
    let mut output = vec![0.0; input.len()];
    planes.write(&mut output, |plane, channel, output| {
        let (mean, variance) = statistics[channel];
        let scale = gamma[channel] * inverse_deviation(variance, epsilon);
        let shift = beta[channel] - mean * scale;
        for (output, value) in output.iter_mut().zip(planes.at(input, plane)) {
            *output = value * scale + shift;
        }
    });
    let (mean, variance) = statistics.into_iter().unzip::<f32, f32, Vec<_>, Vec<_>>();
    (write(output, [batch, channels, height, width]), write(mean, [channels]), write(variance, [channels]))
}

/// The gradients of input, gamma and beta (Ioffe and Szegedy 2015, section 3).
pub fn normalise_gradients(
    input: &Values,
    gamma: &Values,
    (mean, variance): (&Values, &Values),
    epsilon: f64,
    gradient: &Values,
) -> (Values, Values, Values) {
    let [batch, channels, height, width] = input.shape().dims();
    let [input, gamma, mean, variance, gradient] = [input, gamma, mean, variance, gradient].map(Values::to_contiguous);
    let (input, gamma, gradient) = (read(&input), read(&gamma), read(&gradient));
    let (mean, variance) = (read(&mean), read(&variance));
    let planes = Planes { channels, area: height * width };
    let count = (batch * planes.area) as f32;
    let sums: Vec<(f32, f32)> = (0..channels)
        .into_par_iter()
        .map(|channel| {
            let pairs = || planes.of(input, channel).zip(planes.of(gradient, channel));
            let of_beta: f32 = pairs().map(|(_, gradient)| sum(gradient)).sum();
            let product: f32 = pairs().map(|(input, gradient)| centred_dot(gradient, input, mean[channel])).sum();
            (product * inverse_deviation(variance[channel], epsilon), of_beta)
        })
        .collect();
    let mut of_input = vec![0.0; input.len()];
    planes.write(&mut of_input, |plane, channel, output| {
        let inverse = inverse_deviation(variance[channel], epsilon);
        let (of_gamma, of_beta) = sums[channel];
        let (scale, slope, shift) = (gamma[channel] * inverse, of_gamma / count * inverse, of_beta / count);
        let pixels = planes.at(input, plane).iter().zip(planes.at(gradient, plane));
        for (output, (value, gradient)) in output.iter_mut().zip(pixels) {
            *output = scale * (gradient - shift - (value - mean[channel]) * slope);
        }
    });
    let (of_gamma, of_beta) = sums.into_iter().unzip::<f32, f32, Vec<_>, Vec<_>>();
    (write(of_input, [batch, channels, height, width]), write(of_gamma, [channels]), write(of_beta, [channels]))
}

fn inverse_deviation(variance: f32, epsilon: f64) -> f32 {
    (1.0 / (f64::from(variance) + epsilon).sqrt()) as f32
}

/// How planes follow one another: slice by slice, channel by channel.
#[derive(Clone, Copy)]
struct Planes {
    channels: usize,
    area: usize,
}

impl Planes {
    fn at(self, values: &[f32], plane: usize) -> &[f32] {
        &values[plane * self.area..(plane + 1) * self.area]
    }

    /// The planes of a channel, one a slice.
    fn of(self, values: &[f32], channel: usize) -> impl Iterator<Item = &[f32]> {
        values.chunks_exact(self.area.max(1)).skip(channel).step_by(self.channels)
    }

    /// Fills every plane, told its number and its channel.
    fn write(self, values: &mut [f32], fill: impl Fn(usize, usize, &mut [f32]) + Sync) {
        let planes = values.par_chunks_exact_mut(self.area.max(1)).enumerate();
        planes.with_min_len(8).for_each(|(plane, values)| fill(plane, plane % self.channels, values));
    }
}

fn sum(values: &[f32]) -> f32 {
    sum_of(values, |value| value)
}

fn sum_of(values: &[f32], term: impl Fn(f32) -> f32) -> f32 {
    let chunks = values.chunks_exact(LANES);
    let rest: f32 = chunks.remainder().iter().map(|&value| term(value)).sum();
    let mut lanes = [0.0; LANES];
    for chunk in chunks {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane += term(value);
        }
    }
    rest + lanes.iter().sum::<f32>()
}

/// The sum of products, as far as the shorter of the two reaches.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    centred_dot(a, b, 0.0)
}

/// The sum of `a` times (`b` minus `centre`), as far as the shorter of the two reaches.
fn centred_dot(a: &[f32], b: &[f32], centre: f32) -> f32 {
    let length = a.len().min(b.len());
    let (a, b) = (a[..length].chunks_exact(LANES), b[..length].chunks_exact(LANES));
    let rest: f32 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * (b - centre)).sum();
    let mut lanes = [0.0; LANES];
    for (a, b) in a.zip(b) {
        for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += a * (b - centre);
        }
    }
    rest + lanes.iter().sum::<f32>()
}
