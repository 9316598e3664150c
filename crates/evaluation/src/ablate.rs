//! Ablation: what each component of a recipe gives.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use burn::tensor::Device;
use dataset::SplitProtocol;
use metrics::{Bootstrap, Difference, Predictions, Report};
use reports::{Kind, Summary};
use scans::Scans;
use serde::Serialize;
use training::{Component, Environment, Job, Recipe, RunFolder, TrainConfig, check_begun, prepare_split, train};

use crate::predictions_file::{self, HeldOut};
use crate::report;
use crate::truth::against_truth;

/// Folder of the run by the whole recipe.
pub(crate) const WHOLE: &str = "whole";

/// What each component of a recipe gives.
#[derive(Serialize)]
pub struct Ablation {
    /// By which rule slices were held out.
    split: SplitProtocol,
    architecture: String,
    input_size: u32,
    environment: Option<Environment>,
    command: String,
    /// What the intervals do and do not say.
    intervals: &'static str,
    /// By the recipe as it is.
    pub whole: Outcome,
    /// The recipe without one component after the other.
    pub without: Vec<Without>,
    data_fingerprint: String,
    recipe: Recipe,
}

impl Kind for Ablation {
    const KIND: &'static str = "ablation";
}

/// What one training came to.
#[derive(Serialize)]
pub struct Outcome {
    /// On the slices that decided when to stop.
    pub validation: Figures,
    /// `None` where the recipe holds nothing out.
    pub test: Option<Figures>,
}

/// What was measured of one part of the slices.
#[derive(Serialize)]
pub struct Figures {
    /// Accuracy and the like.
    #[serde(flatten)]
    pub summary: Summary,
    log_loss: f64,
    /// Class by class.
    recall: BTreeMap<String, f64>,
}

/// One component left out.
#[derive(Serialize)]
pub struct Without {
    /// Its name.
    #[serde(rename = "ingredient")]
    pub component: &'static str,
    /// What training without it came to.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// The whole recipe less this one, on the validation slices.
    pub gain_on_validation: Difference,
    /// The same on the held-out slices.
    pub gain_on_test: Option<Difference>,
}

const INTERVALS: &str = "95 % intervals are percentiles of resamples of whole clusters of patients and copies; for a gain \
     both networks are resampled together. All runs share one seed: how much two trainings with different seeds differ is \
     not in the intervals.";

/// What to train without what.
#[derive(Debug, Clone)]
pub struct AblateConfig {
    /// The whole recipe, and the folder of all runs in the place of a run folder. What was done in it stays done.
    pub train: TrainConfig,
    /// The components to leave out; where none is named, all that the recipe has and that leave slices as they are.
    pub without: Vec<Component>,
}

/// Trains by the whole recipe and without each component, each into a folder of its own, and compares.
///
/// # Errors
/// The recipe does not have a component, the data can't be used, training failed, or a file can't be written.
pub fn ablate(config: &AblateConfig) -> anyhow::Result<Ablation> {
    let whole = Job::open(&config.train)?;
    let components = components(&config.without, &whole.recipe)?;
    let device = config.train.device.open()?;
    train_once(&Job { out: whole.out.join(WHOLE), ..whole.clone() }, &device)?;
    train_each(&whole, &components, &device)?;
    let named: Vec<Component> = components.into_iter().map(|(component, _)| component).collect();
    compare(&whole.out, &named, &whole.scans)
}

/// Trains without each component and not by the whole recipe: one task of an array. [`crate::report_again`] compares them.
///
/// # Errors
/// As [`ablate`].
pub fn train_without(config: &AblateConfig) -> anyhow::Result<()> {
    let whole = Job::open(&config.train)?;
    train_each(&whole, &components(&config.without, &whole.recipe)?, &config.train.device.open()?)
}

/// Whether a folder holds the runs of an ablation.
pub(crate) fn is_ablation(run: &Path) -> bool {
    run.join(WHOLE).join("report.json").exists()
}

/// Compares the runs that a folder holds.
///
/// # Errors
/// A run is not done, was not trained on these scans, or is by another recipe than the whole one without its component.
pub(crate) fn join(run: &Path, scans: &Scans) -> anyhow::Result<Ablation> {
    let there = |component: &Component| folder(run, *component).exists();
    let components: Vec<Component> = Component::ALL.into_iter().filter(there).collect();
    let whole = Recipe::open(&run.join(WHOLE).join("recipe.toml"))?;
    for component in &components {
        let folder = folder(run, *component);
        let is_of_whole = component.left_out_of(&whole) == Some(Recipe::open(&folder.join("recipe.toml"))?);
        ensure!(
            is_of_whole,
            "\"{}\" is not by the recipe of \"{WHOLE}\" without {}",
            folder.display(),
            component.name()
        );
    }
    compare(run, &components, scans)
}

fn folder(run: &Path, component: Component) -> PathBuf {
    run.join(format!("without-{}", component.name()))
}

fn compare(run: &Path, components: &[Component], scans: &Scans) -> anyhow::Result<Ablation> {
    let of_whole = Parts::read(&run.join(WHOLE), scans)?;
    let without =
        |&component: &Component| Without::new(component, &of_whole, &Parts::read(&folder(run, component), scans)?);
    let without = components.iter().map(without).collect::<anyhow::Result<Vec<_>>>()?;
    let folder = RunFolder::open(&run.join(WHOLE))?;
    let recipe = Recipe::open(&folder.file("recipe.toml"))?;
    let names: Vec<&str> = components.iter().map(|component| component.name()).collect();
    let command =
        format!("sulcus ablate --recipe {}.toml --data DIR --out RUNS --without {}", recipe.name, names.join(","));
    let ablation = Ablation {
        split: recipe.data.protocol,
        architecture: recipe.architecture.to_string(),
        input_size: recipe.input.size,
        environment: report::environment(&folder)?,
        command,
        intervals: INTERVALS,
        whole: of_whole.outcome(),
        without,
        data_fingerprint: scans.fingerprint().to_owned(),
        recipe,
    };
    ablation.say();
    Ok(ablation)
}

/// The components that were named, or all that leave slices as they are, each with the recipe without it.
fn components(named: &[Component], recipe: &Recipe) -> anyhow::Result<Vec<(Component, Recipe)>> {
    let without = |&component: &Component| {
        let without = component.left_out_of(recipe);
        without
            .map(|without| (component, without))
            .with_context(|| format!("--without {}: the recipe \"{}\" does not have it", component.name(), recipe.name))
    };
    if !named.is_empty() {
        return named.iter().map(without).collect();
    }
    let cheap = Component::ALL.iter().filter(|component| component.leaves_slices());
    let all: Vec<_> = cheap.filter_map(|component| without(component).ok()).collect();
    ensure!(!all.is_empty(), "the recipe \"{}\" has nothing that could be left out", recipe.name);
    Ok(all)
}

/// Predictions of both parts.
struct Parts {
    validation: Predictions,
    test: Option<Predictions>,
}

fn train_each(whole: &Job, components: &[(Component, Recipe)], device: &Device) -> anyhow::Result<()> {
    components.iter().try_for_each(|(component, recipe)| {
        let out = folder(&whole.out, *component);
        train_once(&Job { recipe: recipe.clone(), out, ..whole.clone() }, device)
    })
}

/// Trains and reports where that was not done before.
fn train_once(job: &Job, device: &Device) -> anyhow::Result<()> {
    check_begun(job, &prepare_split(job)?)?;
    if job.out.join("report.json").exists() {
        log::info!("\"{}\" is done", job.out.display());
        return Ok(());
    }
    log::info!("training into \"{}\"", job.out.display());
    train(job, device)?;
    report::write(&job.out, &job.scans, &job.outlines, device)
}

fn predictions(file: &Path, scans: &Scans, part: HeldOut) -> anyhow::Result<Option<Predictions>> {
    let part = predictions_file::read(file, scans.dataset(), part)?;
    if part.indices.is_empty() {
        return Ok(None);
    }
    Ok(Some(against_truth(scans.dataset(), &part.indices, &part.probabilities)?))
}

impl Parts {
    /// What the network of a run says.
    fn read(run: &Path, scans: &Scans) -> anyhow::Result<Self> {
        let trained_on: String = RunFolder::open(run)?.read("data.json")?;
        ensure!(trained_on == scans.fingerprint(), "\"{}\" was trained on other scans", run.display());
        let read = |part| predictions(&run.join("predictions.csv"), scans, part);
        Ok(Self {
            validation: read(HeldOut::Validation)?.context("the recipe holds nothing back for validation")?,
            test: read(HeldOut::Test)?,
        })
    }

    fn outcome(&self) -> Outcome {
        Outcome { validation: Figures::new(&self.validation), test: self.test.as_ref().map(Figures::new) }
    }
}

impl Ablation {
    /// Tells the log what was found.
    fn say(&self) {
        let shown = |outcome: &Outcome| outcome.test.as_ref().unwrap_or(&outcome.validation).summary.accuracy;
        log::info!("the whole recipe: accuracy {:.4}", shown(&self.whole));
        log::info!("{:<18} {:>10} {:>8} {:>20}", "without", "accuracy", "gain", "95 % interval");
        for without in &self.without {
            let gain = without.gain_on_test.unwrap_or(without.gain_on_validation);
            let ([low, high], accuracy) = (gain.accuracy_ci95, shown(&without.outcome));
            log::info!("{:<18} {accuracy:>10.4} {:>+8.4}    {low:+.4} to {high:+.4}", without.component, gain.accuracy);
        }
    }
}

impl Figures {
    fn new(predictions: &Predictions) -> Self {
        let report = Report::new(predictions, Bootstrap::default());
        Self {
            summary: Summary::from(&report),
            log_loss: report.log_loss,
            recall: report.per_class.into_iter().map(|class| (class.class, class.recall)).collect(),
        }
    }
}

impl Without {
    fn new(component: Component, whole: &Parts, without: &Parts) -> anyhow::Result<Self> {
        let gain =
            |whole: &Predictions, without: &Predictions| metrics::difference(whole, without, Bootstrap::default());
        let on_test = whole.test.as_ref().zip(without.test.as_ref());
        Ok(Self {
            component: component.name(),
            outcome: without.outcome(),
            gain_on_validation: gain(&whole.validation, &without.validation)?,
            gain_on_test: on_test.map(|(whole, without)| gain(whole, without)).transpose()?,
        })
    }
}
