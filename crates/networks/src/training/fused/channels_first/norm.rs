//! Batch normalisation and an activation, of one channel after the other.

use super::pool::Pool;
use super::runs::written_by_run;
use super::vectors::{Limits, on_wide_vectors, sum_of, sum_of_pairs};
use super::{Extent, Values, by_channel, of_channels, read, write};
use graph::Window;

/// A batch normalisation by the statistics of the batch.
#[derive(Debug, Clone)]
pub struct Norm {
    pub gamma: Values,
    pub beta: Values,
    pub epsilon: f64,
}

/// What is done to every channel before the rest: a normalisation or a shift and a scale, then an activation.
#[derive(Debug, Clone, Copy)]
pub struct Before<'a> {
    pub norm: Option<&'a Norm>,
    /// What the values are multiplied by and what is added then, by channel; not with a normalisation.
    pub fixed: Option<(&'a Values, &'a Values)>,
    pub limits: Limits,
}

/// The gradients of a normalisation's parameters.
pub struct NormGradients {
    pub gamma: Values,
    pub beta: Values,
}

/// The statistics of a channel.
#[derive(Debug, Clone, Copy)]
pub(super) struct Statistics {
    mean: f32,
    /// Biased.
    variance: f32,
}

impl Statistics {
    #[inline(always)]
    fn of(values: &[f32]) -> Self {
        let count = values.len() as f32;
        let mean = sum_of(values, |value| value) / count;
        Self { mean, variance: sum_of(values, |value| (value - mean) * (value - mean)) / count }
    }
}

/// Statistics of all channels, as tensors of mean and variance.
pub(super) fn written(statistics: Vec<Statistics>) -> (Values, Values) {
    let channels = statistics.len();
    let (mean, variance): (Vec<f32>, Vec<f32>) =
        statistics.into_iter().map(|statistics| (statistics.mean, statistics.variance)).unzip();
    (write(mean, [channels]), write(variance, [channels]))
}

/// What is done to the values of one channel.
#[derive(Debug, Clone, Copy)]
pub(super) struct Map {
    scale: f32,
    shift: f32,
    limits: Limits,
}

impl Map {
    #[inline(always)]
    pub(super) fn of(self, value: f32) -> f32 {
        self.limits.of(value * self.scale + self.shift)
    }

    #[inline(always)]
    fn write(self, values: &[f32], output: &mut [f32]) {
        for (output, &value) in output.iter_mut().zip(values) {
            *output = self.of(value);
        }
    }

    #[inline(always)]
    pub(super) fn gradient(self, output: f32, gradient: f32) -> f32 {
        self.limits.gradient(output, gradient)
    }
}

impl Before<'_> {
    /// What is done to channel number `channel`, whose values these are, and their statistics if they have to do with it.
    #[inline(always)]
    pub(super) fn map(self, channel: usize, values: &[f32]) -> (Map, Option<Statistics>) {
        let statistics = self.norm.map(|_| Statistics::of(values));
        (self.map_by(channel, statistics), statistics)
    }

    /// As [`Self::map`], by statistics that are known.
    #[inline(always)]
    pub(super) fn map_by(self, channel: usize, statistics: Option<Statistics>) -> Map {
        let limits = self.limits;
        match (self.norm, statistics, self.fixed) {
            (Some(norm), Some(Statistics { mean, variance }), _) => {
                let scale = read(&norm.gamma)[channel] * inverse_deviation(variance, norm.epsilon);
                Map { scale, shift: read(&norm.beta)[channel] - mean * scale, limits }
            }
            (_, _, Some((scale, shift))) => Map { scale: read(scale)[channel], shift: read(shift)[channel], limits },
            _ => Map { scale: 1.0, shift: 0.0, limits },
        }
    }

    /// Turns the gradients of what [`Map`] gives before its activation into those of a channel's values, in place; gives
    /// those of gamma and beta.
    #[inline(always)]
    pub(super) fn back(
        self,
        map: Map,
        values: &[f32],
        statistics: Option<Statistics>,
        gradients: &mut [f32],
    ) -> [f32; 2] {
        let Some((Statistics { mean, variance }, norm)) = statistics.zip(self.norm) else {
            for gradient in gradients {
                *gradient *= map.scale;
            }
            return [0.0; 2];
        };
        // Ioffe and Szegedy 2015, section 3.
        let (inverse, count) = (inverse_deviation(variance, norm.epsilon), values.len() as f32);
        let of_beta = sum_of(gradients, |gradient| gradient);
        let of_gamma = sum_of_pairs(gradients, values, |gradient, value| gradient * (value - mean)) * inverse;
        let (slope, shift) = (of_gamma / count * inverse, of_beta / count);
        for (gradient, value) in gradients.iter_mut().zip(values) {
            *gradient = map.scale * (*gradient - shift - (value - mean) * slope);
        }
        [of_gamma, of_beta]
    }
}

fn inverse_deviation(variance: f32, epsilon: f64) -> f32 {
    (1.0 / (f64::from(variance) + epsilon).sqrt()) as f32
}

/// The statistics of every channel, from tensors of mean and variance.
pub(super) fn statistics(mean: &Values, variance: &Values) -> Vec<Statistics> {
    let pairs = read(mean).iter().zip(read(variance));
    pairs.map(|(&mean, &variance)| Statistics { mean, variance }).collect()
}

/// Every channel as [`Before`] says, or of that the largest values under windows; and mean and variance of the channels
/// where it normalises.
pub fn normalise(input: &Values, before: Before<'_>, pool: Option<Window>) -> (Values, Option<(Values, Values)>) {
    let (extent, input) = (Extent::of(input), by_channel(input));
    let pool = pool.map(|window| Pool::new(window, extent));
    let after = pool.map_or(extent, Pool::output);
    let (input, run) = (read(&input), extent.run());
    let (output, statistics) = written_by_run(after.values(), after.run(), Vec::new, |mapped, channel, output| {
        let values = &input[channel * run..][..run];
        on_wide_vectors(
            #[inline(always)]
            || {
                let (map, statistics) = before.map(channel, values);
                match pool {
                    None => map.write(values, output),
                    Some(pool) => {
                        mapped.resize(values.len(), 0.0);
                        map.write(values, mapped);
                        pool.largest(mapped, output);
                    }
                }
                statistics
            },
        )
    });
    (of_channels(output, after), statistics.into_iter().collect::<Option<Vec<_>>>().map(written))
}

/// The gradients of the input and of the norm of [`normalise`].
pub fn normalise_gradients(
    input: &Values,
    before: Before<'_>,
    statistics: Option<(&Values, &Values)>,
    pool: Option<Window>,
    gradient: &Values,
) -> (Values, NormGradients) {
    let extent = Extent::of(input);
    let pool = pool.map(|window| Pool::new(window, extent));
    let (input, gradient) = (by_channel(input), by_channel(gradient));
    let (input, gradient, run) = (read(&input), read(&gradient), extent.run());
    let run_after = pool.map_or(extent, Pool::output).run();
    let statistics = statistics.map(|(mean, variance)| self::statistics(mean, variance));
    let (of_input, of_norm) = written_by_run(input.len(), run, Vec::new, |mapped, channel, of_input| {
        let (values, gradients) = (&input[channel * run..][..run], &gradient[channel * run_after..][..run_after]);
        on_wide_vectors(
            #[inline(always)]
            || {
                let statistics = statistics.as_ref().map(|statistics| statistics[channel]);
                let map = before.map_by(channel, statistics);
                if let Some(pool) = pool {
                    mapped.resize(values.len(), 0.0);
                    map.write(values, mapped);
                    pool.spread(mapped, gradients, of_input);
                    for (of_input, &output) in of_input.iter_mut().zip(&*mapped) {
                        *of_input = map.gradient(output, *of_input);
                    }
                } else {
                    for ((of_input, &value), &gradient) in of_input.iter_mut().zip(values).zip(gradients) {
                        *of_input = map.gradient(map.of(value), gradient);
                    }
                }
                before.back(map, values, statistics, of_input)
            },
        )
    });
    (of_channels(of_input, extent), NormGradients::of(of_norm.into_iter()))
}

impl NormGradients {
    /// Of gradients by channel.
    pub(super) fn of(gradients: impl ExactSizeIterator<Item = [f32; 2]>) -> Self {
        let channels = gradients.len();
        let (gamma, beta): (Vec<f32>, Vec<f32>) = gradients.map(|[gamma, beta]| (gamma, beta)).unzip();
        Self { gamma: write(gamma, [channels]), beta: write(beta, [channels]) }
    }
}
