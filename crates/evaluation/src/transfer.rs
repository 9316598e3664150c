//! A weights file on healthy brains of other sources, with and without tumours put in.
//!
//! A network that has learned the scanner instead of the tumour calls everything of a new source by one name. Tumours of
//! patients that training has not seen, put into healthy slices of a source that it has not seen either, show it.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use classifier::{Classifier, Engine, Prediction, Verdict};
use imaging::{PreparedSlice, Slice};
use model::Hinted;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use reports::{Answers, Transfer};
use scans::{ScansConfig, Slices, held_out_fingerprint, prepare_file, progress_bar};
use serde::Serialize;
use storage::files_below;
use training::{Batch, CopyPaste, LabelledSlices, Recipe, Transplant, TumourMasks, write_sheet};

/// Decides which tumour goes into which slice.
const SEED: u64 = 1;

/// What a trial on other sources found.
pub type TransferFindings = Transfer<Details>;

/// What the report has besides what every reader knows.
#[derive(Serialize)]
pub struct Details {
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

/// Which healthy brains to try a weights file on, and whose tumours to put into them.
#[derive(Debug, Clone)]
pub struct TransferConfig {
    /// The folder of scans that the model was trained on; its held-out slices lend the tumours.
    pub scans: ScansConfig,
    /// Folder of slices of healthy brains, of a source that the model has not seen.
    pub healthy: PathBuf,
    /// Name of the class of slices without a tumour.
    pub healthy_class: String,
    /// Outlines of tumours; where there are none, `tumor_polygons.jsonl` in the folder of scans or beside it.
    pub outlines: Option<PathBuf>,
    /// Tumours that are put into each healthy slice, one at a time; at least 1.
    pub tumours: u16,
    /// Where to show the slices with tumours, as a PNG.
    pub sheet: Option<PathBuf>,
    /// Where to run.
    pub engine: Engine,
    /// What repeats the trial, for its report.
    pub command: String,
}

/// Tries the weights file that `bytes` are on healthy brains of other sources, with and without tumours put in.
///
/// # Errors
/// The weights file, the scans or the outlines can't be used, no healthy slice can be read, or a file can't be written.
pub fn transfer(bytes: &[u8], config: &TransferConfig) -> anyhow::Result<TransferFindings> {
    let classifier = pollster::block_on(Classifier::load(bytes, config.engine))?;
    let classes = &classifier.manifest().classes;
    let healthy = classes.iter().position(|class| *class == config.healthy_class);
    let healthy = healthy.with_context(|| {
        format!("--healthy-class is \"{}\"; the model's classes are {}", config.healthy_class, classes.join(", "))
    })?;
    let (donors, trials) = trials(config, &classifier, healthy)?;
    if let Some(sheet) = &config.sheet {
        let with_tumour = trials.iter().filter_map(|trial| batch(trial, classes));
        write_sheet(sheet, with_tumour, classes)?;
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
    Ok(TransferFindings {
        weights_sha256: weights::sha256(bytes),
        command: config.command.clone(),
        donors,
        auroc: metrics::separation(&tumour(&sick), &tumour(&[plain.as_slice(), &sham].concat())),
        healthy: answers(&plain, classes, healthy),
        with_tumour: answers(&sick, classes, healthy),
        with_sham: answers(&sham, classes, healthy),
        more: Details { slices },
    })
}

/// How a graft without meaning is called.
const SHAM: &str = "sham";

/// How many slices lend tumours, and all that the model is to be asked.
fn trials(config: &TransferConfig, classifier: &Classifier, healthy: usize) -> anyhow::Result<(usize, Vec<Trial>)> {
    let manifest = classifier.manifest();
    let recipe = Recipe::parse(&manifest.recipe).context("the recipe in the weights file cannot be used")?;
    let outlines = TumourMasks::find(config.outlines.as_deref(), &config.scans)?;
    let scans = recipe.scans(&config.scans)?;
    let split = dataset::split(scans.dataset(), &recipe.split_spec())?;
    ensure!(
        manifest
            .held_out_fingerprint
            .as_ref()
            .is_none_or(|known| *known == held_out_fingerprint(scans.dataset(), &split)),
        Hinted::new(
            "these scans divide otherwise than when the model was trained, so which patients it has not seen is not known.",
            "name the same patients and copies with --groups as for `sulcus train`"
        )
    );
    let slices = Slices::prepare(&scans, &split.test, &classifier.input_spec())?;
    let labels: Vec<usize> = scans.dataset().records.iter().map(|record| record.label).collect();
    let none = Transplant { healthy: config.healthy_class.clone(), grow: 0.0, repair: 0.0, sham: 0.0 };
    let mask = |index: usize| outlines.mask(&scans.dataset().records[index].path, slices.get(index)?);
    let test = LabelledSlices { slices: &slices, labels: &labels, indices: &split.test };
    let grafts = CopyPaste::new(test, mask, &none, healthy);
    let (donors, _) = grafts.counts();
    ensure!(donors > 0, "no outline is of a held-out slice");
    let mut random = ChaCha8Rng::seed_from_u64(SEED);
    let mut trials = Vec::new();
    for path in files_below(&config.healthy)? {
        match prepare_file(&path, &classifier.input_spec()) {
            Ok(slice) => {
                let grafted = grafted(&slice, &grafts, &scans.dataset().classes, config.tumours, &mut random);
                trials.extend(of_one(&name(&path, config), slice, grafted, classifier)?);
            }
            Err(file) => log::warn!("left out \"{}\": {}", file.path.display(), file.reason),
        }
    }
    ensure!(!trials.is_empty(), "\"{}\" holds no slice that can be read", config.healthy.display());
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

fn name(path: &std::path::Path, config: &TransferConfig) -> String {
    path.strip_prefix(&config.healthy).map_or_else(|_| PathBuf::from(path), PathBuf::from).display().to_string()
}

fn batch(trial: &Trial, classes: &[String]) -> Option<Batch> {
    let label = classes.iter().position(|class| Some(class) == trial.graft.as_ref())?;
    let side = trial.slice.size() as usize;
    Some(Batch::new([1, side, side], trial.slice.pixels().to_vec(), vec![label]))
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
