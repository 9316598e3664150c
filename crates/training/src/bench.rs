//! How fast a network trains on a device, on slices that are made up.

use std::time::Instant;

use burn::optim::GradientsParams;
use burn::tensor::{Device, Distribution, FloatDType, Tensor};
use networks::{Architecture, Form, NetworkConfig};
use serde::Serialize;

use crate::adamw::AdamW;
use crate::allocator::keep_freed_memory;
use crate::device::{DeviceName, Precision};
use crate::environment::Environment;
use crate::loss::Loss;
use crate::train_state::TrainState;

/// Classes of the head.
const CLASSES: usize = 4;

/// What to measure.
#[derive(Debug, Clone)]
pub struct BenchConfig {
    /// Which network.
    pub architecture: Architecture,
    /// Slices a step, at least 1.
    pub batch: usize,
    /// Side of a slice, in pixels, 71 to 1024.
    pub size: usize,
    /// First block that is trained: 1 for all.
    pub train_from: usize,
    /// Steps that are timed, at least 1.
    pub steps: usize,
    /// Steps before them.
    pub warm_up: usize,
    /// Where to train.
    pub device: DeviceName,
    /// How exactly to compute.
    pub precision: Precision,
}

/// How fast a network trains.
#[derive(Debug, Serialize)]
pub struct TrainingSpeed {
    /// What computes: `burn`, as other frameworks are measured beside it.
    pub framework: &'static str,
    /// Program, device and machine.
    pub environment: Environment,
    /// Which network.
    pub architecture: String,
    /// First block that is trained.
    pub train_from: usize,
    /// Slices a step.
    pub batch: usize,
    /// Side of a slice, in pixels.
    pub size: usize,
    /// Steps before those that were timed.
    pub warm_up_steps: usize,
    /// Each timed step.
    pub seconds_a_step: Vec<f64>,
    /// Slices a second in the middle one of the timed steps.
    pub images_a_second_median: f64,
    /// Slices a second in the fastest of them.
    pub images_a_second_best: f64,
    /// Time of the processor over the timed steps, as a share of all cores; `None` where the system does not say.
    pub processor_utilisation: Option<f64>,
    /// Most memory that the process held, in bytes; `None` where the system does not say. A GPU's own is not in it.
    pub peak_memory: Option<u64>,
}

/// Measures how fast a network trains.
///
/// # Errors
/// The device can't be used, or a loss is no number.
pub fn bench(config: &BenchConfig) -> anyhow::Result<TrainingSpeed> {
    keep_freed_memory();
    let device = config.device.open()?;
    let precision = config.device.activations(config.precision)?;
    let (seconds, processor) = train_steps(config, precision, &device.clone().autodiff())?;
    let environment = Environment::of(&device).training_in(precision);
    let all_cores = seconds.iter().sum::<f64>() * environment.cores as f64;
    Ok(TrainingSpeed {
        framework: "burn",
        environment,
        architecture: config.architecture.to_string(),
        train_from: config.train_from,
        batch: config.batch,
        size: config.size,
        warm_up_steps: config.warm_up,
        images_a_second_median: config.batch as f64 / median(&seconds),
        images_a_second_best: config.batch as f64 / seconds.iter().copied().fold(f64::INFINITY, f64::min),
        processor_utilisation: processor.map(|processor| processor / all_cores),
        seconds_a_step: seconds,
        peak_memory: peak_memory(),
    })
}

/// Seconds of every step after the warm-up: forward, backward, optimiser, until the loss is read; and seconds of the
/// processor over them.
fn train_steps(
    config: &BenchConfig,
    precision: FloatDType,
    device: &Device,
) -> anyhow::Result<(Vec<f64>, Option<f64>)> {
    let network = NetworkConfig::new(config.architecture, CLASSES, Form::Trainable).init(device);
    let network = network.identified().train_from(config.train_from);
    let mut learner = TrainState { network, average: None, optimizer: AdamW::new(1e-4).into() };
    let loss = Loss::new(CLASSES, 0.0);
    let labels: Vec<usize> = (0..config.batch).map(|index| index % CLASSES).collect();
    let shape = [config.batch, Form::Trainable.channels(), config.size, config.size];
    let images = Tensor::<4>::random(shape, Distribution::Uniform(-1.0, 1.0), device).cast(precision);
    let past = config.architecture.blocks() + 1;
    let mut seconds = Vec::with_capacity(config.steps);
    let mut before = None;
    for step in 0..config.warm_up + config.steps {
        if step == config.warm_up {
            before = processor_seconds();
        }
        let began = Instant::now();
        let value = loss.forward(learner.network.forward(images.clone()), &labels, device);
        let gradients = GradientsParams::from_grads(value.backward(), &learner.network);
        learner = learner.step(1e-4, gradients);
        // Work on a GPU is only queued until something is read that depends on it.
        let answers = learner.network.answers_from(past, features(config, device));
        let read: f32 = loss.forward(answers.logits, &labels, device).into_scalar();
        anyhow::ensure!(read.is_finite(), "the loss is {read} after step {step}");
        if step >= config.warm_up {
            seconds.push(began.elapsed().as_secs_f64());
        }
    }
    Ok((seconds, processor_seconds().zip(before).map(|(after, before)| after - before)))
}

/// Last features of zeros: through the head alone, the reading waits for the optimiser and costs next to nothing.
fn features(config: &BenchConfig, device: &Device) -> Tensor<4> {
    Tensor::zeros([config.batch, config.architecture.features(), 1, 1], device)
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    metrics::quantile(&sorted, 0.5)
}

/// Seconds that all cores together have worked for this process. From `/proc`, which only Linux has, in hundredths of a
/// second there.
fn processor_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The program's name may hold spaces; it stands in brackets. Of what follows, fields 12 and 13 are user and system time.
    let (_, after_name) = stat.rsplit_once(')')?;
    let ticks = after_name.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
    Some(ticks.sum::<Result<f64, _>>().ok()? / 100.0)
}

/// From `/proc`, which only Linux has.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_lies_in_the_middle() {
        assert!((median(&[3.0, 1.0, 2.0]) - 2.0).abs() < 1e-12);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn linux_says_how_much_memory_was_held_and_how_long_the_processor_worked() {
        assert!(peak_memory().unwrap() > 1 << 20);
        let (before, began) = (processor_seconds().unwrap(), Instant::now());
        while began.elapsed().as_millis() < 100 {}
        assert!(processor_seconds().unwrap() > before);
    }
}
