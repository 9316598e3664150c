//! `sulcus evaluate`: a weights file and labelled scans to the report behind a figure.

use evaluation::{EvaluateConfig, Evaluated, evaluate};
use reports::{Header, tagged};
use storage::{read_weights, write_json};

use crate::arguments::{EvaluateArguments, engine};

/// Runs `sulcus evaluate`.
///
/// # Errors
/// The weights file or the data can't be used, or the report can't be written.
pub fn run(arguments: &EvaluateArguments) -> anyhow::Result<()> {
    let bytes = read_weights(Some(&arguments.weights))?;
    let config = EvaluateConfig {
        scans: arguments.data.config(),
        split: arguments.split,
        engine: engine(arguments.device)?,
        command: command(arguments),
    };
    let evaluation = evaluate(&bytes, &config)?;
    print(&evaluation);
    let Some(path) = &arguments.json else { return Ok(()) };
    write_json(path, &tagged(&evaluation))
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
