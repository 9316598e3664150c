//! `sulcus evaluate`: a weights file and labelled scans to the report behind a figure.

use std::path::Path;

use evaluation::{EvaluateConfig, Evaluated, TumourOrNone, evaluate};
use reports::{Detection, DetectionReport, Estimate, Evaluation, Header, tagged};
use scans::ScansConfig;
use storage::{read_weights, write_json};

use crate::arguments::{EvaluateArguments, engine};

/// Runs `sulcus evaluate`.
///
/// # Errors
/// The weights file or the data can't be used, or the report can't be written.
pub fn run(arguments: &EvaluateArguments) -> anyhow::Result<()> {
    let bytes = read_weights(Some(&arguments.weights))?;
    let tumour_or_none = arguments.data.labels.as_deref().and_then(pair);
    let scans = arguments.data.config();
    let labels = scans.labels.clone().filter(|_| tumour_or_none.is_none());
    let config = EvaluateConfig {
        scans: ScansConfig { labels, ..scans },
        split: arguments.split,
        tumour_or_none,
        engine: engine(arguments.device)?,
        command: command(arguments),
    };
    match evaluate(&bytes, &config)? {
        Evaluated::Classes(evaluation) => {
            print(&evaluation);
            arguments.json.as_ref().map_or(Ok(()), |path| write_json(path, &tagged(&evaluation)))
        }
        Evaluated::Tumour(detection) => {
            print_detection(&detection);
            arguments.json.as_ref().map_or(Ok(()), |path| write_json(path, &tagged(&detection)))
        }
    }
}

/// Two labels instead of a CSV: what is no file and has a comma.
fn pair(labels: &Path) -> Option<TumourOrNone> {
    if labels.exists() { None } else { labels.to_str()?.parse().ok() }
}

/// The command that repeats this report.
fn command(arguments: &EvaluateArguments) -> String {
    let labels = match arguments.data.labels.as_deref() {
        None => String::new(),
        Some(labels) if pair(labels).is_some() => format!(" --labels {}", labels.display()),
        Some(_) => " --labels FILE".to_owned(),
    };
    format!(
        "sulcus evaluate --weights {} --data DIR{labels}{}{}",
        arguments.weights.file_name().unwrap_or_default().to_string_lossy(),
        if arguments.data.groups.is_some() { " --groups FILE" } else { "" },
        arguments.split.map(|split| format!(" --split {split}")).unwrap_or_default()
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

fn print<M>(evaluation: &Evaluation<M>) {
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

fn print_detection<M>(detection: &Detection<M>) {
    let DetectionReport { n, positives, clusters, .. } = detection.figures;
    println!(
        "{n} slices, {positives} of them with a tumour, {clusters} independent groups, {}",
        leak_in_words(&detection.header)
    );
    if detection.without_patient > 0 {
        println!(
            "of {} slices the patient is not known; each counts as one, so intervals are too narrow",
            detection.without_patient
        );
    }
    println!(
        "{:<24} {:>7}  {:<22} {:<22} {:<22} {:<22} wrong among answered",
        "", "slices", "ROC area", "recall", "specificity", "answered"
    );
    let groups = detection.groups.iter().map(|group| {
        let value = if group.value.is_empty() { "not given" } else { &group.value };
        (format!("{} {value}", group.column), &group.figures)
    });
    for (name, figures) in std::iter::once(("all".to_owned(), &detection.figures)).chain(groups) {
        let cells =
            [figures.auroc, figures.recall, figures.specificity, figures.answered, figures.wrong_among_answered]
                .map(|estimate| format!("{:<22}", in_words(estimate)));
        println!("{name:<24} {:>7}  {}", figures.n, cells.join(" ").trim_end());
    }
}

fn in_words(estimate: Option<Estimate>) -> String {
    estimate.map_or_else(
        || "none".to_owned(),
        |Estimate { value, ci95: [low, high] }| format!("{value:.3} ({low:.3} to {high:.3})"),
    )
}
