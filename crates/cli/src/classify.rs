//! `sulcus classify`: scans to verdicts.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, ensure};
use classifier::{Classifier, Evidence, EvidenceMap, Prediction, Verdict};
use evaluation::ScanMap;
use imaging::Rect;
use model::Hinted;
use scans::{decode, read_scan};
use serde::Serialize;
use serde_json::{Map, Value, json};
use storage::read_weights;

use crate::arguments::{ClassifyArguments, engine};
use crate::hint::told;

/// One answered file; the fields of a line of `--json`.
#[derive(Serialize)]
struct Answer<'a> {
    file: String,
    verdict: &'a str,
    probabilities: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<Evidence>,
    #[serde(skip_serializing_if = "Option::is_none")]
    map: Option<MapFiles>,
    engine: &'a str,
    milliseconds: f64,
}

/// A map of evidence and the files that it was written to.
#[derive(Serialize)]
struct MapFiles {
    /// Cells along each side of the square that the network was shown.
    side: usize,
    /// Row by row, 0 to 1.
    values: Vec<f32>,
    /// Left, top, width and height of that square, in the scan's pixels.
    shown: [i64; 4],
    png: PathBuf,
    nifti: PathBuf,
}

/// An answer on its way to be printed.
struct Answered {
    prediction: Prediction,
    map: Option<MapFiles>,
    milliseconds: f64,
}

/// Runs `sulcus classify`.
///
/// # Errors
/// The weights file can't be used. A scan that can't be read is no error: it is named, and the exit status is 1.
pub fn run(arguments: &ClassifyArguments) -> anyhow::Result<ExitCode> {
    let bytes = read_weights(arguments.weights.as_deref())?;
    let classifier = pollster::block_on(Classifier::load(&bytes, engine(arguments.device)?))?;
    if let Some(folder) = &arguments.maps {
        let network = classifier.manifest().network()?;
        ensure!(
            network.map_output().is_some(),
            Hinted::new(
                "the network of this weights file says what it sees, not where",
                "leave --maps out, or name the weights file of a network with a map"
            )
        );
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make the folder \"{}\"", folder.display()))?;
    }
    let mut maps = arguments.maps.as_deref().map(MapFolder::new);
    let mut all_answered = true;
    for file in &arguments.files {
        match classify(&classifier, file, maps.as_mut()) {
            Ok(answered) => print(&classifier, file, answered, arguments.json)?,
            Err(error) => {
                all_answered = false;
                refuse(file, &told(&error), arguments.json);
            }
        }
    }
    Ok(if all_answered { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Where maps are written, and under which names that was done.
struct MapFolder<'a> {
    folder: &'a Path,
    names: BTreeSet<String>,
}

impl<'a> MapFolder<'a> {
    fn new(folder: &'a Path) -> Self {
        Self { folder, names: BTreeSet::new() }
    }

    fn write(&mut self, file: &Path, map: EvidenceMap, shown: Rect, size: [u32; 2]) -> anyhow::Result<MapFiles> {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        // Files of several folders may have one name.
        let numbered = (2..).map(|number| format!("{name}-{number}"));
        let mut names = std::iter::once(name.clone().into_owned()).chain(numbered);
        let name = names.find(|name| !self.names.contains(name)).unwrap_or_default();
        let [png, nifti] = ScanMap::new(&map, shown, size).write(self.folder, &name)?;
        self.names.insert(name);
        let Rect { left, top, width, height } = shown;
        let shown = [left.into(), top.into(), width.into(), height.into()];
        Ok(MapFiles { side: map.side, values: map.values, shown, png, nifti })
    }
}

/// The verdict on a file, and the milliseconds from reading it to the answer.
fn classify(classifier: &Classifier, file: &Path, maps: Option<&mut MapFolder<'_>>) -> anyhow::Result<Answered> {
    let began = Instant::now();
    let study = decode(&read_scan(file)?)?;
    let slice = study.slices.first().context("the file holds no slice")?;
    let prepared = imaging::prepare(slice, &classifier.input_spec());
    let shown = prepared.crop();
    let predictions = pollster::block_on(classifier.predict(&[prepared]))?;
    let mut prediction = predictions.into_iter().next().context("the engine gave no answer")?;
    let milliseconds = began.elapsed().as_secs_f64() * 1e3;
    let map = maps.zip(prediction.map.take());
    let map = map.map(|(maps, map)| maps.write(file, map, shown, [slice.width(), slice.height()])).transpose()?;
    Ok(Answered { prediction, map, milliseconds })
}

fn print(classifier: &Classifier, file: &Path, answered: Answered, as_json: bool) -> anyhow::Result<()> {
    let Answered { prediction, map, milliseconds } = answered;
    let class = classifier.class_name(prediction.class);
    if !as_json {
        let (file, engine) = (file.display(), classifier.engine_name());
        let answer = in_words(&prediction, class);
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
        map,
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
