//! A network on a device.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use cubecl::client::Client;
use cubecl::prelude::*;
use cubecl::profile::Duration;
use cubecl::server::Handle;
use graph::{Convolution, Fusion, Graph, Op, Output, Place, Plan, Shape, Step};
use weights::Tensor;

use crate::GpuError;
use crate::launch::{Buffers, Ends, Launch, average};
use crate::parameters::{Parameters, Tensors};
use crate::tile::Tile;

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
    pub multiplications: u64,
    /// By the device's own clock where it has one.
    pub duration: Duration,
}

/// A network in its inference form with its weights on a device.
pub struct GpuNetwork {
    client: Client,
    graph: Graph,
    tile: Tile,
    /// Of every step of the plan.
    parameters: Vec<Option<Parameters>>,
    /// `[classes, features]`.
    head: Vec<f32>,
    head_bias: Vec<f32>,
    memory: Mutex<Option<Memory>>,
}

impl fmt::Debug for GpuNetwork {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, tile) = (self.graph.name(), self.tile);
        formatter.debug_struct("GpuNetwork").field("name", &name).field("tile", &tile).finish_non_exhaustive()
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
    /// Uploads the tensors of a network in its inference form ([`Graph::folded`]) to the device of `client`.
    /// `tile` is [`Tile::of`] the device.
    ///
    /// # Errors
    /// There is no kernel for a node, or a tensor is missing, has another shape, or belongs nowhere.
    pub fn new(client: Client, tile: Tile, graph: Graph, tensors: BTreeMap<String, Tensor>) -> Result<Self, GpuError> {
        let plan = graph.plan(graph.smallest(), Fusion::SEPARATE)?;
        let mut tensors = Tensors { network: graph.name().to_owned(), untaken: tensors };
        let take = |step| Parameters::take(&client, &graph, step, tile, &mut tensors);
        let parameters = plan.steps.iter().map(take).collect::<Result<_, _>>()?;
        let (head, head_bias) = take_head(&graph, &plan, &mut tensors)?;
        tensors.finish()?;
        Ok(Self { client, graph, tile, parameters, head, head_bias, memory: Mutex::default() })
    }

    /// One answer an image: `images` are squares of `size` pixels, row by row, in [-1, 1]. `stage` is a stage's name in
    /// Keras.
    ///
    /// # Errors
    /// The images don't fit the size, there is no such stage, or the device failed.
    pub async fn forward(&self, images: &[f32], size: usize, stage: Option<&str>) -> Result<Vec<Answer>, GpuError> {
        check(images, size)?;
        let mut answers = Vec::with_capacity(images.len() / (size * size));
        for chunk in images.chunks(self.most_images(size)? * size * size) {
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
        let memory = self.memory(images.len() / (size * size), size)?;
        let input = self.client.create_from_slice(f32::as_bytes(images));
        let mut stages = Vec::new();
        for (index, step) in memory.plan.steps.iter().enumerate() {
            self.launch(&memory, index, &input);
            if let Some(stage) = self.stage_of(step) {
                let length = memory.images * step.to.values();
                let values = self.read(memory.slots[step.output].clone(), length).await?;
                stages.push((stage.to_owned(), channels_first(&values, step.to)));
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
        let memory = self.memory(images.len() / (size * size), size)?;
        let input = self.client.create_from_slice(f32::as_bytes(images));
        let mut timings = Vec::with_capacity(memory.plan.steps.len());
        for (index, step) in memory.plan.steps.iter().enumerate() {
            let launch = || self.launch(&memory, index, &input);
            let name = self.kernel_name(step);
            let ((), profile) = self.client.profile(launch, &name).map_err(|error| failed(&error))?;
            let ticks = profile.resolve().await.ok_or_else(|| failed(&"it measured no time"))?;
            let work = self.graph.nodes()[step.node].op.work(step.from, step.to);
            let multiplications = memory.images as u64 * work;
            timings.push(Timing { name, multiplications, duration: ticks.duration() });
        }
        Ok(timings)
    }

    async fn forward_chunk(&self, images: &[f32], size: usize, stage: Option<&str>) -> Result<Vec<Answer>, GpuError> {
        let memory = self.memory(images.len() / (size * size), size)?;
        let features = self.features();
        let asked = stage.map(|stage| self.step_of(&memory.plan, stage)).transpose()?;
        let width = features + asked.map_or(0, |asked| memory.plan.steps[asked].to.channels);
        let input = self.client.create_from_slice(f32::as_bytes(images));
        let result = self.client.empty(memory.images * width * size_of::<f32>());
        for (index, step) in memory.plan.steps.iter().enumerate() {
            self.launch(&memory, index, &input);
            if asked == Some(index) {
                average(
                    &self.client,
                    self.tile,
                    memory.images,
                    step.to,
                    [&memory.slots[step.output], &result],
                    [width, features],
                );
            }
        }
        if let Some(&Output::Classes { from, shape, .. }) = memory.plan.outputs.first() {
            average(&self.client, self.tile, memory.images, shape, [&memory.slots[from], &result], [width, 0]);
        }
        let rows = self.read(result, memory.images * width).await?;
        Ok(rows.chunks(width).map(|row| self.answer(row)).collect())
    }

    fn launch(&self, memory: &Memory, index: usize, images: &Handle) {
        let step = &memory.plan.steps[index];
        let input = match step.input {
            Place::Image => images,
            Place::Slot(slot) => &memory.slots[slot],
        };
        let output = &memory.slots[step.output];
        let (op, client) = (&self.graph.nodes()[step.node].op, &self.client);
        let (Op::Convolution(Convolution { window, .. }) | Op::MaxPool(window)) = op else { return };
        let &Step { from, to, before, activation, .. } = step;
        let launch = Launch { tile: self.tile, images: memory.images, from, to, window: *window, before, activation };
        match (op, &self.parameters[index]) {
            (Op::MaxPool(_), _) => launch.pool(client, input, output),
            (Op::Convolution(convolution), Some(Parameters::Plain(weights))) => {
                let buffers = Buffers { input, weights, output };
                if convolution.is_depthwise() {
                    launch.depthwise(client, &buffers, convolution.bias);
                } else {
                    launch.grey(client, &buffers);
                }
            }
            (_, Some(Parameters::Mixing(mixing))) => {
                let residual = step.added.map(|slot| &memory.slots[slot]);
                let ends = Ends { format: mixing.format, ends: &mixing.ends, residual };
                launch.mix(client, &Buffers { input, weights: &mixing.kernel, output }, &ends);
            }
            _ => debug_assert!(false, "{op:?} has other weights"),
        }
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
    fn memory(&self, images: usize, size: usize) -> Result<Memory, GpuError> {
        let mut kept = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(memory) = kept.as_ref().filter(|memory| (memory.images, memory.size) == (images, size)) {
            return Ok(memory.clone());
        }
        // Frees the former buffers before there are new ones.
        *kept = None;
        let plan = self.graph.plan(size, Fusion::SEPARATE)?;
        let empty = |&values: &usize| self.client.empty(images * values.max(1) * size_of::<f32>());
        let slots = plan.slots.iter().map(empty).collect();
        Ok(kept.insert(Memory { images, size, plan, slots }).clone())
    }

    /// As many images as the largest buffer that the device allows has room for.
    fn most_images(&self, size: usize) -> Result<usize, GpuError> {
        let plan = self.graph.plan(size, Fusion::SEPARATE)?;
        let largest = plan.slots.into_iter().max().unwrap_or(1);
        let room = self.client.properties().memory.max_page_size as usize / size_of::<f32>();
        Ok((room / largest).max(1))
    }

    /// The stage that a step's output is.
    fn stage_of(&self, step: &Step) -> Option<&str> {
        let node = &self.graph.nodes()[step.value];
        node.stage.then_some(node.name.as_str())
    }

    /// The number of the step whose output is a stage.
    fn step_of(&self, plan: &Plan, stage: &str) -> Result<usize, GpuError> {
        let is_it = |step: &Step| self.stage_of(step) == Some(stage);
        plan.steps.iter().position(is_it).ok_or_else(|| GpuError::Stage { name: stage.to_owned() })
    }

    /// The tensor of a step's weights, or the pool's name.
    fn kernel_name(&self, step: &Step) -> String {
        let node = &self.graph.nodes()[step.node];
        if let Op::Convolution(convolution) = &node.op { convolution.kernel() } else { node.name.clone() }
    }

    async fn read(&self, handle: Handle, length: usize) -> Result<Vec<f32>, GpuError> {
        let mut bytes = self.client.read_async(vec![handle]).await.map_err(|error| failed(&error))?;
        let bytes = bytes.pop().ok_or_else(|| failed(&"it returned nothing"))?;
        Ok(f32::from_bytes(&bytes)[..length].to_vec())
    }
}

/// Refuses what are no images of a size.
fn check(images: &[f32], size: usize) -> Result<(), GpuError> {
    match size.checked_mul(size) {
        Some(area) if area > 0 && images.len().is_multiple_of(area) => Ok(()),
        _ => Err(GpuError::Images { values: images.len(), size }),
    }
}

/// Kernel and bias of the one head.
fn take_head(graph: &Graph, plan: &Plan, tensors: &mut Tensors) -> Result<(Vec<f32>, Vec<f32>), GpuError> {
    let &[Output::Classes { layer, shape, .. }] = plan.outputs.as_slice() else {
        let node = plan.outputs.last().map_or(0, |output| output.node());
        return Err(graph.refuse(node, "the WebGPU engine gives one answer, which are classes").into());
    };
    let (name, classes) = (&graph.nodes()[layer].name, graph.channels()[layer]);
    let head = tensors.take(&format!("{name}.kernel"), &[classes, shape.channels])?.to_f32();
    Ok((head, tensors.take(&format!("{name}.bias"), &[classes])?.to_f32()))
}

/// `[batch, height, width, channels]` to `[batch, channels, height, width]`.
fn channels_first(values: &[f32], shape: Shape) -> Vec<f32> {
    let mut turned = Vec::with_capacity(values.len());
    for image in values.chunks(shape.values()) {
        for channel in 0..shape.channels {
            turned.extend(image[channel..].iter().step_by(shape.channels));
        }
    }
    turned
}

fn failed(error: &impl std::fmt::Debug) -> GpuError {
    GpuError::Device { reason: format!("{error:?}") }
}
