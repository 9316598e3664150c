//! `sulcus evaluate`: a weights file and labelled scans to the report behind a figure.

use std::path::Path;

use anyhow::{Context, ensure};
use classifier::Classifier;
use dataset::{Dataset, Split, SplitProtocol};
use metrics::{Bootstrap, Predictions};
use model::Hinted;
use reports::{Evaluation, Header, tagged};
use serde::Serialize;

use crate::cli::EvaluateArguments;
use crate::data::held_out_fingerprint;
use crate::files::write_json;
use crate::model_files;
use crate::predict;
use crate::recipe::Recipe;
use crate::slices::{Slices, progress_bar};

/// Slices classified between two steps of the progress bar.
const CHUNK: usize = 8;

/// A report as `--json` writes it.
type Evaluated = Evaluation<Details>;

/// What the report has besides what every reader knows.
#[derive(Serialize)]
struct Details {
    /// Whether `sulcus calibrate` fitted the temperature on some of these slices: calibration error, reliability and log loss
    /// flatter then, and its own report has the ones to quote.
    temperature_fitted_on_these: bool,
    engine: String,
    /// Files that could not be read.
    unreadable: Vec<String>,
}

/// Runs `sulcus evaluate`.
///
/// # Errors
/// The weights file or the data can't be used, or the report can't be written.
pub fn run(arguments: &EvaluateArguments) -> anyhow::Result<()> {
    let bytes = model_files::read(Some(&arguments.weights))?;
    let classifier = pollster::block_on(Classifier::load(&bytes, arguments.device.engine()?))?;
    let recipe =
        Recipe::parse(&classifier.manifest().recipe).context("the recipe in the weights file cannot be used")?;
    let scans = arguments.data.open_for(&recipe)?;
    let classes = &classifier.manifest().classes;
    ensure!(
        &scans.classes == classes,
        "the scans have the classes {}; the model has {}",
        scans.classes.join(", "),
        classes.join(", ")
    );

    let trained_on_these_data = scans.fingerprint() == classifier.manifest().data_fingerprint;
    let split = held_out(&scans, &recipe, arguments.split)?;
    if trained_on_these_data {
        check_groups(&scans, &recipe, classifier.manifest())?;
    }
    let slices = Slices::prepare(&scans, &split.test, &classifier.input_spec())?;
    let test = slices.readable(&split.test);
    let predictions = predict(&classifier, &scans, &slices, &test)?;
    let leakage = trained_on_these_data.then(|| dataset::leakage(&scans, &split));
    let evaluation = Evaluated {
        header: Header {
            protocol: arguments.split.to_string(),
            leaky: leakage.as_ref().map(|leakage| leakage.leaky),
            leakage,
            architecture: recipe.architecture.to_string(),
            input_size: recipe.input.size,
            weights_sha256: weights::sha256(&bytes),
            trained_on_these_data,
            data_fingerprint: scans.fingerprint().to_owned(),
            command: command(arguments),
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
    };
    print(&evaluation);
    match &arguments.json {
        Some(path) => write(path, &evaluation),
        None => Ok(()),
    }
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
    predict::against_truth(dataset, test, &probabilities)
}

/// The command that repeats this report.
fn command(arguments: &EvaluateArguments) -> String {
    format!(
        "sulcus evaluate --weights {} --data DIR{}{} --split {}",
        arguments.weights.file_name().unwrap_or_default().to_string_lossy(),
        if arguments.data.labels.is_some() { " --labels FILE" } else { "" },
        if arguments.data.groups.is_some() { " --groups FILE" } else { "" },
        arguments.split
    )
}

fn leak_in_words(Header { leaky, leakage, .. }: &Header) -> String {
    match (leaky, leakage) {
        (Some(true), Some(leakage)) => format!(
            "leaky: {} have a copy in training, {} a patient",
            leakage.test_with_twin_in_train, leakage.test_with_patient_in_train
        ),
        (Some(false), Some(leakage)) => format!(
            "nothing known to be shared with training; of {} slices the patient is not known",
            leakage.test_without_patient
        ),
        _ => "not the scans that the model was trained on: whether they share something with those is not known"
            .to_owned(),
    }
}

fn print(evaluation: &Evaluated) {
    let report = &evaluation.report;
    let [low, high] = report.accuracy_ci95;
    println!("{} slices, {} independent groups, {}", report.n, report.clusters, leak_in_words(&evaluation.header));
    println!("accuracy {:.4} (95 % interval {low:.4} to {high:.4}), macro-F1 {:.4}", report.accuracy, report.macro_f1);
    println!("{:<12} {:>9} {:>9} {:>9} {:>9}", "class", "precision", "recall", "F1", "support");
    for class in &report.per_class {
        println!(
            "{:<12} {:>9.4} {:>9.4} {:>9.4} {:>9}",
            class.class, class.precision, class.recall, class.f1, class.support
        );
    }
    println!("confusion (rows: truth, columns: verdict)");
    for (class, row) in evaluation.classes.iter().zip(&report.confusion) {
        let cells: Vec<String> = row.iter().map(|count| format!("{count:>7}")).collect();
        println!("{class:<12}{}", cells.concat());
    }
}

fn write(path: &Path, evaluation: &Evaluated) -> anyhow::Result<()> {
    write_json(path, &tagged(evaluation))
}
