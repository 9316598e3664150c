//! A weights file and labelled scans to the report behind a figure.

use anyhow::{Context, ensure};
use classifier::{Classifier, Engine};
use dataset::{Dataset, Split, SplitProtocol};
use metrics::{Bootstrap, Predictions};
use model::Hinted;
use reports::{Evaluation, Header};
use scans::{ScansConfig, Slices, held_out_fingerprint, progress_bar};
use serde::Serialize;
use training::Recipe;

use crate::truth::against_truth;

/// Slices classified between two steps of the progress bar.
const CHUNK: usize = 8;

/// What a weights file is worth on labelled scans.
pub type Evaluated = Evaluation<Details>;

/// What the report has besides what every reader knows.
#[derive(Serialize)]
pub struct Details {
    /// Whether `sulcus calibrate` fitted the temperature on some of these slices: calibration error, reliability and log loss
    /// flatter then, and its own report has the ones to quote.
    temperature_fitted_on_these: bool,
    engine: String,
    /// Files that could not be read.
    unreadable: Vec<String>,
}

/// What to measure a weights file on.
#[derive(Debug, Clone)]
pub struct EvaluateConfig {
    /// The folder of scans.
    pub scans: ScansConfig,
    /// Which of them: the rule by which they are held out.
    pub split: SplitProtocol,
    /// Where to run.
    pub engine: Engine,
    /// What repeats the measurement, for its report.
    pub command: String,
}

/// Measures the weights file that `bytes` are on labelled scans.
///
/// # Errors
/// The weights file or the data can't be used.
pub fn evaluate(bytes: &[u8], config: &EvaluateConfig) -> anyhow::Result<Evaluated> {
    let classifier = pollster::block_on(Classifier::load(bytes, config.engine))?;
    let recipe =
        Recipe::parse(&classifier.manifest().recipe).context("the recipe in the weights file cannot be used")?;
    let scans = recipe.scans(&config.scans)?;
    let classes = &classifier.manifest().classes;
    ensure!(
        &scans.classes == classes,
        "the scans have the classes {}; the model has {}",
        scans.classes.join(", "),
        classes.join(", ")
    );

    let trained_on_these_data = scans.fingerprint() == classifier.manifest().data_fingerprint;
    let split = held_out(&scans, &recipe, config.split)?;
    if trained_on_these_data {
        check_groups(&scans, &recipe, classifier.manifest())?;
    }
    let slices = Slices::prepare(&scans, &split.test, &classifier.input_spec())?;
    let test = slices.readable(&split.test);
    let predictions = predict(&classifier, &scans, &slices, &test)?;
    let leakage = trained_on_these_data.then(|| dataset::leakage(&scans, &split));
    Ok(Evaluated {
        header: Header {
            protocol: config.split.to_string(),
            leaky: leakage.as_ref().map(|leakage| leakage.leaky),
            leakage,
            architecture: recipe.architecture.to_string(),
            input_size: recipe.input.size,
            weights_sha256: weights::sha256(bytes),
            trained_on_these_data,
            data_fingerprint: scans.fingerprint().to_owned(),
            command: config.command.clone(),
        },
        classes: classes.clone(),
        report: metrics::Report::new(&predictions, Bootstrap::default()),
        more: Details {
            temperature_fitted_on_these: trained_on_these_data && classifier.manifest().temperature.is_some(),
            engine: classifier.engine_name().to_owned(),
            unreadable: slices
                .unreadable
                .iter()
                .map(|file| format!("{}: {}", file.path.display(), file.reason))
                .collect(),
        },
    })
}

/// The slices to measure on as the test of a split whose training part is what the model was trained on.
fn held_out(dataset: &Dataset, recipe: &Recipe, protocol: SplitProtocol) -> anyhow::Result<Split> {
    let own = dataset::split(dataset, &recipe.split_spec())?;
    let mut asked = recipe.split_spec();
    asked.protocol = protocol;
    if protocol == SplitProtocol::Official {
        asked.fold = None;
    }
    let test = dataset::split(dataset, &asked)?.test;
    ensure!(
        !test.is_empty(),
        Hinted::new(
            "the model's recipe holds no slices out for this split.",
            format!("measure on the split it was trained with, \"{}\"", recipe.data.protocol)
        )
    );
    Ok(Split { train: own.train, validation: own.validation, test })
}

/// The model's own split must come out as it was when it was trained: else nobody knows what it has seen.
fn check_groups(dataset: &Dataset, recipe: &Recipe, manifest: &weights::Manifest) -> anyhow::Result<()> {
    let Some(trained) = &manifest.held_out_fingerprint else { return Ok(()) };
    let own = dataset::split(dataset, &recipe.split_spec())?;
    ensure!(
        *trained == held_out_fingerprint(dataset, &own),
        Hinted::new(
            "these scans divide otherwise than when the model was trained, so what it has seen is not known.",
            "name the same patients and copies with --groups as for `sulcus train`"
        )
    );
    Ok(())
}

fn predict(classifier: &Classifier, dataset: &Dataset, slices: &Slices, test: &[usize]) -> anyhow::Result<Predictions> {
    let bar = progress_bar(test.len(), "classifying");
    let mut probabilities = Vec::with_capacity(test.len());
    for chunk in test.chunks(CHUNK) {
        let prepared: Vec<_> = chunk.iter().filter_map(|&index| slices.get(index).cloned()).collect();
        let predictions = pollster::block_on(classifier.predict(&prepared))?;
        probabilities.extend(predictions.into_iter().map(|prediction| prediction.probabilities));
        bar.inc(chunk.len() as u64);
    }
    bar.finish_and_clear();
    against_truth(dataset, test, &probabilities)
}
