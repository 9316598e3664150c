//! `sulcus transfer`: a weights file on healthy brains of other sources, with and without tumours put in.
//!
//! A network that has learned the scanner instead of the tumour calls everything of a new source by one name. Tumours of
//! patients that training has not seen, put into healthy slices of a source that it has not seen either, show it.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use classifier::{Classifier, Prediction, Verdict};
use imaging::{PreparedSlice, Slice};
use model::Hinted;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use reports::{Answers, Transfer, tagged};
use serde::Serialize;

use crate::batches::Batch;
use crate::cli::TransferArguments;
use crate::copy_paste::CopyPaste;
use crate::data::held_out_fingerprint;
use crate::files::{files_below, write_json};
use crate::model_files;
use crate::preview;
use crate::recipe::{Recipe, Transplant};
use crate::slices::{Slices, prepare_file, progress_bar};
use crate::tumour_masks::TumourMasks;

/// Decides which tumour goes into which slice.
const SEED: u64 = 1;

/// The findings as `--json` writes them.
type Findings = Transfer<Details>;

/// What the report has besides what every reader knows.
#[derive(Serialize)]
struct Details {
    /// Slice by slice.
    slices: Vec<Answered>,
}

/// One slice.
#[derive(Serialize)]
struct Answered {
    /// Path below the folder of healthy slices.
    file: String,
    /// The class of the tumour that was put in, `sham`, or nothing.
    graft: Option<String>,
    #[serde(flatten)]
    prediction: Prediction,
}

/// What was tried on which slice.
struct Trial {
    file: String,
    graft: Option<String>,
    slice: PreparedSlice,
}

/// Runs `sulcus transfer`.
///
/// # Errors
/// The weights file, the scans or the outlines can't be used, no healthy slice can be read, or a file can't be written.
pub fn run(arguments: &TransferArguments) -> anyhow::Result<()> {
    let bytes = model_files::read(Some(&arguments.weights))?;
    let classifier = pollster::block_on(Classifier::load(&bytes, arguments.device.engine()?))?;
    let classes = &classifier.manifest().classes;
    let healthy = classes.iter().position(|class| *class == arguments.healthy_class);
    let healthy = healthy.with_context(|| {
        format!("--healthy-class is \"{}\"; the model's classes are {}", arguments.healthy_class, classes.join(", "))
    })?;
    let (donors, trials) = trials(arguments, &classifier, healthy)?;
    if let Some(sheet) = &arguments.sheet {
        let with_tumour = trials.iter().filter_map(|trial| batch(trial, classes));
        preview::write(sheet, with_tumour, classes)?;
    }
    let slices = answer(&classifier, trials)?;
    let of = |wanted: fn(Option<&str>) -> bool| -> Vec<&Prediction> {
        slices.iter().filter(|slice| wanted(slice.graft.as_deref())).map(|slice| &slice.prediction).collect()
    };
    let (plain, sham) = (of(|graft| graft.is_none()), of(|graft| graft == Some(SHAM)));
    let sick = of(|graft| graft.is_some_and(|graft| graft != SHAM));
    let tumour = |predictions: &[&Prediction]| -> Vec<f64> {
        predictions.iter().map(|prediction| 1.0 - f64::from(prediction.probabilities[healthy])).collect()
    };
    let findings = Findings {
        weights_sha256: weights::sha256(&bytes),
        command: command(arguments),
        donors,
        auroc: metrics::separation(&tumour(&sick), &tumour(&[plain.as_slice(), &sham].concat())),
        healthy: answers(&plain, classes, healthy),
        with_tumour: answers(&sick, classes, healthy),
        with_sham: answers(&sham, classes, healthy),
        more: Details { slices },
    };
    print(&findings);
    let Some(path) = &arguments.json else { return Ok(()) };
    write_json(path, &tagged(&findings))
}

/// How a graft without meaning is called.
const SHAM: &str = "sham";

/// How many slices lend tumours, and all that the model is to be asked.
fn trials(
    arguments: &TransferArguments,
    classifier: &Classifier,
    healthy: usize,
) -> anyhow::Result<(usize, Vec<Trial>)> {
    let manifest = classifier.manifest();
    let recipe = Recipe::parse(&manifest.recipe).context("the recipe in the weights file cannot be used")?;
    let outlines = TumourMasks::find(arguments.outlines.as_deref(), &arguments.data)?;
    let scans = arguments.data.open_for(&recipe)?;
    let split = dataset::split(&scans, &recipe.split_spec())?;
    ensure!(
        manifest.held_out_fingerprint.as_ref().is_none_or(|known| *known == held_out_fingerprint(&scans, &split)),
        Hinted::new(
            "these scans divide otherwise than when the model was trained, so which patients it has not seen is not known.",
            "name the same patients and copies with --groups as for `sulcus train`"
        )
    );
    let slices = Slices::prepare(&scans, &split.test, &classifier.input_spec())?;
    let labels: Vec<usize> = scans.records.iter().map(|record| record.label).collect();
    let none = Transplant { healthy: arguments.healthy_class.clone(), grow: 0.0, repair: 0.0, sham: 0.0 };
    let mask = |index: usize| outlines.mask(&scans.records[index].path, slices.get(index)?);
    let grafts = CopyPaste::new(&slices, mask, &labels, &split.test, (&none, healthy));
    let (donors, _) = grafts.counts();
    ensure!(donors > 0, "no outline is of a held-out slice");
    let mut random = ChaCha8Rng::seed_from_u64(SEED);
    let mut trials = Vec::new();
    for path in files_below(&arguments.healthy)? {
        match prepare_file(&path, &classifier.input_spec()) {
            Ok(slice) => {
                let grafted = grafted(&slice, &grafts, &scans.classes, arguments.tumours, &mut random);
                trials.extend(of_one(&name(&path, arguments), slice, grafted, classifier)?);
            }
            Err(file) => eprintln!("left out \"{}\": {}", file.path.display(), file.reason),
        }
    }
    ensure!(!trials.is_empty(), "\"{}\" holds no slice that can be read", arguments.healthy.display());
    Ok((donors, trials))
}

/// The pixels of a slice with a tumour and with a graft that is none, `tumours` times, where there is room.
fn grafted(
    slice: &PreparedSlice,
    grafts: &CopyPaste<'_>,
    classes: &[String],
    tumours: u16,
    random: &mut ChaCha8Rng,
) -> Vec<(String, Vec<f32>)> {
    let mut grafted = Vec::new();
    for _ in 0..tumours {
        let tumour = grafts.grow_in(slice.pixels(), random);
        grafted.extend(tumour.map(|(pixels, label)| (classes[label].clone(), pixels)));
        grafted.extend(grafts.sham_in(slice.pixels(), random).map(|pixels| (SHAM.to_owned(), pixels)));
    }
    grafted
}

/// A slice as it is, and with each graft.
fn of_one(
    file: &str,
    slice: PreparedSlice,
    grafted: Vec<(String, Vec<f32>)>,
    classifier: &Classifier,
) -> anyhow::Result<Vec<Trial>> {
    let side = slice.size();
    let mut trials = vec![Trial { file: file.to_owned(), graft: None, slice }];
    for (graft, pixels) in grafted {
        let slice = imaging::prepare(&Slice::new(side, side, pixels)?, &classifier.input_spec());
        trials.push(Trial { file: file.to_owned(), graft: Some(graft), slice });
    }
    Ok(trials)
}

fn name(path: &std::path::Path, arguments: &TransferArguments) -> String {
    path.strip_prefix(&arguments.healthy).map_or_else(|_| PathBuf::from(path), PathBuf::from).display().to_string()
}

fn batch(trial: &Trial, classes: &[String]) -> Option<Batch> {
    let label = classes.iter().position(|class| Some(class) == trial.graft.as_ref())?;
    let side = trial.slice.size() as usize;
    Some(Batch { shape: [1, side, side], values: trial.slice.pixels().to_vec(), labels: vec![label] })
}

fn answer(classifier: &Classifier, trials: Vec<Trial>) -> anyhow::Result<Vec<Answered>> {
    let bar = progress_bar(trials.len(), "classifying");
    let mut answered = Vec::with_capacity(trials.len());
    for Trial { file, graft, slice } in trials {
        let predictions = pollster::block_on(classifier.predict(&[slice]))?;
        answered.extend(predictions.into_iter().map(|prediction| Answered {
            file: file.clone(),
            graft: graft.clone(),
            prediction,
        }));
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(answered)
}

fn answers(predictions: &[&Prediction], classes: &[String], healthy: usize) -> Answers {
    let count = |wanted| predictions.iter().filter(|prediction| prediction.verdict == wanted).count();
    let called = |class| predictions.iter().filter(|prediction| prediction.class == class).count();
    let sum: f64 = predictions.iter().map(|prediction| f64::from(prediction.probabilities[healthy])).sum();
    Answers {
        n: predictions.len(),
        called: classes.iter().enumerate().map(|(class, name)| (name.clone(), called(class))).collect(),
        abstained: count(Verdict::Abstain),
        refused: count(Verdict::NotBrainMri),
        mean_healthy: sum / predictions.len().max(1) as f64,
    }
}

fn command(arguments: &TransferArguments) -> String {
    let weights = arguments.weights.file_name().unwrap_or_default().to_string_lossy();
    format!("sulcus transfer --weights {weights} --data DIR --healthy DIR --tumours {}", arguments.tumours)
}

fn print(findings: &Findings) {
    println!("tumours of {} held-out slices", findings.donors);
    let rows = [
        ("healthy slices", &findings.healthy),
        ("with a tumour", &findings.with_tumour),
        ("with a sham", &findings.with_sham),
    ];
    for (name, Answers { n, called, abstained, refused, mean_healthy }) in rows {
        let called: Vec<String> = called.iter().map(|(class, count)| format!("{class} {count}")).collect();
        println!(
            "{name:<15} {n:>5}: {}; unsure {abstained}, refused {refused}; mean probability of the healthy class {mean_healthy:.3}",
            called.join(", ")
        );
    }
    if let Some(auroc) = findings.auroc {
        println!("AUROC of the probability of a tumour: {auroc:.4}");
    }
}
