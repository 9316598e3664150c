//! `sulcus ablate`: what each component of a recipe gives.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, ensure};
use burn::tensor::Device;
use clap::ValueEnum;
use dataset::SplitProtocol;
use metrics::{Bootstrap, Difference, Predictions, Report};
use reports::{Kind, Summary, tagged};
use scans::Scans;
use serde::Serialize;
use storage::write_json;

use crate::cli::{AblateArguments, Precision, TrainArguments};
use crate::component::Component;
use crate::environment::Environment;
use crate::predict;
use crate::predictions_file::{self, HeldOut};
use crate::recipe::Recipe;
use crate::report;
use crate::train::{Job, check_begun, prepare_split, train};

/// Folder of the run by the whole recipe.
const WHOLE: &str = "whole";

/// The findings as `--json` writes them.
#[derive(Serialize)]
struct Ablation {
    /// By which rule slices were held out.
    split: SplitProtocol,
    architecture: String,
    input_size: u32,
    environment: Environment,
    command: String,
    /// What the intervals do and do not say.
    intervals: &'static str,
    /// By the recipe as it is.
    whole: Outcome,
    /// The recipe without one component after the other.
    without: Vec<Without>,
    data_fingerprint: String,
    recipe: Recipe,
}

impl Kind for Ablation {
    const KIND: &'static str = "ablation";
}

/// What one training came to.
#[derive(Serialize)]
struct Outcome {
    validation: Figures,
    /// `None` where the recipe holds nothing out.
    test: Option<Figures>,
}

/// What was measured of one part of the slices.
#[derive(Serialize)]
struct Figures {
    #[serde(flatten)]
    summary: Summary,
    log_loss: f64,
    /// Class by class.
    recall: BTreeMap<String, f64>,
}

/// One component left out.
#[derive(Serialize)]
struct Without {
    #[serde(rename = "ingredient")]
    component: String,
    #[serde(flatten)]
    outcome: Outcome,
    /// The whole recipe less this one, on the validation slices.
    gain_on_validation: Difference,
    /// The same on the held-out slices.
    gain_on_test: Option<Difference>,
}

const INTERVALS: &str = "95 % intervals are percentiles of resamples of whole clusters of patients and copies; for a gain \
     both networks are resampled together. All runs share one seed: how much two trainings with different seeds differ is \
     not in the intervals.";

/// Runs `sulcus ablate`.
///
/// # Errors
/// The recipe does not have an component, the data can't be used, training failed, or a file can't be written.
pub fn run(arguments: &AblateArguments) -> anyhow::Result<()> {
    let whole = Job::open(&train_arguments(arguments))?;
    let components = components(&arguments.without, &whole.recipe)?;
    let device = arguments.device.open()?;
    let of_whole = outcome(&Job { out: arguments.out.join(WHOLE), ..whole.clone() }, &device)?;
    let mut without = Vec::new();
    for (component, recipe) in components {
        let out = arguments.out.join(format!("without-{}", component.name()));
        let parts = outcome(&Job { recipe, out, ..whole.clone() }, &device)?;
        without.push(Without::new(component, &of_whole, &parts)?);
    }
    let recipe = whole.recipe;
    let ablation = Ablation {
        split: recipe.data.protocol,
        architecture: recipe.architecture.to_string(),
        input_size: recipe.input.size,
        environment: Environment::of(&device),
        command: format!(
            "sulcus ablate --recipe {}.toml --data DIR --out RUNS --without {}",
            recipe.name,
            without.iter().map(|without| without.component.as_str()).collect::<Vec<_>>().join(",")
        ),
        intervals: INTERVALS,
        whole: of_whole.outcome(),
        without,
        data_fingerprint: whole.scans.fingerprint().to_owned(),
        recipe,
    };
    print(&ablation);
    let path = arguments.json.clone().unwrap_or_else(|| arguments.out.join("ablation.json"));
    write_json(&path, &tagged(&ablation))
}

/// As of a run that goes on: what was done stays done.
fn train_arguments(arguments: &AblateArguments) -> TrainArguments {
    TrainArguments {
        recipe: arguments.recipe.clone(),
        data: arguments.data.clone(),
        out: arguments.out.clone(),
        outlines: arguments.outlines.clone(),
        start: arguments.start.clone(),
        device: arguments.device,
        precision: Precision::F32,
        resume: true,
        preview: None,
        folds: None,
    }
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
    let cheap = Component::value_variants().iter().filter(|component| component.leaves_slices());
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
        println!("\"{}\" is done", job.out.display());
    } else {
        println!("training into \"{}\"", job.out.display());
        train(job, device)?;
        report::write(&job.out, &job.scans, device)?;
    }
    let read = |part| predictions(&job.out.join("predictions.csv"), &job.scans, part);
    Ok(Parts {
        validation: read(HeldOut::Validation)?.context("the recipe holds nothing back for validation")?,
        test: read(HeldOut::Test)?,
    })
}

fn predictions(file: &Path, scans: &Scans, part: HeldOut) -> anyhow::Result<Option<Predictions>> {
    let part = predictions_file::read(file, scans, part)?;
    if part.indices.is_empty() {
        return Ok(None);
    }
    Ok(Some(predict::against_truth(scans, &part.indices, &part.probabilities)?))
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

fn print(ablation: &Ablation) {
    let shown = |outcome: &Outcome| outcome.test.as_ref().unwrap_or(&outcome.validation).summary.accuracy;
    println!("the whole recipe: accuracy {:.4}", shown(&ablation.whole));
    println!("{:<18} {:>10} {:>8} {:>20}", "without", "accuracy", "gain", "95 % interval");
    for without in &ablation.without {
        let gain = without.gain_on_test.unwrap_or(without.gain_on_validation);
        let [low, high] = gain.accuracy_ci95;
        println!(
            "{:<18} {:>10.4} {:>+8.4}    {low:+.4} to {high:+.4}",
            without.component,
            shown(&without.outcome),
            gain.accuracy
        );
    }
}
