//! What a weights file says of itself: what the network is, what it must be fed, and where it comes from.

use graph::{Architecture, Graph};
use model::{InputSpec, InvalidInput, SplitProtocol};
use serde::{Deserialize, Serialize};

use crate::WeightsError;

/// The schema version of the manifest that this build writes. It reads [`NAMED_SCHEMA`] too.
pub const MANIFEST_SCHEMA: u32 = 2;
/// The schema version without [`Manifest::graph`]: the network is known by its name.
pub const NAMED_SCHEMA: u32 = 1;

/// The manifest of a model, kept as JSON under `__metadata__` / `manifest` of the safetensors file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`MANIFEST_SCHEMA`], or [`NAMED_SCHEMA`] where there is no graph.
    pub schema: u32,
    /// Name of the network that the tensors belong to.
    pub architecture: String,
    /// The network in its inference form; `None` in files of [`NAMED_SCHEMA`], which have one of [`Architecture`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub graph: Option<Graph>,
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
    /// When no class is named; `None` where `sulcus calibrate` has not been run: then every slice gets one.
    #[serde(rename = "reserve", default, skip_serializing_if = "Option::is_none")]
    pub rejection: Option<RejectionRule>,
}

/// When no class is named: the model abstains, or it rejects the picture as out of distribution.
///
/// The tensors [`RejectionRule::MEAN`] and [`RejectionRule::WHITENING`] of the same file hold what pictures are compared with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RejectionRule {
    /// The model abstains where the most probable class has a lower probability than this, 0..=1.
    pub abstain_below: f32,
    /// The stage of the network whose pooled activations tell a brain MRI from other pictures, by its Keras name.
    pub stage: String,
    /// A picture further than this from the training slices is taken for no brain MRI. A Mahalanobis distance over the
    /// root of its dimension, so that training slices lie around 1.
    #[serde(rename = "familiar_up_to")]
    pub ood_threshold: f32,
}

impl RejectionRule {
    /// Name of the tensor `[channels]`: the mean of the training slices' pooled activations.
    pub const MEAN: &'static str = "familiar.mean";
    /// Name of the tensor `[channels, channels]` that takes differences from the mean to independent unit variances.
    pub const WHITENING: &'static str = "familiar.whitening";

    fn check(&self) -> Result<(), WeightsError> {
        let Self { abstain_below, ood_threshold, .. } = *self;
        require((0.0..=1.0).contains(&abstain_below), "reserve.abstain_below", abstain_below, "a fraction, 0 to 1")?;
        let limit = ood_threshold.is_finite() && ood_threshold > 0.0;
        require(limit, "reserve.familiar_up_to", ood_threshold, "a positive number")
    }
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

/// What a network without a graph may be called.
const KNOWN: &str = "xception, vgg16 or efficientnet-lite0, since the file has no graph";

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
        self.check_graph()?;
        check_input(&self.input)?;
        check_classes(&self.classes)?;
        if let Some(metrics) = &self.metrics {
            metrics.check()?;
        }
        if let Some(rule) = &self.rejection {
            rule.check()?;
        }
        let temperature = self.temperature.unwrap_or(1.0);
        require(temperature.is_normal() && temperature > 0.0, "temperature", temperature, "a positive number")?;
        require(is_day(&self.date), "date", &self.date, "a day as YYYY-MM-DD")
    }
}

impl Manifest {
    /// The network in its inference form.
    ///
    /// # Errors
    /// [`WeightsError::Field`] where there is no graph and no network of this name; never for what was checked.
    pub fn network(&self) -> Result<Graph, WeightsError> {
        if let Some(graph) = &self.graph {
            return Ok(graph.clone());
        }
        let known: Result<Architecture, _> = self.architecture.parse();
        let known = known.map_err(|_| refused("architecture", &self.architecture, KNOWN))?;
        Ok(known.graph(self.classes.len()).folded())
    }

    fn check_graph(&self) -> Result<(), WeightsError> {
        let has_graph = self.graph.is_some() == (self.schema == MANIFEST_SCHEMA);
        require(has_graph, "graph", if self.graph.is_some() { "there" } else { "missing" }, "one from schema 2 on")?;
        let network = self.network()?;
        let (name, classes) = (network.name().to_owned(), network.classes());
        require(name == self.architecture, "architecture", &self.architecture, "the graph's name")?;
        require(network.is_folded(), "graph", "a network in training", "its inference form")?;
        require(
            classes == self.classes.len(),
            "graph",
            format!("one of {classes} classes"),
            "one of the file's classes",
        )?;
        let smallest = network.smallest();
        let is_large_enough = self.input.size as usize >= smallest;
        require(is_large_enough, "input.size", self.input.size, "no less than the network's smallest")
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
    if [NAMED_SCHEMA, MANIFEST_SCHEMA].contains(&found) {
        return Ok(());
    }
    Err(WeightsError::ManifestSchema { found })
}

fn check_input(input: &InputSpec) -> Result<(), WeightsError> {
    let refuse = |InvalidInput { field, found, accepted }| refused(&format!("input.{field}"), found, accepted);
    input.check().map_err(refuse)
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
    if holds { Ok(()) } else { Err(refused(field, found, expected)) }
}

fn refused(field: &str, found: impl std::fmt::Display, expected: &'static str) -> WeightsError {
    WeightsError::Field {
        field: format!("manifest.{field}"),
        found: found.to_string(),
        expected,
        hint: "correct it in the recipe or in the command, then export the model again.",
    }
}
