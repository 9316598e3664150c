//! Teaches a weights file how sure it is, when to abstain, and what is no brain MRI.
//!
//! What is in distribution is fitted on the training and the validation part, on slices as they are and as training changes
//! them: another scanner's slices are no foreign pictures. It is measured on the held-out part and, where a folder of them is
//! named, on pictures that are no brain MRI. Temperature and threshold are fitted on what training did not see, and
//! measured by cross-fitting ([`cross_fit`]). Nothing is measured with what was fitted on it.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use classifier::{Classifier, Engine, Observation};
use dataset::Split;
use graph::Architecture;
use metrics::Bootstrap;
use model::Hinted;
use reports::{Abstention, Calibration, CalibrationError, Parts};
use scans::{Scans, ScansConfig, Slices, held_out_fingerprint, thinned};
use serde::Serialize;
use training::{Augmentation, Recipe};
use weights::{RejectionRule, Tensor};

use crate::calibrate::cross_fit::{Aim, Fit, Measured};
use crate::calibrate::gaussian::Gaussian;
use crate::calibrate::observations::{Gallery, Seen, look_at_foreign};
use crate::calibrate::ood::Material;

mod cross_fit;
mod gaussian;
mod observations;
mod ood;
mod temperature;

/// Bins of the reliability diagram.
const BINS: usize = 15;
/// Training slices that are looked at, at most: enough for the shape of the cloud.
const TRAINING_SLICES: usize = 1000;
/// This part of the validation slices lies within the cloud.
const IN_DISTRIBUTION: f64 = 0.995;
/// Points of the curve of risk against coverage, at equal steps of the coverage.
const CURVE_POINTS: u32 = 40;

/// What a calibration found.
pub type CalibrationFindings = Calibration<Details>;

/// What the report has besides what every reader knows.
#[derive(Serialize)]
pub struct Details {
    /// How temperature and threshold can be fitted on held-out slices and measured on them.
    cross_fitting: &'static str,
}

/// What `cross_fitting` says.
const CROSS_FITTING: &str = "Temperature and threshold are fitted on the validation and held-out slices. What is reported of \
     them on held-out slices comes of five fits, each to four fifths of the groups of patients and copies and measured on \
     the slices of the last fifth.";

/// What to calibrate with.
#[derive(Debug, Clone)]
pub struct CalibrateConfig {
    /// The folder of scans that the model was trained on.
    pub scans: ScansConfig,
    /// Share of wrong answers among those given that the model abstains to keep to, 0 to 1.
    pub risk: f64,
    /// The temperature, above 0; where there is none, it is fitted.
    pub temperature: Option<f64>,
    /// Folder of pictures that are no brain MRI, to measure how many are refused.
    pub foreign: Option<PathBuf>,
    /// Stage of the network whose activations tell brain MRI from other pictures; where there is none, an early one.
    pub stage: Option<String>,
    /// Where to run.
    pub engine: Engine,
    /// What repeats the calibration, for its report.
    pub command: String,
}

/// A weights file that knows how sure it is, and what was found on the way.
pub struct Calibrated {
    /// The weights file.
    pub bytes: Vec<u8>,
    /// How sure it is, when it abstains, and what it refuses.
    pub findings: CalibrationFindings,
}

/// Teaches the weights file that `bytes` are how sure it is, when to abstain, and what is no brain MRI.
///
/// # Errors
/// The weights file or the data can't be used, or the data are not those the model was trained on.
pub fn calibrate(bytes: &[u8], config: &CalibrateConfig) -> anyhow::Result<Calibrated> {
    let mut file = weights::read(bytes)?;
    forget(&mut file);
    let stage = config.stage.clone().map_or_else(|| early_stage(&file.manifest.architecture), Ok)?;
    let Looks { training, changed_training, validation, changed_validation, held_out, foreign } =
        Looks::take(&file, config, &stage)?;

    let classes = &file.manifest.classes;
    let aim = Aim { temperature: config.temperature, risk: config.risk };
    let measured = aim.measure(classes, &validation.answers(), &held_out.answers())?;
    let Fit { temperature, abstain_below } = aim.fit(classes, &validation.answers().joined(&held_out.answers()))?;
    let cloud = [&training.observations[..], &changed_training.observations].concat();
    let cloud = Gaussian::fit(&cloud.iter().map(|observation| observation.stage.as_slice()).collect::<Vec<_>>())?;
    let material = Material {
        validation: [&validation.observations[..], &changed_validation.observations].concat(),
        held_out: &held_out.observations,
        foreign: &foreign,
    };
    let foreign_pictures = ood::measure(&material, &cloud, &stage, IN_DISTRIBUTION);

    file.manifest.temperature = Some(temperature as f32);
    let ood_threshold = foreign_pictures.ood_threshold as f32;
    remember(&mut file, &cloud, RejectionRule { abstain_below, stage, ood_threshold });
    let bytes = weights::write(&file)?;
    let findings = CalibrationFindings {
        weights_sha256: weights::sha256(&bytes),
        command: config.command.clone(),
        fitted_on: Parts {
            training: training.labels.len(),
            validation: validation.labels.len(),
            held_out: held_out.labels.len(),
            foreign: 0,
        },
        measured_on: Parts { training: 0, validation: 0, held_out: held_out.labels.len(), foreign: foreign.len() },
        temperature,
        calibration_error: calibration_error(&measured),
        abstention: abstention(&measured, aim.risk, abstain_below),
        foreign: foreign_pictures,
        more: Details { cross_fitting: CROSS_FITTING },
    };
    Ok(Calibrated { bytes, findings })
}

/// What the network makes of everything that is fitted or measured on.
struct Looks {
    training: Seen,
    changed_training: Seen,
    validation: Seen,
    changed_validation: Seen,
    held_out: Seen,
    foreign: Vec<Observation>,
}

impl Looks {
    fn take(file: &weights::WeightsFile, config: &CalibrateConfig, stage: &str) -> anyhow::Result<Self> {
        let classifier = pollster::block_on(Classifier::from_file(file.clone(), config.engine))?;
        let recipe = Recipe::parse(&file.manifest.recipe).context("the recipe in the weights file cannot be used")?;
        let scans = recipe.scans(&config.scans)?;
        let split = split(&classifier, &recipe, &scans)?;
        let some = thinned(&dataset::unique(scans.dataset(), &split.train), TRAINING_SLICES);
        let wanted = [&some[..], &split.validation, &split.test].concat();
        let gallery = Gallery {
            classifier: &classifier,
            scans: &scans,
            slices: Slices::prepare(&scans, &wanted, &classifier.input_spec())?,
            clusters: dataset::clusters(scans.dataset()),
            stage,
        };
        let (as_it_is, changes) = (Augmentation::default(), recipe.augmentation);
        Ok(Self {
            training: gallery.look_at(&some, as_it_is, "training slices")?,
            validation: gallery.look_at(&split.validation, as_it_is, "validation slices")?,
            held_out: gallery.look_at(&split.test, as_it_is, "held-out slices")?,
            changed_training: gallery.look_at(&some, changes, "training slices, changed")?,
            changed_validation: gallery.look_at(&split.validation, changes, "validation slices, changed")?,
            foreign: look_at_foreign(&classifier, config.foreign.as_deref(), stage)?,
        })
    }
}

/// Puts into the file by what the engine rejects pictures and abstains.
fn remember(file: &mut weights::WeightsFile, cloud: &Gaussian, rule: RejectionRule) {
    let square = vec![cloud.dimension(); 2];
    file.manifest.rejection = Some(rule);
    file.tensors.insert(RejectionRule::MEAN.to_owned(), Tensor::float(vec![cloud.dimension()], cloud.mean()));
    file.tensors.insert(RejectionRule::WHITENING.to_owned(), Tensor::float(square, cloud.whitening()));
}

/// The stage whose activations tell a brain MRI from other pictures, where none is asked for.
fn early_stage(architecture: &str) -> anyhow::Result<String> {
    let known: Result<Architecture, _> = architecture.parse();
    let known = known.map_err(|error| Hinted::new(format!("{error}."), "--stage names the stage to look at"))?;
    Ok(known.spec().early_stage.to_owned())
}

/// What an earlier calibration left; the engine would reject pictures and abstain by it.
fn forget(file: &mut weights::WeightsFile) {
    file.manifest.temperature = None;
    file.manifest.rejection = None;
    file.tensors.remove(RejectionRule::MEAN);
    file.tensors.remove(RejectionRule::WHITENING);
}

/// The split the model was trained by.
fn split(classifier: &Classifier, recipe: &Recipe, scans: &Scans) -> anyhow::Result<Split> {
    let manifest = classifier.manifest();
    let split = dataset::split(scans.dataset(), &recipe.split_spec())?;
    let held_out = held_out_fingerprint(scans.dataset(), &split);
    ensure!(
        scans.fingerprint() == manifest.data_fingerprint
            && manifest.held_out_fingerprint.as_ref().is_none_or(|trained| *trained == held_out),
        Hinted::new(
            "these are not the scans, or not the groups, that the model was trained with.",
            "what the model has seen must be known to calibrate it; name the same folder and the same --groups as for \
             `sulcus train`"
        )
    );
    Ok(split)
}

fn calibration_error(Measured { before, after, .. }: &Measured) -> CalibrationError {
    let error = |predictions| metrics::expected_calibration_error(&metrics::reliability(predictions, BINS));
    let interval = |predictions| metrics::calibration_interval(predictions, BINS, Bootstrap::default());
    CalibrationError {
        before: error(before),
        before_ci95: interval(before),
        after: error(after),
        after_ci95: interval(after),
        exact: metrics::calibration_by_chance(after, BINS, Bootstrap::default()),
        reliability_before: metrics::reliability(before, BINS),
        reliability: metrics::reliability(after, BINS),
    }
}

fn abstention(measured: &Measured, wanted_risk: f64, abstain_below: f32) -> Abstention {
    let curve = metrics::risk_coverage(&measured.after);
    let at = |step: u32| {
        let coverage = f64::from(step) / f64::from(CURVE_POINTS);
        // Of 3 parts in 3 the last may be a rounding error short.
        curve.iter().find(|point| point.coverage >= coverage - 1e-9).copied()
    };
    Abstention {
        wanted_risk,
        abstain_below,
        coverage: measured.coverage,
        risk: measured.risk,
        curve: (1..=CURVE_POINTS).filter_map(at).collect(),
    }
}
