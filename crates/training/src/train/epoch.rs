//! Once over the training slices, and once over the validation slices.

use anyhow::{Context, ensure};
use burn::optim::GradientsParams;
use burn::optim::lr_scheduler::module_lr_scheduler::ModuleLearningRate;
use burn::tensor::FloatDType;
use burn::tensor::activation::softmax;
use metrics::{Confusion, Predictions};
use model::Hinted;
use networks::{Answers, Network};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use scans::progress_bar;

use super::material::Material;
use super::running_metrics::RunningMetrics;
use super::trainer::Trainer;
use crate::batches::Changes;
use crate::checkpoint::Progress;
use crate::clipping;
use crate::layer_rates::LayerRates;
use crate::logits::rows;
use crate::map_loss::map_loss;
use crate::mixup::Mixed;
use crate::predict;
use crate::recipe::Stage;
use crate::sampler::Draw;
use crate::train_state::TrainState;

/// How far a step goes.
struct Update {
    /// The largest norm of all gradients together; 0 for any.
    clip: f32,
    rates: ModuleLearningRate,
}

impl Trainer<'_> {
    /// One pass over the training slices: the learner after it, and what it answered on the way.
    pub(super) fn pass(
        &self,
        mut learner: TrainState,
        material: Material<'_>,
        stage: &Stage,
        progress: &Progress,
    ) -> anyhow::Result<(TrainState, RunningMetrics)> {
        let recipe = &self.job.recipe;
        let source = self.source(material.slices, material.map);
        let draw = Draw::new(&recipe.data.draw, &self.job.scans.dataset().classes)?;
        let changes = Changes { grafts: material.grafts, augmentation: recipe.augmentation };
        let steps = source.steps(&self.split.train);
        let bar = progress_bar(steps, "training");
        let seed = recipe.seed ^ (progress.epoch as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let rates = LayerRates::new(&learner.network, stage.layer_decay);
        let mut metrics = RunningMetrics::default();
        let learner = std::thread::scope(|scope| {
            let batches = match material.activations {
                Some(activations) => {
                    let order = draw.order(&self.split.train, self.labels, &mut ChaCha8Rng::seed_from_u64(seed));
                    activations.batches(order, recipe.batch, progress.epoch, scope)
                }
                None => source.shuffled(&self.split.train, &draw, changes, seed, scope),
            };
            let mut mixing = ChaCha8Rng::seed_from_u64(!seed);
            for (number, batch) in batches.iter().enumerate() {
                let mixed = Mixed::new(batch, recipe.mixup, &mut mixing);
                let done = (progress.epoch_in_stage as f64 + number as f64 / steps as f64) / stage.epochs as f64;
                let rates = rates.at(stage.learning_rate_at(done));
                learner = self
                    .step(learner, material, &mixed, Update { clip: stage.clip, rates }, &mut metrics)
                    .with_context(|| format!("epoch {}, step {number}", progress.epoch + 1))?;
                learner = learner.averaged(recipe.average, progress.epoch * steps + number);
                bar.inc(1);
            }
            anyhow::Ok(learner)
        })?;
        bar.finish_and_clear();
        Ok((learner, metrics))
    }

    /// One step down the gradient of the loss of a batch: the learner after it; `metrics` notes what it answered before.
    fn step(
        &self,
        learner: TrainState,
        material: Material<'_>,
        mixed: &Mixed,
        update: Update,
        metrics: &mut RunningMetrics,
    ) -> anyhow::Result<TrainState> {
        let Answers { logits, map, .. } =
            material.answers(&learner.network, &mixed.batch, self.job.precision, &self.device);
        let mut loss = mixed.loss(&self.loss, logits.clone(), &self.device);
        if let (Some(map), Some(targets), Some(head)) = (map, &mixed.batch.targets, &self.job.recipe.map) {
            loss = loss + map_loss(map, targets, &self.device) * head.weight;
        }
        let mut gradients = GradientsParams::from_grads(loss.backward(), &learner.network);
        if update.clip > 0.0 {
            gradients = clipping::clipped(gradients, &learner.network, update.clip);
        }
        let learner = learner.step(update.rates, gradients);
        // Read last: the device computes while the host hands it the rest of the step.
        let loss = f64::from(loss.into_scalar::<f32>());
        ensure!(
            loss.is_finite(),
            Hinted::new(
                format!("the loss is {loss}; the state after the epoch before is kept."),
                "lower `learning_rate`"
            )
        );
        metrics.add(loss, &rows(logits)?, &mixed.batch.labels);
        Ok(learner)
    }

    /// Mean loss and confusion matrix of a network without gradients on the validation slices.
    ///
    /// # Errors
    /// The loss is no number, or the device fails.
    pub(super) fn validate(&self, network: &Network, material: Material<'_>) -> anyhow::Result<(f64, Confusion)> {
        let device = self.device.clone().inner();
        let source = self.source(self.slices, None);
        let (indices, size) = (&self.split.validation, self.job.recipe.batch);
        let batches = predict::in_batches(indices, size, &device, |chunk| {
            let batch = match material.activations {
                Some(activations) => activations.unchanged(chunk),
                None => source.unchanged(chunk),
            };
            let Answers { logits, .. } = material.answers(network, &batch, FloatDType::F32, &device);
            let loss: f32 = self.loss.forward(logits.clone(), &batch.labels, &device).into_scalar();
            Ok((f64::from(loss) * batch.labels.len() as f64, rows(softmax(logits, 1))?, batch.labels))
        })?;
        let count: usize = batches.iter().map(|(_, _, labels)| labels.len()).sum();
        let loss = batches.iter().map(|(loss, _, _)| loss).sum::<f64>() / count as f64;
        ensure!(
            loss.is_finite(),
            Hinted::new(
                format!("the validation loss is {loss}; the state after the epoch before is kept."),
                "lower `learning_rate`"
            )
        );
        let (probabilities, labels): (Vec<_>, Vec<_>) =
            batches.into_iter().flat_map(|(_, rows, labels)| rows.into_iter().zip(labels)).unzip();
        let each_alone: Vec<usize> = (0..labels.len()).collect();
        let predictions = Predictions::new(&self.job.scans.dataset().classes, &labels, &probabilities, &each_alone)?;
        Ok((loss, predictions.confusion()))
    }
}
