//! A run: stage by stage, epoch by epoch, from the start or from where it was stopped.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, ensure};
use burn::module::Module;
use burn::optim::ModuleOptimizer;
use burn::tensor::Device;
use dataset::Split;
use imaging::InputSpec;
use model::Hinted;
use networks::{Form, Network};
use scans::{Slices, fingerprint_of};
use storage::CacheKind;

use super::map_material::MapMaterial;
use super::material::Material;
use crate::adamax::Adamax;
use crate::adamw::AdamW;
use crate::batches::{Changes, MapTask, Source};
use crate::checkpoint::{Progress, RunFolder, read_tensors};
use crate::copy_paste::{CopyPaste, LabelledSlices};
use crate::epoch_log::EpochLog;
use crate::feature_cache::{Activations, Frozen, Kept};
use crate::job::Job;
use crate::loss::Loss;
use crate::memory;
use crate::preview;
use crate::recipe::{Keep, OptimizerName, Recipe, Stage};
use crate::sampler::Draw;
use crate::train_state::TrainState;

/// A job with all that it needs in memory.
pub struct Trainer<'a> {
    /// What was asked.
    pub job: &'a Job,
    /// At the input's size.
    pub slices: &'a Slices,
    /// Of every record.
    pub labels: &'a [usize],
    /// What can be read of it.
    pub split: &'a Split,
    /// Slices whose activations are kept, where the recipe says so.
    pub kept: Kept,
    /// What is made small.
    pub loss: Loss,
    /// The class of nothing, where the recipe's map has one.
    pub none: Option<usize>,
    /// With automatic differentiation.
    pub device: Device,
    /// Where everything goes.
    pub folder: RunFolder,
}

impl Trainer<'_> {
    /// Trains stage by stage.
    ///
    /// # Errors
    /// Those of [`super::train`].
    pub fn run(&self) -> anyhow::Result<()> {
        let Recipe { stages, batch, .. } = &self.job.recipe;
        ensure!(
            self.source(self.slices, None).steps(&self.split.train) > 0,
            Hinted::new(
                format!("{} slices to train on make no step of `batch` = {batch}.", self.split.train.len()),
                "a step needs half of `batch` at least: lower it"
            )
        );
        let mut progress = Progress::default();
        let mut learner = TrainState { network: self.start()?, average: None, optimizer: optimizer(&stages[0]) };
        // The state's stage may have another optimiser than the first; after the last stage none is needed.
        let of_stage = |progress: &Progress| optimizer(stages.get(progress.stage).unwrap_or(&stages[0]));
        if self.job.resume
            && let Some(state) = self.folder.resume(learner.network.clone(), of_stage)?
        {
            (learner.network, learner.optimizer, progress) = state;
            log::info!("going on after epoch {}", progress.epoch);
        }
        if self.job.recipe.average > 0.0 {
            learner.average = Some(self.folder.resume_average(learner.network.valid())?);
        }
        self.folder.truncate_log(progress.epoch)?;
        let activations = memory::or_hint(&self.memory_hint(&stages[0]), || self.activations(&learner.network))?;
        while let Some(stage) = stages.get(progress.stage) {
            if progress.epoch_in_stage == 0 {
                learner.optimizer = optimizer(stage);
            }
            let resized = stage.size.map(|size| self.resized(size)).transpose()?;
            let slices = resized.as_ref().unwrap_or(self.slices);
            let grafts = self.grafts(slices)?;
            let map = MapMaterial::of(self.job, slices, stage.size, &learner.network, self.none)?;
            let task = map.as_ref().map(|map| map.task(self.job.recipe.data.others));
            let material = Material { slices, grafts: grafts.as_ref(), activations: activations.as_ref(), map: task };
            let this = progress.stage;
            while progress.stage == this {
                learner.network = learner.network.train_from(stage.train_from);
                let hint = self.memory_hint(stage);
                learner = memory::or_hint(&hint, || self.epoch(learner, material, stage, &mut progress))?;
                self.folder.save(&learner.network, learner.average.as_ref(), &learner.optimizer, &progress)?;
            }
        }
        if let Some((loss, epoch)) = progress.best {
            let kept = match self.job.recipe.keep {
                Keep::Best => "that epoch's",
                Keep::Last => "the last epoch's",
            };
            log::info!("done: the best validation loss, {loss:.4}, was epoch {epoch}'s; network.safetensors is {kept}");
        }
        Ok(())
    }

    /// Writes the first slices of the last stage as it sees them.
    ///
    /// # Errors
    /// The recipe names unknown classes, or the file can't be written.
    pub fn preview(&self, file: &Path) -> anyhow::Result<()> {
        let recipe = &self.job.recipe;
        let grafts = self.grafts(self.slices)?;
        let changes = Changes { grafts: grafts.as_ref(), augmentation: recipe.augmentation };
        let draw = Draw::new(&recipe.data.draw, &self.job.scans.dataset().classes)?;
        let source = self.source(self.slices, None);
        std::thread::scope(|scope| {
            let batches = source.shuffled(&self.split.train, &draw, changes, recipe.seed, scope);
            preview::write_sheet(file, batches.iter(), &self.job.scans.dataset().classes)
        })
    }

    fn memory_hint(&self, stage: &Stage) -> String {
        let Recipe { batch, input, .. } = &self.job.recipe;
        let size = stage.size.unwrap_or(input.size);
        format!(
            "stage \"{}\" trains on `batch` = {batch} slices of `size` = {size} pixels at a time: lower one of them. The \
             state after the epoch before is kept",
            stage.name
        )
    }

    /// The network at its start: ImageNet's trunk and a head of random weights that follow from the seed.
    fn start(&self) -> anyhow::Result<Network> {
        let recipe = &self.job.recipe;
        self.device.seed(recipe.seed);
        let network = recipe
            .network(&self.job.scans.dataset().classes, Form::Trainable)?
            .with_dropout(recipe.dropout)
            .init(&self.device)
            .identified();
        let tensors = networks::in_network_layout(read_tensors(&self.job.start)?);
        let tensors = networks::for_unit_input(recipe.architecture, tensors);
        network
            .load_trunk(&tensors)
            .with_context(|| format!("\"{}\" does not fit the recipe", self.job.start.display()))
    }

    /// What tumours are put in and taken out with, where the recipe asks for it.
    fn grafts<'b>(&'b self, slices: &'b Slices) -> anyhow::Result<Option<CopyPaste<'b>>> {
        let Job { scans, recipe, outlines, .. } = self.job;
        let train = LabelledSlices { slices, labels: self.labels, indices: &self.split.train };
        let grafts = CopyPaste::of(recipe, scans.dataset(), outlines, train)?;
        if let Some(grafts) = &grafts {
            let (donors, repairable) = grafts.counts();
            log::info!("{donors} slices can lend a tumour; the other half of the head can cover {repairable} of them");
        }
        Ok(grafts)
    }

    /// What the frozen blocks make of the slices, where the recipe keeps it.
    fn activations(&self, network: &Network) -> anyhow::Result<Option<Activations>> {
        let Job { recipe, .. } = self.job;
        let Some(cache) = &recipe.cache else { return Ok(None) };
        let grafts = self.grafts(self.slices)?;
        let (network, device) = (network.valid(), self.device.clone().inner());
        let frozen = Frozen {
            network: &network,
            block: cache.block,
            source: self.source(self.slices, None),
            changes: Changes { grafts: grafts.as_ref(), augmentation: recipe.augmentation },
            seed: recipe.seed,
            device: &device,
        };
        let key = self.activations_key()?;
        let entry = self.job.scans.cache().entry(CacheKind::Activations, &key);
        let activations = Activations::of(frozen, &self.kept, cache.variants, entry)?;
        log::info!("the output of the frozen blocks is kept: {} MiB", activations.bytes() >> 20);
        Ok(Some(activations))
    }

    /// All that decides what the frozen blocks give.
    fn activations_key(&self) -> anyhow::Result<String> {
        let Job { recipe, scans, outlines, start, .. } = self.job;
        let Recipe { architecture, input, augmentation, transplant, cache, seed, .. } = recipe;
        let paths = |indices: &[usize]| -> Vec<&str> {
            indices.iter().map(|&index| scans.dataset().records[index].path.as_str()).collect()
        };
        let start = std::fs::read(start).with_context(|| format!("cannot read \"{}\"", start.display()))?;
        // CopyPaste take from the training slices, whichever are kept.
        let donors = transplant.as_ref().map(|_| (outlines.digest(), fingerprint_of(&paths(&self.split.train))));
        let key = serde_json::json!({
            "scans": scans.fingerprint(), "classes": scans.dataset().classes, "start": weights::sha256(&start), "seed": seed,
            "network": architecture, "input": input, "augmentation": augmentation, "cache": cache,
            "transplant": transplant, "donors": donors,
            "train": fingerprint_of(&paths(&self.kept.train)), "validation": fingerprint_of(&paths(&self.kept.validation)),
        });
        Ok(key.to_string())
    }

    /// The training slices at another size than the input's.
    fn resized(&self, size: u32) -> anyhow::Result<Slices> {
        let Job { scans, recipe, .. } = self.job;
        Slices::prepare(scans, &self.split.train, &InputSpec { size, ..recipe.input })
    }

    /// Trains one epoch, validates, logs, and moves `progress` on.
    fn epoch(
        &self,
        learner: TrainState,
        material: Material<'_>,
        stage: &Stage,
        progress: &mut Progress,
    ) -> anyhow::Result<TrainState> {
        let began = Instant::now();
        self.device.seed(self.job.recipe.seed.wrapping_add(progress.epoch as u64 + 1));
        let (learner, metrics) = self.pass(learner, material, stage, progress)?;
        let network = learner.result();
        let (validation_loss, validation) = self.validate(&network, material)?;
        progress.epoch += 1;
        progress.epoch_in_stage += 1;
        let epoch = EpochLog {
            epoch: progress.epoch,
            stage: stage.name.clone(),
            train_loss: metrics.loss(),
            train_accuracy: metrics.accuracy(),
            validation_loss,
            validation_accuracy: validation.accuracy(),
            validation: validation.macro_average(),
            validation_confusion: validation.rows().to_vec(),
            learning_rate: stage.learning_rate_at(progress.epoch_in_stage as f64 / stage.epochs as f64),
            seconds: began.elapsed().as_secs_f64(),
            ended: time::OffsetDateTime::now_utc().unix_timestamp().unsigned_abs(),
        };
        log::info!("{epoch}");
        self.folder.log(epoch)?;
        self.judge(&network, stage, validation_loss, progress)?;
        Ok(learner)
    }

    /// Keeps the network if the recipe wants this one, and ends the stage when its time is up or nothing is gained.
    fn judge(&self, network: &Network, stage: &Stage, loss: f64, progress: &mut Progress) -> anyhow::Result<()> {
        if progress.best.is_none_or(|(best, _)| loss < best) {
            progress.best = Some((loss, progress.epoch));
            progress.epochs_without_gain = 0;
        } else {
            progress.epochs_without_gain += 1;
        }
        if progress.epochs_without_gain == 0 || self.job.recipe.keep == Keep::Last {
            self.folder.keep(network)?;
        }
        let patience = self.job.recipe.patience;
        let stalled = patience > 0 && progress.epochs_without_gain >= patience;
        if stalled {
            log::info!("no gain for {patience} epochs: stage \"{}\" ends early", stage.name);
        }
        if stalled || progress.epoch_in_stage >= stage.epochs {
            progress.stage += 1;
            progress.epoch_in_stage = 0;
            progress.epochs_without_gain = 0;
        }
        Ok(())
    }

    /// The slices at a size, to be made batches of.
    pub(super) fn source<'b>(&'b self, slices: &'b Slices, map: Option<MapTask<'b>>) -> Source<'b> {
        Source { slices, labels: self.labels, size: self.job.recipe.batch, map }
    }
}

fn optimizer(stage: &Stage) -> ModuleOptimizer {
    match stage.optimizer {
        OptimizerName::Adamax => Adamax::default().into(),
        OptimizerName::Adamw => AdamW::new(stage.weight_decay.into()).into(),
    }
}
