//! `sulcus train`: a recipe and a folder of scans to a run folder.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, bail, ensure};
use burn::module::Module;
use burn::optim::{AdamWConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor};
use dataset::{Protocol, Split};
use imaging::InputSpec;
use metrics::{Confusion, Predictions};
use networks::{Form, Network, NetworkConfig};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::activations::{Activations, Frozen};
use crate::adamax::Adamax;
use crate::batches::{Batch, Changes, Source};
use crate::checkpoint::{Progress, RunFolder, read_tensors};
use crate::cli::TrainArguments;
use crate::clipping;
use crate::data::{Scans, fingerprint_of};
use crate::draw::Draw;
use crate::environment::Environment;
use crate::epoch_log::EpochLog;
use crate::folds;
use crate::grafts::Grafts;
use crate::layer_rates::LayerRates;
use crate::learner::Learner;
use crate::logits::{largest, rows};
use crate::loss::Loss;
use crate::memory;
use crate::mixup::Mixed;
use crate::model_files;
use crate::outlines::Outlines;
use crate::preview;
use crate::recipe::{Keep, OptimizerName, Recipe, Stage};
use crate::report;
use crate::slices::{Slices, progress_bar};

/// Runs `sulcus train`.
///
/// # Errors
/// The recipe, the data or the starting weights can't be used, or training failed.
pub fn run(arguments: &TrainArguments) -> anyhow::Result<()> {
    if !arguments.resume && (has_state(&arguments.out) || !folds::folders(&arguments.out).is_empty()) {
        bail!(
            "\"{}\" already holds a training run.\nhint: go on with --resume, or name another folder with --out",
            arguments.out.display()
        );
    }
    let job = Job::open(arguments)?;
    let device = arguments.device.open()?;
    if let Some(count) = arguments.folds {
        return folds::train_all(&job, count.into(), &device);
    }
    train(&job, &device)?;
    if job.preview.is_some() {
        return Ok(());
    }
    report::write(&job.out, &job.scans, &device)
}

/// The outlines that a recipe with transplants needs.
fn outlines(arguments: &TrainArguments, recipe: &Recipe) -> anyhow::Result<Outlines> {
    if recipe.transplant.is_none() {
        return Ok(Outlines::default());
    }
    Outlines::find(arguments.outlines.as_deref(), &arguments.data)
        .context("the recipe transplants tumours; without [transplant] it needs no outlines")
}

/// What `sulcus train` was asked.
#[derive(Clone)]
pub struct Job {
    /// The recipe.
    pub recipe: Recipe,
    /// The folder of scans, with its groups where they are known.
    pub scans: Scans,
    /// Outlines of tumours; none where the recipe transplants none.
    pub outlines: Outlines,
    /// ImageNet weights to start from.
    pub start: PathBuf,
    /// The run folder.
    pub out: PathBuf,
    /// Go on where an earlier run stopped.
    pub resume: bool,
    /// Where to show what training sees, instead of training.
    pub preview: Option<PathBuf>,
    /// Whose activations are kept, where the recipe says so and runs share them; those of its own split otherwise.
    pub kept: Option<Kept>,
}

impl Job {
    /// Reads what the arguments name.
    ///
    /// # Errors
    /// The recipe, the data or the starting weights can't be used.
    pub fn open(arguments: &TrainArguments) -> anyhow::Result<Self> {
        let recipe = Recipe::open(&arguments.recipe)?;
        let start = match &arguments.start {
            Some(start) => start.clone(),
            None => model_files::find(&format!("start/imagenet-{}.safetensors", recipe.architecture))?,
        };
        Ok(Self {
            outlines: outlines(arguments, &recipe)?,
            scans: arguments.data.open_for(&recipe)?,
            recipe,
            start,
            out: arguments.out.clone(),
            resume: arguments.resume,
            preview: arguments.preview.clone(),
            kept: None,
        })
    }
}

/// Slices whose activations are kept, as ascending indices.
#[derive(Clone)]
pub struct Kept {
    /// Changed as training does.
    pub train: Vec<usize>,
    /// As they are.
    pub validation: Vec<usize>,
}

/// What a stage trains on.
#[derive(Clone, Copy)]
struct Material<'a> {
    slices: &'a Slices,
    grafts: Option<&'a Grafts<'a>>,
    activations: Option<&'a Activations>,
}

impl Material<'_> {
    /// What a network makes of a batch.
    fn logits(&self, network: &Network, batch: &Batch, device: &Device) -> Tensor<2> {
        match self.activations {
            Some(activations) => network.forward_from(activations.block, batch.tensor(device)),
            None => network.forward(batch.images(Form::Trainable.channels(), device)),
        }
    }
}

struct Trainer<'a> {
    job: &'a Job,
    /// At the input's size.
    slices: &'a Slices,
    labels: &'a [usize],
    split: &'a Split,
    kept: Kept,
    loss: Loss,
    /// With automatic differentiation.
    device: Device,
    folder: RunFolder,
}

/// Trains by the recipe and leaves a run folder.
///
/// # Errors
/// The data can't be split as asked, the starting weights don't fit, the loss is no longer a number, the device is out
/// of memory, or the disk refuses. The last whole epoch stays in the run folder.
pub fn train(job: &Job, device: &Device) -> anyhow::Result<()> {
    warn_of_unknown_groups(job);
    let split = prepare_split(job)?;
    let kept = job.kept.clone();
    let kept = kept.unwrap_or_else(|| Kept { train: split.train.clone(), validation: split.validation.clone() });
    let wanted = [&split.train[..], &split.validation, &kept.train, &kept.validation].concat();
    let slices = Slices::prepare(&job.scans, &wanted, &job.recipe.input)?;
    for file in &slices.unreadable {
        eprintln!("left out \"{}\": {}", file.path.display(), file.reason);
    }
    let split = Split {
        train: slices.readable(&split.train),
        validation: slices.readable(&split.validation),
        test: split.test,
    };
    let kept = Kept { train: slices.readable(&kept.train), validation: slices.readable(&kept.validation) };
    ensure!(!split.train.is_empty() && !split.validation.is_empty(), "no slice is left to train or to validate on");
    let folder = RunFolder::open(&job.out)?;
    write_inputs(&folder, job, &split)?;
    folder.write("environment.json", &serde_json::to_vec(&Environment::of(device))?)?;
    let labels: Vec<usize> = job.scans.records.iter().map(|record| record.label).collect();
    let counts = job.scans.class_counts(&split.train);
    let loss = if job.recipe.data.class_weights {
        Loss::balanced(&counts, job.recipe.label_smoothing)
    } else {
        Loss::new(counts.len(), job.recipe.label_smoothing)
    };
    println!("{} slices to train on, {} to validate: {counts:?} by class", split.train.len(), split.validation.len());
    let device = device.clone().autodiff();
    let trainer = Trainer { job, slices: &slices, labels: &labels, split: &split, kept, loss, device, folder };
    match &job.preview {
        Some(file) => trainer.preview(file),
        None => trainer.run(),
    }
}

/// A grouped split of slices of which nothing is known is none.
fn warn_of_unknown_groups(job: &Job) {
    let has_groups =
        job.scans.records.iter().any(|record| record.patient_group.is_some() || record.dup_group.is_some());
    if job.recipe.data.protocol == Protocol::Grouped && !has_groups {
        eprintln!(
            "warning: neither patients nor copies are known, so slices of one patient can be on both sides.\n\
             hint: name them in a CSV with --groups"
        );
    }
}

/// The split by the recipe, without copies in its training part where it says so.
///
/// # Errors
/// The data can't be divided as asked.
pub fn prepare_split(job: &Job) -> anyhow::Result<Split> {
    let mut split = dataset::split(&job.scans, &job.recipe.split_spec())?;
    if job.recipe.data.unique {
        // Of copies, the one whose outline is known is the one to keep.
        let outlined = |&index: &usize| job.outlines.has(&job.scans.records[index].path);
        split.train.sort_by_key(|index| (!outlined(index), *index));
        split.train = dataset::unique(&job.scans, &split.train);
        split.train.sort_unstable();
    }
    Ok(split)
}

/// What a run was trained with, for whoever evaluates, exports or repeats it.
fn write_inputs(folder: &RunFolder, job: &Job, split: &Split) -> anyhow::Result<()> {
    let paths = |indices: &[usize]| -> Vec<&str> {
        indices.iter().map(|&index| job.scans.records[index].path.as_str()).collect()
    };
    let split = serde_json::json!({
        "train": paths(&split.train), "validation": paths(&split.validation), "test": paths(&split.test),
    });
    folder.write("recipe.toml", job.recipe.to_toml()?.as_bytes())?;
    folder.write("classes.json", &serde_json::to_vec(&job.scans.classes)?)?;
    folder.write("data.json", &serde_json::to_vec(job.scans.fingerprint())?)?;
    folder.write("split.json", &serde_json::to_vec_pretty(&split)?)
}

impl Trainer<'_> {
    fn run(&self) -> anyhow::Result<()> {
        let stages = &self.job.recipe.stages;
        let mut progress = Progress::default();
        let mut learner = Learner { network: self.start()?, average: None, optimizer: optimizer(&stages[0]) };
        // The state's stage may have another optimiser than the first; after the last stage none is needed.
        let of_stage = |progress: &Progress| optimizer(stages.get(progress.stage).unwrap_or(&stages[0]));
        if self.job.resume
            && let Some(state) = self.folder.resume(learner.network.clone(), of_stage)?
        {
            (learner.network, learner.optimizer, progress) = state;
            println!("going on after epoch {}", progress.epoch);
        }
        if self.job.recipe.average > 0.0 {
            learner.average = Some(self.folder.resume_average(learner.network.valid())?);
        }
        self.folder.truncate_log(progress.epoch)?;
        let activations = self.activations(&learner.network)?;
        while let Some(stage) = stages.get(progress.stage) {
            if progress.epoch_in_stage == 0 {
                learner.optimizer = optimizer(stage);
            }
            let resized = stage.size.map(|size| self.resized(size)).transpose()?;
            let slices = resized.as_ref().unwrap_or(self.slices);
            let grafts = self.grafts(slices)?;
            let material = Material { slices, grafts: grafts.as_ref(), activations: activations.as_ref() };
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
            println!("done: the best validation loss, {loss:.4}, was epoch {epoch}'s; network.safetensors is {kept}");
        }
        Ok(())
    }

    /// Writes the first slices of the last stage as it sees them.
    fn preview(&self, file: &Path) -> anyhow::Result<()> {
        let recipe = &self.job.recipe;
        let grafts = self.grafts(self.slices)?;
        let changes = Changes { grafts: grafts.as_ref(), augmentation: recipe.augmentation };
        let draw = Draw::new(&recipe.data.draw, &self.job.scans.classes)?;
        let source = self.source(self.slices);
        std::thread::scope(|scope| {
            let batches = source.shuffled(&self.split.train, &draw, changes, recipe.seed, scope);
            preview::write(file, batches.iter(), &self.job.scans.classes)
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
        let network = NetworkConfig::new(recipe.architecture, self.job.scans.classes.len(), Form::Trainable)
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
    fn grafts<'b>(&'b self, slices: &'b Slices) -> anyhow::Result<Option<Grafts<'b>>> {
        let Job { scans, recipe, outlines, .. } = self.job;
        let grafts = Grafts::of(recipe, scans, outlines, (slices, self.labels, &self.split.train))?;
        if let Some(grafts) = &grafts {
            let (donors, repairable) = grafts.counts();
            println!("{donors} slices can lend a tumour, {repairable} of them can do without it");
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
            source: self.source(self.slices),
            changes: Changes { grafts: grafts.as_ref(), augmentation: recipe.augmentation },
            seed: recipe.seed,
            device: &device,
        };
        let key = self.activations_key()?;
        let parts = (self.kept.train.as_slice(), self.kept.validation.as_slice());
        let activations = Activations::of(frozen, parts, cache.variants, (self.job.scans.cache(), &key))?;
        println!("the output of the frozen blocks is kept: {} MiB", activations.bytes() >> 20);
        Ok(Some(activations))
    }

    /// All that decides what the frozen blocks give.
    fn activations_key(&self) -> anyhow::Result<String> {
        let Job { recipe, scans, outlines, start, .. } = self.job;
        let Recipe { architecture, input, augmentation, transplant, cache, seed, .. } = recipe;
        let paths = |indices: &[usize]| -> Vec<&str> {
            indices.iter().map(|&index| scans.records[index].path.as_str()).collect()
        };
        let start = std::fs::read(start).with_context(|| format!("cannot read \"{}\"", start.display()))?;
        // Grafts take from the training slices, whichever are kept.
        let donors = transplant.as_ref().map(|_| (outlines.digest(), fingerprint_of(&paths(&self.split.train))));
        let key = serde_json::json!({
            "scans": scans.fingerprint(), "classes": scans.classes, "start": weights::sha256(&start), "seed": seed,
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
        learner: Learner,
        material: Material<'_>,
        stage: &Stage,
        progress: &mut Progress,
    ) -> anyhow::Result<Learner> {
        let began = Instant::now();
        self.device.seed(self.job.recipe.seed.wrapping_add(progress.epoch as u64 + 1));
        let (learner, train_loss, train_accuracy) = self.pass(learner, material, stage, progress)?;
        let network = learner.result();
        let (validation_loss, validation) = self.validate(&network, material)?;
        ensure!(
            validation_loss.is_finite(),
            "the validation loss is {validation_loss} after epoch {}; the state after the epoch before is kept.\n\
             hint: lower `learning_rate`",
            progress.epoch + 1
        );
        progress.epoch += 1;
        progress.epoch_in_stage += 1;
        self.folder.log(EpochLog {
            epoch: progress.epoch,
            stage: stage.name.clone(),
            train_loss,
            train_accuracy,
            validation_loss,
            validation_accuracy: validation.accuracy(),
            validation: validation.macro_average(),
            validation_confusion: validation.rows().to_vec(),
            learning_rate: stage.learning_rate_at(progress.epoch_in_stage as f64 / stage.epochs as f64),
            seconds: began.elapsed().as_secs_f64(),
            ended: time::OffsetDateTime::now_utc().unix_timestamp().unsigned_abs(),
        })?;
        println!(
            "epoch {:3} {:<10} loss {train_loss:.4} accuracy {train_accuracy:.4} | validation loss {validation_loss:.4} \
             accuracy {:.4} precision {:.4} recall {:.4} | {:.0} s",
            progress.epoch,
            stage.name,
            validation.accuracy(),
            validation.macro_average().precision,
            validation.macro_average().recall,
            began.elapsed().as_secs_f64(),
        );
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
            println!("no gain for {patience} epochs: stage \"{}\" ends early", stage.name);
        }
        if stalled || progress.epoch_in_stage >= stage.epochs {
            progress.stage += 1;
            progress.epoch_in_stage = 0;
            progress.epochs_without_gain = 0;
        }
        Ok(())
    }

    /// One pass over the training slices: the learner after it, the mean loss and the accuracy on the way.
    fn pass(
        &self,
        mut learner: Learner,
        material: Material<'_>,
        stage: &Stage,
        progress: &Progress,
    ) -> anyhow::Result<(Learner, f64, f64)> {
        let recipe = &self.job.recipe;
        let source = self.source(material.slices);
        let draw = Draw::new(&recipe.data.draw, &self.job.scans.classes)?;
        let changes = Changes { grafts: material.grafts, augmentation: recipe.augmentation };
        let steps = source.steps(&self.split.train);
        let bar = progress_bar(steps, "training");
        let seed = recipe.seed ^ (progress.epoch as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let rates = LayerRates::new(&learner.network, stage.layer_decay);
        let (mut loss_sum, mut right, mut total) = (0.0, 0, 0);
        let learner = std::thread::scope(|scope| {
            let batches = match material.activations {
                Some(activations) => {
                    let order = draw.order(&self.split.train, self.labels, &mut ChaCha8Rng::seed_from_u64(seed));
                    activations.batches(order, recipe.batch, progress.epoch, scope)
                }
                None => source.shuffled(&self.split.train, &draw, changes, seed, scope),
            };
            let mut mixing = ChaCha8Rng::seed_from_u64(!seed);
            for (step, batch) in batches.iter().enumerate() {
                let mixed = Mixed::new(batch, recipe.mixup, &mut mixing);
                let logits = material.logits(&learner.network, &mixed.batch, &self.device);
                let loss = mixed.loss(&self.loss, logits.clone(), &self.device);
                let batch = mixed.batch;
                let value = f64::from(loss.clone().into_scalar::<f32>());
                ensure!(
                    value.is_finite(),
                    "the loss is {value} in epoch {}, step {step}; the state after the epoch before is kept. \
                     hint: lower `learning_rate`",
                    progress.epoch + 1
                );
                let mut gradients = GradientsParams::from_grads(loss.backward(), &learner.network);
                if stage.clip > 0.0 {
                    gradients = clipping::clipped(gradients, &learner.network, stage.clip);
                }
                let stage_progress =
                    (progress.epoch_in_stage as f64 + step as f64 / steps as f64) / stage.epochs as f64;
                learner = learner.step(rates.at(stage.learning_rate_at(stage_progress)), gradients);
                learner = learner.averaged(recipe.average, progress.epoch * steps + step);
                loss_sum += value * batch.labels.len() as f64;
                right += count_right(logits, &batch.labels)?;
                total += batch.labels.len();
                bar.inc(1);
            }
            Ok(learner)
        })?;
        bar.finish_and_clear();
        let total = total.max(1) as f64;
        Ok((learner, loss_sum / total, right as f64 / total))
    }

    /// Mean loss and confusion matrix of a network without gradients on the validation slices.
    fn validate(&self, network: &Network, material: Material<'_>) -> anyhow::Result<(f64, Confusion)> {
        let device = self.device.clone().inner();
        let (mut loss_sum, mut probabilities, mut labels) = (0.0, Vec::new(), Vec::new());
        let (indices, size) = (&self.split.validation, self.job.recipe.batch);
        let batches: Box<dyn Iterator<Item = Batch>> = match material.activations {
            Some(activations) => Box::new(activations.validation(indices, size)),
            None => Box::new(self.source(self.slices).in_order(indices)),
        };
        for batch in batches {
            let logits = material.logits(network, &batch, &device);
            let loss: f32 = self.loss.forward(logits.clone(), &batch.labels, &device).into_scalar();
            loss_sum += f64::from(loss) * batch.labels.len() as f64;
            probabilities.extend(rows(softmax(logits, 1))?);
            labels.extend(batch.labels);
        }
        let each_alone: Vec<usize> = (0..labels.len()).collect();
        let predictions = Predictions::new(&self.job.scans.classes, &labels, &probabilities, &each_alone)?;
        Ok((loss_sum / labels.len() as f64, predictions.confusion()))
    }

    fn source<'b>(&'b self, slices: &'b Slices) -> Source<'b> {
        Source { slices, labels: self.labels, size: self.job.recipe.batch }
    }
}

fn optimizer(stage: &Stage) -> ModuleOptimizer {
    match stage.optimizer {
        OptimizerName::Adamax => Adamax::default().into(),
        OptimizerName::Adamw => AdamWConfig::new().with_weight_decay(stage.weight_decay).init(),
    }
}

fn count_right(logits: Tensor<2>, labels: &[usize]) -> anyhow::Result<usize> {
    Ok(rows(logits)?.iter().zip(labels).filter(|(row, label)| largest(row) == **label).count())
}

/// Whether a run folder holds a state to resume.
#[must_use]
pub fn has_state(out: &Path) -> bool {
    out.join("last").exists() || out.join("last.new").exists()
}
