//! `sulcus classify`: scans to verdicts.

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use classifier::{Classifier, Evidence, Prediction, Verdict};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::cli::ClassifyArguments;
use crate::hint::told;
use crate::model_files;
use crate::slices::prepare_file;

/// One answered file; the fields of a line of `--json`.
#[derive(Serialize)]
struct Answer<'a> {
    file: String,
    verdict: &'a str,
    probabilities: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<Evidence>,
    engine: &'a str,
    milliseconds: f64,
}

/// Runs `sulcus classify`.
///
/// # Errors
/// The weights file can't be used. A scan that can't be read is no error: it is named, and the exit status is 1.
pub fn run(arguments: &ClassifyArguments) -> anyhow::Result<ExitCode> {
    let bytes = model_files::read(arguments.weights.as_deref())?;
    let classifier = pollster::block_on(Classifier::load(&bytes, arguments.device.engine()?))?;
    let mut all_answered = true;
    for file in &arguments.files {
        match classify(&classifier, file) {
            Ok((prediction, milliseconds)) => print(&classifier, file, &prediction, milliseconds, arguments.json)?,
            Err(reason) => {
                all_answered = false;
                refuse(file, &reason, arguments.json);
            }
        }
    }
    Ok(if all_answered { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The verdict on a file, and the milliseconds from reading it to the answer.
fn classify(classifier: &Classifier, file: &Path) -> Result<(Prediction, f64), String> {
    let began = Instant::now();
    let slice = prepare_file(file, &classifier.input_spec()).map_err(|unreadable| unreadable.reason)?;
    let predictions = pollster::block_on(classifier.predict(&[slice])).map_err(|error| told(&error.into()))?;
    let prediction = predictions.into_iter().next().ok_or("the engine gave no answer")?;
    Ok((prediction, began.elapsed().as_secs_f64() * 1e3))
}

fn print(
    classifier: &Classifier,
    file: &Path,
    prediction: &Prediction,
    milliseconds: f64,
    as_json: bool,
) -> anyhow::Result<()> {
    let class = classifier.class_name(prediction.class);
    if !as_json {
        let (file, engine) = (file.display(), classifier.engine_name());
        let answer = in_words(prediction, class);
        println!("{file}: {answer} ({milliseconds:.0} ms, {engine})");
        return Ok(());
    }
    let verdict = match prediction.verdict {
        Verdict::Class(_) => class,
        Verdict::Abstain => "abstain",
        Verdict::NotBrainMri => "not_brain_mri",
    };
    let names = classifier.manifest().classes.iter().cloned();
    let answer = Answer {
        file: file.display().to_string(),
        verdict,
        probabilities: names.zip(prediction.probabilities.iter().map(|&probability| json!(probability))).collect(),
        evidence: prediction.evidence,
        engine: classifier.engine_name(),
        milliseconds: (milliseconds * 100.0).round() / 100.0,
    };
    println!("{}", serde_json::to_string(&answer)?);
    Ok(())
}

fn in_words(prediction: &Prediction, class: &str) -> String {
    let probability = prediction.probability();
    match prediction.verdict {
        Verdict::Class(_) => format!("{class} {probability:.2}"),
        Verdict::Abstain => format!("unsure, nearest {class} {probability:.2}"),
        Verdict::NotBrainMri => "not a brain MRI".to_owned(),
    }
}

fn refuse(file: &Path, reason: &str, as_json: bool) {
    if as_json {
        println!("{}", json!({ "file": file.display().to_string(), "error": reason }));
    } else {
        eprintln!("cannot classify \"{}\": {reason}", file.display());
    }
}
