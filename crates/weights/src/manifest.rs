//! What a weights file says of itself: what the network is, what it must be fed, and where it comes from.

use graph::Architecture;
use serde::{Deserialize, Serialize};

use crate::WeightsError;

/// The schema version of the manifest that this build reads and writes.
pub const MANIFEST_SCHEMA: u32 = 1;

/// The manifest of a model, kept as JSON under `__metadata__` / `manifest` of the safetensors file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`MANIFEST_SCHEMA`].
    pub schema: u32,
    /// Which network the tensors belong to.
    pub architecture: Architecture,
    /// How a slice becomes the network's input.
    pub input: InputSpec,
    /// Class names in the order of the network's outputs; at least two, no two the same.
    pub classes: Vec<String>,
    /// The training recipe, as TOML.
    pub recipe: String,
    /// Fingerprint of the data the model was trained on, as the `dataset` crate computes it.
    pub data_fingerprint: String,
    /// Fingerprint of the paths that were held out; `None` in files of older versions. It differs where the same files
    /// come with other patients or copies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_out_fingerprint: Option<String>,
    /// How training and held-out slices were separated.
    pub split: SplitProtocol,
    /// What was measured of these weights; `None` where they were written before being evaluated.
    pub metrics: Option<MetricsSummary>,
    /// Licence of the weights, as an SPDX expression.
    pub licence: String,
    /// Day of the training run, as `YYYY-MM-DD`.
    pub date: String,
    /// Credit owed for the data and the starting weights.
    pub credit: String,
    /// Divides the logits before the softmax (calibration after Guo et al., 2017); `None` means 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f32>,
    /// When an answer is held back; `None` where `sulcus calibrate` has not been run: then every slice gets a class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserve: Option<Reserve>,
}

/// When an answer is held back: because the model is unsure, or because the picture is none it knows.
///
/// The tensors [`Reserve::MEAN`] and [`Reserve::WHITENING`] of the same file hold what pictures are compared with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reserve {
    /// The model abstains where the most probable class has a lower probability than this, 0..=1.
    pub abstain_below: f32,
    /// The stage of the network whose pooled activations tell a brain MRI from other pictures, by its Keras name.
    pub stage: String,
    /// A picture further than this from the training slices is taken for no brain MRI. A Mahalanobis distance over the
    /// root of its dimension, so that training slices lie around 1.
    pub familiar_up_to: f32,
}

impl Reserve {
    /// Name of the tensor `[channels]`: the mean of the training slices' pooled activations.
    pub const MEAN: &'static str = "familiar.mean";
    /// Name of the tensor `[channels, channels]` that takes differences from the mean to independent unit variances.
    pub const WHITENING: &'static str = "familiar.whitening";

    fn check(&self) -> Result<(), WeightsError> {
        let Self { abstain_below, familiar_up_to, .. } = *self;
        require((0.0..=1.0).contains(&abstain_below), "reserve.abstain_below", abstain_below, "a fraction, 0 to 1")?;
        let limit = familiar_up_to.is_finite() && familiar_up_to > 0.0;
        require(limit, "reserve.familiar_up_to", familiar_up_to, "a positive number")
    }
}

/// How a slice becomes the network's input.
///
/// The same JSON as `imaging::InputSpec`, field for field: this crate knows files and not images, so it keeps its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputSpec {
    /// Side of the square input in pixels, 1..=4096.
    pub size: u32,
    /// What the slice is cropped to first.
    pub crop: Crop,
    /// Margin kept around the crop, as a fraction of its longer side, 0..=1.
    pub margin: f32,
    /// Which intensities become -1 and 1.
    pub intensity: Intensity,
}

/// What a slice is cropped to before it is scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Crop {
    /// The bounding box of the head.
    Head,
    /// Nothing: the whole slice.
    None,
}

/// Percentiles of a slice's intensities that become -1 and 1; what lies beyond is clipped.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intensity {
    /// Percentile that becomes -1, 0..100, below `high`.
    pub low: f32,
    /// Percentile that becomes 1, 0..=100.
    pub high: f32,
}

/// How training and held-out slices were separated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SplitProtocol {
    /// The data set's own Training and Testing folders. Leaky: patients and duplicates are on both sides.
    Official,
    /// Slices drawn by chance. Leaky for the same reason.
    Random,
    /// No patient and no duplicate group on both sides.
    Grouped,
}

/// The figures of an evaluation, in short. The report that the catalogue names has them in full.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricsSummary {
    /// Which slices were evaluated, for example `held-out fold`.
    pub part: String,
    /// Whether patients or duplicates of the training slices were among them.
    pub leaky: bool,
    /// Number of slices.
    pub n: u64,
    /// Fraction classified correctly, 0..=1.
    pub accuracy: f64,
    /// 95 % bootstrap interval of the accuracy, lower then upper bound.
    pub accuracy_ci95: [f64; 2],
    /// F1 averaged over the classes, 0..=1.
    pub macro_f1: f64,
}

/// The one field read before all others, so that a newer manifest is called newer and not broken.
#[derive(Deserialize)]
struct SchemaOnly {
    schema: u32,
}

impl Manifest {
    /// Parses and checks the JSON of a manifest.
    pub(crate) fn parse(json: &str) -> Result<Self, WeightsError> {
        let SchemaOnly { schema } = serde_json::from_str(json).map_err(WeightsError::ManifestJson)?;
        check_schema(schema)?;
        let manifest: Self = serde_json::from_str(json).map_err(WeightsError::ManifestJson)?;
        manifest.check()?;
        Ok(manifest)
    }

    /// Checks that every field makes sense: what is written can be read back, and what is read can be relied on.
    ///
    /// # Errors
    /// [`WeightsError::ManifestSchema`] or [`WeightsError::Field`] for the first field that does not.
    pub fn check(&self) -> Result<(), WeightsError> {
        check_schema(self.schema)?;
        self.input.check()?;
        check_classes(&self.classes)?;
        if let Some(metrics) = &self.metrics {
            metrics.check()?;
        }
        if let Some(reserve) = &self.reserve {
            reserve.check()?;
        }
        let temperature = self.temperature.unwrap_or(1.0);
        require(temperature.is_normal() && temperature > 0.0, "temperature", temperature, "a positive number")?;
        require(is_day(&self.date), "date", &self.date, "a day as YYYY-MM-DD")
    }
}

impl InputSpec {
    fn check(&self) -> Result<(), WeightsError> {
        let Intensity { low, high } = self.intensity;
        require((1..=4096).contains(&self.size), "input.size", self.size, "1 to 4096 pixels")?;
        require((0.0..=1.0).contains(&self.margin), "input.margin", self.margin, "a fraction, 0 to 1")?;
        require((0.0..100.0).contains(&low), "input.intensity.low", low, "a percentile, 0 to below 100")?;
        require(low < high && high <= 100.0, "input.intensity.high", high, "a percentile above low, to 100")
    }
}

impl MetricsSummary {
    fn check(&self) -> Result<(), WeightsError> {
        let [lower, upper] = self.accuracy_ci95;
        let fraction = |value: f64| (0.0..=1.0).contains(&value);
        require(fraction(self.accuracy), "metrics.accuracy", self.accuracy, "a fraction, 0 to 1")?;
        require(fraction(self.macro_f1), "metrics.macro_f1", self.macro_f1, "a fraction, 0 to 1")?;
        require(
            fraction(lower) && fraction(upper) && lower <= upper,
            "metrics.accuracy_ci95",
            format!("{lower} to {upper}"),
            "two fractions, the lower one first",
        )
    }
}

fn check_schema(found: u32) -> Result<(), WeightsError> {
    if found == MANIFEST_SCHEMA {
        return Ok(());
    }
    Err(WeightsError::ManifestSchema { found })
}

fn check_classes(classes: &[String]) -> Result<(), WeightsError> {
    let expected = "at least two names, none empty, no two the same";
    let mut sorted: Vec<&str> = classes.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    let distinct = sorted.windows(2).all(|pair| pair[0] != pair[1]);
    let named = !classes.iter().any(|name| name.trim().is_empty());
    require(classes.len() >= 2 && distinct && named, "classes", format!("{classes:?}"), expected)
}

/// Whether the text is four, two and two digits between hyphens, month and day in range.
fn is_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else {
        return false;
    };
    let number = |part: &str, digits: usize| {
        let valid = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
        if valid { part.parse::<u32>().ok() } else { None }
    };
    number(year, 4).is_some()
        && number(month, 2).is_some_and(|month| (1..=12).contains(&month))
        && number(day, 2).is_some_and(|day| (1..=31).contains(&day))
}

fn require(
    holds: bool,
    field: &'static str,
    found: impl std::fmt::Display,
    expected: &'static str,
) -> Result<(), WeightsError> {
    if holds {
        return Ok(());
    }
    Err(WeightsError::Field {
        field: format!("manifest.{field}"),
        found: found.to_string(),
        expected,
        hint: "correct it in the recipe or in the command, then export the model again",
    })
}
