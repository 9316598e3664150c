//! A weights file and labelled scans to the report behind a figure.

use anyhow::{Context, ensure};
use classifier::{Classifier, Engine, Prediction};
use dataset::{Dataset, Split, SplitProtocol};
use metrics::Bootstrap;
use model::Hinted;
use reports::{Detection, Evaluation, Header};
use scans::{Scans, ScansConfig, Slices, Unreadable, held_out_fingerprint, progress_bar};
use serde::Serialize;
use training::Recipe;

use crate::detect::{TumourOrNone, detect};
use crate::truth::against_truth;

/// The protocol of a report on every slice that there is.
const ALL: &str = "all";
/// Slices classified between two steps of the progress bar.
const CHUNK: usize = 8;

/// What a weights file is worth on labelled scans.
pub enum Evaluated {
    /// The labels are the model's classes.
    Classes(Evaluation<Details>),
    /// The labels say whether there is a tumour.
    Tumour(Detection<Details>),
}

/// What the report has besides what every reader knows.
#[derive(Serialize)]
pub struct Details {
    /// Whether `sulcus calibrate` fitted the temperature on some of these slices: calibration error, reliability and log loss
    /// flatter then, and its own report has the ones to quote.
    pub(crate) temperature_fitted_on_these: bool,
    pub(crate) engine: String,
    /// Files that could not be read.
    pub(crate) unreadable: Vec<String>,
}

impl Details {
    pub(crate) fn new(classifier: &Classifier, trained_on_these_data: bool, slices: &Slices) -> Self {
        let told = |file: &Unreadable| format!("{}: {}", file.path.display(), file.reason);
        Self {
            temperature_fitted_on_these: trained_on_these_data && classifier.manifest().temperature.is_some(),
            engine: classifier.engine_name().to_owned(),
            unreadable: slices.unreadable.iter().map(told).collect(),
        }
    }
}

/// What to measure a weights file on.
#[derive(Debug, Clone)]
pub struct EvaluateConfig {
    /// The folder of scans.
    pub scans: ScansConfig,
    /// Which of them: the rule by which they are held out. Where there is none, those that the model's own rule holds out
    /// or, of scans that it was not trained on, all.
    pub split: Option<SplitProtocol>,
    /// Which label means a tumour and which none; where there is none, the labels are the model's classes, or say so
    /// themselves.
    pub tumour_or_none: Option<TumourOrNone>,
    /// Where to run.
    pub engine: Engine,
    /// What repeats the measurement, for its report.
    pub command: String,
}

/// Measures the weights file that `bytes` are on labelled scans: by class where the labels are the model's classes, else by
/// whether there is a tumour.
///
/// # Errors
/// The weights file or the data can't be used.
pub fn evaluate(bytes: &[u8], config: &EvaluateConfig) -> anyhow::Result<Evaluated> {
    let classifier = pollster::block_on(Classifier::load(bytes, config.engine))?;
    let recipe =
        Recipe::parse(&classifier.manifest().recipe).context("the recipe in the weights file cannot be used")?;
    let scans = ScansConfig { one_class: true, ..config.scans.clone() }.scans()?;
    let chosen =
        recipe.chosen(scans.clone()).ok().filter(|scans| scans.dataset().classes == classifier.manifest().classes);
    Ok(match (chosen, &config.tumour_or_none) {
        (Some(scans), None) => Evaluated::Classes(of_classes(bytes, &classifier, &recipe, &scans, config)?),
        (_, labels) => Evaluated::Tumour(detect(bytes, &classifier, &recipe, (&scans, labels.as_ref()), config)?),
    })
}

fn of_classes(
    bytes: &[u8],
    classifier: &Classifier,
    recipe: &Recipe,
    scans: &Scans,
    config: &EvaluateConfig,
) -> anyhow::Result<Evaluation<Details>> {
    let manifest = classifier.manifest();
    let trained_on_these_data = scans.fingerprint() == manifest.data_fingerprint;
    if trained_on_these_data {
        check_groups(scans.dataset(), recipe, manifest)?;
    }
    let (protocol, split) = held_out(scans.dataset(), recipe, config.split, trained_on_these_data)?;
    let slices = Slices::prepare(scans, &split.test, &classifier.input_spec())?;
    let test = slices.readable(&split.test);
    let answers = answers(classifier, &slices, &test)?;
    let probabilities: Vec<Vec<f32>> = answers.into_iter().map(|answer| answer.probabilities).collect();
    let leakage = trained_on_these_data.then(|| dataset::leakage(scans.dataset(), &split));
    Ok(Evaluation {
        header: Header {
            protocol,
            leaky: leakage.as_ref().map(|leakage| leakage.leaky),
            leakage,
            trained_on_these_data,
            ..header(bytes, recipe, scans, config)
        },
        classes: manifest.classes.clone(),
        report: metrics::Report::new(&against_truth(scans.dataset(), &test, &probabilities)?, Bootstrap::default()),
        more: Details::new(classifier, trained_on_these_data, &slices),
    })
}

/// The header of a report on all slices of scans that the model was not trained on.
pub(crate) fn header(bytes: &[u8], recipe: &Recipe, scans: &Scans, config: &EvaluateConfig) -> Header {
    Header {
        protocol: ALL.to_owned(),
        leaky: None,
        leakage: None,
        architecture: recipe.architecture.to_string(),
        input_size: recipe.input.size,
        weights_sha256: weights::sha256(bytes),
        trained_on_these_data: false,
        data_fingerprint: scans.fingerprint().to_owned(),
        command: config.command.clone(),
    }
}

/// By which rule slices are held out, and these as the test of a split whose training part is what the model was trained on.
fn held_out(
    dataset: &Dataset,
    recipe: &Recipe,
    asked: Option<SplitProtocol>,
    trained_on_these_data: bool,
) -> anyhow::Result<(String, Split)> {
    let protocol = match asked {
        Some(protocol) => protocol,
        None if trained_on_these_data => recipe.data.protocol,
        None => {
            let test = (0..dataset.records.len()).collect();
            return Ok((ALL.to_owned(), Split { train: Vec::new(), validation: Vec::new(), test }));
        }
    };
    let own = dataset::split(dataset, &recipe.split_spec())?;
    let mut spec = recipe.split_spec();
    spec.protocol = protocol;
    if protocol == SplitProtocol::Official {
        spec.fold = None;
    }
    let test = dataset::split(dataset, &spec)?.test;
    ensure!(
        !test.is_empty(),
        Hinted::new(
            "the model's recipe holds no slices out for this split.",
            format!("measure on the split it was trained with, \"{}\"", recipe.data.protocol)
        )
    );
    Ok((protocol.to_string(), Split { train: own.train, validation: own.validation, test }))
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

/// What the model says of the slices at `indices`, all of which can be read.
pub(crate) fn answers(classifier: &Classifier, slices: &Slices, indices: &[usize]) -> anyhow::Result<Vec<Prediction>> {
    let bar = progress_bar(indices.len(), "classifying");
    let mut answers = Vec::with_capacity(indices.len());
    for chunk in indices.chunks(CHUNK) {
        let prepared: Vec<_> = chunk.iter().filter_map(|&index| slices.get(index).cloned()).collect();
        answers.extend(pollster::block_on(classifier.predict(&prepared))?);
        bar.inc(chunk.len() as u64);
    }
    bar.finish_and_clear();
    Ok(answers)
}
