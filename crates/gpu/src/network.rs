//! A network on a device.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use cubecl::client::Client;
use cubecl::prelude::*;
use cubecl::profile::Duration;
use cubecl::server::Handle;
use weights::{Architecture, Tensor};

use crate::GpuError;
use crate::graph;
use crate::launch::{Buffers, Launcher};
use crate::parameters::{Parameters, Tensors, take};
use crate::plan::{Extent, Plan, Step};
use crate::tile::Tile;

/// The smallest image: after five halvings one pixel is left.
const SMALLEST: usize = 32;

/// What a network makes of an image.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// One value a class.
    pub logits: Vec<f32>,
    /// The last stage's channels, averaged over the picture: what the logits are made from.
    pub features: Vec<f32>,
    /// The asked stage's channels, averaged over the picture; empty where none was asked for.
    pub stage: Vec<f32>,
}

/// How long a kernel took.
#[derive(Debug, Clone, PartialEq)]
pub struct Timing {
    /// The tensor of its weights, or the pool's block, by Keras's name.
    pub name: String,
    /// Multiplications, each with an addition; comparisons for a pool.
    pub multiplications: usize,
    /// By the device's own clock where it has one.
    pub duration: Duration,
}

/// Xception or VGG16 with its weights on a device, batch normalisation folded.
pub struct GpuNetwork {
    client: Client,
    architecture: Architecture,
    tile: Tile,
    /// By the step's name.
    parameters: BTreeMap<String, Parameters>,
    /// `[classes, features]`.
    head: Vec<f32>,
    head_bias: Vec<f32>,
    memory: Mutex<Option<Memory>>,
}

impl fmt::Debug for GpuNetwork {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (architecture, tile) = (self.architecture, self.tile);
        formatter
            .debug_struct("GpuNetwork")
            .field("architecture", &architecture)
            .field("tile", &tile)
            .finish_non_exhaustive()
    }
}

/// A plan and its buffers, kept for the next images of the same number and size.
#[derive(Debug, Clone)]
struct Memory {
    images: usize,
    size: usize,
    plan: Plan,
    slots: Vec<Handle>,
}

impl GpuNetwork {
    /// Uploads the tensors of a network in its inference form, under Keras's names, to the device of `client`.
    /// `tile` is [`Tile::of`] the device.
    ///
    /// # Errors
    /// A tensor is missing, has another shape, or belongs nowhere.
    pub fn new(
        client: Client,
        tile: Tile,
        architecture: Architecture,
        classes: usize,
        mut tensors: BTreeMap<String, Tensor>,
    ) -> Result<Self, GpuError> {
        let mut parameters = BTreeMap::new();
        let steps = graph::plan(architecture, SMALLEST).steps;
        for step in &steps {
            if let Some(taken) = Parameters::take(&client, step, tile, &mut tensors)? {
                parameters.insert(step.name.clone(), taken);
            }
        }
        let features = steps.last().map_or(0, |step| step.to.channels);
        let (head, head_bias) = take_head(&mut tensors, classes, features)?;
        if let Some(name) = tensors.into_keys().next() {
            return Err(GpuError::Unknown { name });
        }
        Ok(Self { client, architecture, tile, parameters, head, head_bias, memory: Mutex::default() })
    }

    /// One answer an image: `images` are squares of `size` pixels, row by row, in [-1, 1]. `stage` is a stage's name in
    /// Keras.
    ///
    /// # Errors
    /// The images don't fit the size, there is no such stage, or the device failed.
    pub async fn forward(&self, images: &[f32], size: usize, stage: Option<&str>) -> Result<Vec<Answer>, GpuError> {
        check(images, size)?;
        let mut answers = Vec::with_capacity(images.len() / (size * size));
        for chunk in images.chunks(self.most_images(size) * size * size) {
            answers.extend(self.forward_chunk(chunk, size, stage).await?);
        }
        Ok(answers)
    }

    /// The output of every stage, `[batch, channels, height, width]`, by Keras's name: for comparing with other engines.
    ///
    /// # Errors
    /// As [`GpuNetwork::forward`].
    pub async fn stages(&self, images: &[f32], size: usize) -> Result<Vec<(String, Vec<f32>)>, GpuError> {
        check(images, size)?;
        let memory = self.memory(images.len() / (size * size), size);
        let launcher = self.launcher(memory.images);
        let input = self.client.create_from_slice(f32::as_bytes(images));
        let mut stages = Vec::new();
        for (index, step) in memory.plan.steps.iter().enumerate() {
            self.launch(&launcher, &memory, index, &input);
            if let Some(stage) = &step.stage {
                let length = memory.images * step.to.values();
                let values = self.read(memory.slots[step.output].clone(), length).await?;
                stages.push((stage.clone(), channels_first(&values, step.to)));
            }
        }
        Ok(stages)
    }

    /// The time of every kernel, each waited for.
    ///
    /// # Errors
    /// As [`GpuNetwork::forward`].
    pub async fn profile(&self, images: &[f32], size: usize) -> Result<Vec<Timing>, GpuError> {
        check(images, size)?;
        let memory = self.memory(images.len() / (size * size), size);
        let launcher = self.launcher(memory.images);
        let input = self.client.create_from_slice(f32::as_bytes(images));
        let mut timings = Vec::with_capacity(memory.plan.steps.len());
        for (index, step) in memory.plan.steps.iter().enumerate() {
            let launch = || self.launch(&launcher, &memory, index, &input);
            let ((), profile) = self.client.profile(launch, &step.name).map_err(|error| failed(&error))?;
            let ticks = profile.resolve().await.ok_or_else(|| failed(&"it measured no time"))?;
            let multiplications = memory.images * step.work();
            timings.push(Timing { name: step.name.clone(), multiplications, duration: ticks.duration() });
        }
        Ok(timings)
    }

    async fn forward_chunk(&self, images: &[f32], size: usize, stage: Option<&str>) -> Result<Vec<Answer>, GpuError> {
        let memory = self.memory(images.len() / (size * size), size);
        let (features, stage_length) = (self.features(), stage_channels(&memory.plan, stage)?);
        let width = features + stage_length;
        let launcher = self.launcher(memory.images);
        let input = self.client.create_from_slice(f32::as_bytes(images));
        let result = self.client.empty(memory.images * width * size_of::<f32>());
        for (index, step) in memory.plan.steps.iter().enumerate() {
            self.launch(&launcher, &memory, index, &input);
            let output = &memory.slots[step.output];
            if stage.is_some() && step.stage.as_deref() == stage {
                launcher.average(output, step.to, &result, width, features);
            }
            if index + 1 == memory.plan.steps.len() {
                launcher.average(output, step.to, &result, width, 0);
            }
        }
        let rows = self.read(result, memory.images * width).await?;
        Ok(rows.chunks(width).map(|row| self.answer(row)).collect())
    }

    fn launch(&self, launcher: &Launcher<'_>, memory: &Memory, index: usize, images: &Handle) {
        let step = &memory.plan.steps[index];
        let buffers = Buffers {
            input: if index == 0 { images } else { &memory.slots[step.input] },
            residual: step.residual.map(|slot| &memory.slots[slot]),
            output: &memory.slots[step.output],
        };
        launcher.step(step, self.parameters.get(&step.name), &buffers);
    }

    fn launcher(&self, images: usize) -> Launcher<'_> {
        Launcher { client: &self.client, tile: self.tile, images }
    }

    /// The head, which is too small to be worth a kernel.
    fn answer(&self, row: &[f32]) -> Answer {
        let (features, stage) = row.split_at(self.features());
        let logit = |(weights, bias): (&[f32], &f32)| {
            let product: f32 = weights.iter().zip(features).map(|(weight, feature)| weight * feature).sum();
            product + bias
        };
        let logits = self.head.chunks(features.len()).zip(&self.head_bias).map(logit).collect();
        Answer { logits, features: features.to_vec(), stage: stage.to_vec() }
    }

    fn features(&self) -> usize {
        self.head.len() / self.head_bias.len()
    }

    /// The plan and the buffers for so many images of a size: those of the last call if it was alike.
    fn memory(&self, images: usize, size: usize) -> Memory {
        let mut kept = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(memory) = kept.as_ref().filter(|memory| (memory.images, memory.size) == (images, size)) {
            return memory.clone();
        }
        // Frees the former buffers before there are new ones.
        *kept = None;
        let plan = graph::plan(self.architecture, size);
        let empty = |&values: &usize| self.client.empty(images * values.max(1) * size_of::<f32>());
        let slots = plan.slots.iter().map(empty).collect();
        kept.insert(Memory { images, size, plan, slots }).clone()
    }

    /// As many images as the largest buffer that the device allows has room for.
    fn most_images(&self, size: usize) -> usize {
        let largest = graph::plan(self.architecture, size).slots.into_iter().max().unwrap_or(1);
        let room = self.client.properties().memory.max_page_size as usize / size_of::<f32>();
        (room / largest).max(1)
    }

    async fn read(&self, handle: Handle, length: usize) -> Result<Vec<f32>, GpuError> {
        let mut bytes = self.client.read_async(vec![handle]).await.map_err(|error| failed(&error))?;
        let bytes = bytes.pop().ok_or_else(|| failed(&"it returned nothing"))?;
        Ok(f32::from_bytes(&bytes)[..length].to_vec())
    }
}

/// Refuses what are no images of a size that leaves a pixel.
fn check(images: &[f32], size: usize) -> Result<(), GpuError> {
    if size < SMALLEST || !images.len().is_multiple_of(size * size) {
        return Err(GpuError::Images { values: images.len(), size, smallest: SMALLEST });
    }
    Ok(())
}

/// Channels of a stage, 0 for none.
fn stage_channels(plan: &Plan, stage: Option<&str>) -> Result<usize, GpuError> {
    let Some(stage) = stage else { return Ok(0) };
    let is_it = |step: &&Step| step.stage.as_deref() == Some(stage);
    let step = plan.steps.iter().find(is_it).ok_or_else(|| GpuError::Stage { name: stage.to_owned() })?;
    Ok(step.to.channels)
}

/// The head's kernel and bias.
fn take_head(tensors: &mut Tensors, classes: usize, features: usize) -> Result<(Vec<f32>, Vec<f32>), GpuError> {
    let head = take(tensors, "predictions.kernel", &[classes, features])?.to_f32();
    Ok((head, take(tensors, "predictions.bias", &[classes])?.to_f32()))
}

/// `[batch, height, width, channels]` to `[batch, channels, height, width]`.
fn channels_first(values: &[f32], extent: Extent) -> Vec<f32> {
    let mut turned = Vec::with_capacity(values.len());
    for image in values.chunks(extent.values()) {
        for channel in 0..extent.channels {
            turned.extend(image[channel..].iter().step_by(extent.channels));
        }
    }
    turned
}

fn failed(error: &impl std::fmt::Debug) -> GpuError {
    GpuError::Device { reason: format!("{error:?}") }
}
