//! Ablation: what each component of a recipe gives.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, ensure};
use burn::tensor::Device;
use dataset::SplitProtocol;
use metrics::{Bootstrap, Difference, Predictions, Report};
use reports::{Kind, Summary};
use scans::Scans;
use serde::Serialize;
use training::{Component, Environment, Job, Recipe, TrainConfig, check_begun, prepare_split, train};

use crate::predictions_file::{self, HeldOut};
use crate::report;
use crate::truth::against_truth;

/// Folder of the run by the whole recipe.
const WHOLE: &str = "whole";

/// What each component of a recipe gives.
#[derive(Serialize)]
pub struct Ablation {
    /// By which rule slices were held out.
    split: SplitProtocol,
    architecture: String,
    input_size: u32,
    environment: Environment,
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
    let of_whole = outcome(&Job { out: whole.out.join(WHOLE), ..whole.clone() }, &device)?;
    let mut without = Vec::new();
    for (component, recipe) in components {
        let out = whole.out.join(format!("without-{}", component.name()));
        let parts = outcome(&Job { recipe, out, ..whole.clone() }, &device)?;
        without.push(Without::new(component, &of_whole, &parts)?);
    }
    let recipe = whole.recipe;
    Ok(Ablation {
        split: recipe.data.protocol,
        architecture: recipe.architecture.to_string(),
        input_size: recipe.input.size,
        environment: Environment::of(&device),
        command: format!(
            "sulcus ablate --recipe {}.toml --data DIR --out RUNS --without {}",
            recipe.name,
            without.iter().map(|without| without.component).collect::<Vec<_>>().join(",")
        ),
        intervals: INTERVALS,
        whole: of_whole.outcome(),
        without,
        data_fingerprint: whole.scans.fingerprint().to_owned(),
        recipe,
    })
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

/// Trains where that was not done before, and reads what the network says.
fn outcome(job: &Job, device: &Device) -> anyhow::Result<Parts> {
    check_begun(job, &prepare_split(job)?)?;
    if job.out.join("report.json").exists() {
        log::info!("\"{}\" is done", job.out.display());
    } else {
        log::info!("training into \"{}\"", job.out.display());
        train(job, device)?;
        report::write(&job.out, &job.scans, &job.outlines, device)?;
    }
    let read = |part| predictions(&job.out.join("predictions.csv"), &job.scans, part);
    Ok(Parts {
        validation: read(HeldOut::Validation)?.context("the recipe holds nothing back for validation")?,
        test: read(HeldOut::Test)?,
    })
}

fn predictions(file: &Path, scans: &Scans, part: HeldOut) -> anyhow::Result<Option<Predictions>> {
    let part = predictions_file::read(file, scans.dataset(), part)?;
    if part.indices.is_empty() {
        return Ok(None);
    }
    Ok(Some(against_truth(scans.dataset(), &part.indices, &part.probabilities)?))
}

impl Parts {
    fn outcome(&self) -> Outcome {
        Outcome { validation: Figures::new(&self.validation), test: self.test.as_ref().map(Figures::new) }
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
