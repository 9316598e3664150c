//! Asking a packed network about images, and reading what it answers.

use std::time::Duration;

use burn::tensor::{Tensor, TensorData, Transaction};
use gpu::READ;
use graph::{Convolution, Op, Plan, Pooling, Read, Step};

use super::{PackedError, PackedNetwork, Values, client, operations};

/// What a network makes of an image.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// One value a class.
    pub logits: Vec<f32>,
    /// The last stage's channels, averaged over the picture.
    pub features: Vec<f32>,
    /// Logits of evidence, row by row, where the network has a map.
    pub map: Option<Vec<f32>>,
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

impl PackedNetwork {
    /// One answer an image: `images` are squares of `size` pixels, row by row, in [-1, 1]. `stage` is a stage's name in
    /// Keras. What is read back of a batch is pooled, and read at once.
    ///
    /// # Errors
    /// The images don't fit the size, there is no such stage, or the device failed.
    pub async fn answers(&self, images: &[f32], size: usize, stage: Option<&str>) -> Result<Vec<Answer>, PackedError> {
        check(images, size)?;
        let plan = self.plan(size)?;
        if let Some(name) = stage.filter(|&stage| !plan.steps.iter().any(|step| self.stage_of(step) == Some(stage))) {
            return Err(PackedError::Stage { name: name.to_owned() });
        }
        let mut answers = Vec::with_capacity(images.len() / (size * size));
        for batch in images.chunks(self.most_images(&plan)? * size * size) {
            answers.extend(self.answers_of_batch(batch, size, &plan, stage).await?);
        }
        Ok(answers)
    }

    async fn answers_of_batch(
        &self,
        images: &[f32],
        size: usize,
        plan: &Plan,
        stage: Option<&str>,
    ) -> Result<Vec<Answer>, PackedError> {
        let mut of_stage = None;
        let reads = self.run(self.tensor(images, size), plan, &mut |step, output| {
            if stage.is_some() && self.stage_of(step) == stage {
                of_stage = Some(operations::average(output.clone(), self.means(output.dims()[0], step.to)));
            }
        });
        let tensors = reads.into_iter().chain(of_stage);
        let transaction = tensors.fold(Transaction::default(), Transaction::register);
        let data = transaction.execute_async().await.map_err(|error| PackedError::device(&error))?;
        let values = data.into_iter().map(|data| floats(Some(data))).collect::<Result<Vec<_>, _>>()?;
        let count = images.len() / (size * size);
        let of_image = |values: &[f32], index: usize| {
            let width = values.len() / count;
            values[index * width..][..width].to_vec()
        };
        let answer = |index: usize| {
            let read = |(read, values): (&Read, &Vec<f32>)| (read.node, as_read(read, of_image(values, index)));
            let graph::Answer { logits, features, map } =
                self.head.answer(plan.reads.iter().zip(&values).map(read).collect());
            Answer {
                logits,
                features,
                map,
                stage: values.get(plan.reads.len()).map_or_else(Vec::new, |stage| of_image(stage, index)),
            }
        };
        Ok((0..count).map(answer).collect())
    }

    /// The output of every stage, `[batch, channels, height, width]`, by Keras's name: for comparing with other engines.
    ///
    /// # Errors
    /// As [`PackedNetwork::answers`].
    pub async fn stages(&self, images: &[f32], size: usize) -> Result<Vec<(String, Vec<f32>)>, PackedError> {
        check(images, size)?;
        let mut stages = Vec::new();
        self.observed(self.tensor(images, size), &mut |name, stage| stages.push((name.to_owned(), stage.clone())))?;
        let mut read = Vec::with_capacity(stages.len());
        for (name, stage) in stages {
            let data = stage.into_data_async().await.map_err(|error| PackedError::device(&error))?;
            read.push((name, floats(Some(data))?));
        }
        Ok(read)
    }

    /// The time of every kernel, each waited for.
    ///
    /// # Errors
    /// As [`PackedNetwork::answers`].
    pub async fn profile(&self, images: &[f32], size: usize) -> Result<Vec<Timing>, PackedError> {
        check(images, size)?;
        let (client, plan) = (client(&self.device)?, self.plan(size)?);
        let count = images.len() / (size * size);
        let mut values = Values::new(self.tensor(images, size).reshape([count, size, size, 1]), &plan);
        let mut timings = Vec::with_capacity(plan.steps.len());
        for (index, step) in plan.steps.iter().enumerate() {
            let name = self.kernel_name(step);
            let profiled = client.profile(|| self.compute(index, step, &mut values), &name);
            let (output, profile) = profiled.map_err(|error| PackedError::device(&error))?;
            values.slots[step.output] = output;
            let ticks = profile.resolve().await.ok_or_else(|| PackedError::device(&"it measured no time"))?;
            let multiplications = count as u64 * self.graph.nodes()[step.node].op.work(step.from, step.to);
            timings.push(Timing { name, multiplications, duration: ticks.duration() });
        }
        Ok(timings)
    }

    /// `[batch, 1, size, size]` on the network's device.
    fn tensor(&self, images: &[f32], size: usize) -> Tensor<4> {
        let shape = [images.len() / (size * size), 1, size, size];
        Tensor::from_data(TensorData::new(images.to_vec(), shape), &self.device)
    }

    /// As many images as the largest buffer that the device allows has room for.
    fn most_images(&self, plan: &Plan) -> Result<usize, PackedError> {
        let largest = plan.slots.iter().copied().max().unwrap_or(1).max(1);
        let room = client(&self.device)?.properties().memory.max_page_size as usize / size_of::<f32>();
        Ok((room / largest).max(1))
    }

    /// The tensor of a step's weights, or the pool's name.
    fn kernel_name(&self, step: &Step) -> String {
        let node = &self.graph.nodes()[step.node];
        if let Op::Convolution(convolution) = &node.op { Convolution::kernel(convolution) } else { node.name.clone() }
    }
}

/// What was read of an image: of a map, the first of the four channels that it has in memory.
fn as_read(read: &Read, values: Vec<f32>) -> Vec<f32> {
    if read.pooling != Pooling::None {
        return values;
    }
    let (channels, padded) = (read.shape.channels, read.shape.channels.next_multiple_of(READ));
    (0..channels).flat_map(|channel| values.iter().skip(channel).step_by(padded).copied()).collect()
}

/// Refuses what are no images of a size.
fn check(images: &[f32], size: usize) -> Result<(), PackedError> {
    match size.checked_mul(size) {
        Some(area) if area > 0 && images.len().is_multiple_of(area) => Ok(()),
        _ => Err(PackedError::Images { values: images.len(), size }),
    }
}

fn floats(data: Option<TensorData>) -> Result<Vec<f32>, PackedError> {
    let data = data.ok_or_else(|| PackedError::device(&"it returned nothing"))?;
    data.try_into_vec().map_err(|error| PackedError::device(&error))
}
