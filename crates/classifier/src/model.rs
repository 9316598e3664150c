//! A loaded model.

use graph::Answer;
use imaging::{InputSpec, PreparedSlice};
use model::EvidenceMap;
use weights::{Manifest, WeightsFile};

use crate::ood::OodDetector;
use crate::runner::Runner;
use crate::{ClassifierError, Engine, Evidence, Prediction};

/// A network on its engine, with what its weights file says of it.
#[derive(Debug)]
pub struct Classifier {
    runner: Runner,
    engine: String,
    manifest: Manifest,
    /// `None` for a model that was never calibrated.
    ood: Option<OodDetector>,
}

/// What the network makes of a slice, before it is a prediction: what `sulcus calibrate` measures.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// One value a class.
    pub logits: Vec<f32>,
    /// The last stage's activations, averaged over the picture.
    pub features: Vec<f32>,
    /// Where the network sees evidence, for one that says so.
    pub map: Option<EvidenceMap>,
    /// The asked stage's activations, averaged over the picture.
    pub stage: Vec<f32>,
}

impl Observation {
    pub(crate) fn new(answer: Answer, stage: Vec<f32>) -> Self {
        let Answer { logits, features, map } = answer;
        Self { logits, features, map: map.map(|logits| EvidenceMap::from_logits(&logits)), stage }
    }
}

impl Classifier {
    /// Checks a weights file and puts its network on an engine.
    ///
    /// # Errors
    /// The file is damaged, its tensors are not its architecture's, or the engine is not to be had.
    pub async fn load(bytes: &[u8], engine: Engine) -> Result<Self, ClassifierError> {
        Self::from_file(weights::read(bytes)?, engine).await
    }

    /// As [`Classifier::load`], for a file that was read and verified already.
    ///
    /// # Errors
    /// As [`Classifier::load`].
    pub async fn from_file(file: WeightsFile, engine: Engine) -> Result<Self, ClassifierError> {
        let WeightsFile { manifest, mut tensors } = file;
        let rule = manifest.rejection.clone();
        let ood = rule.map(|rule| OodDetector::take(rule, &mut tensors)).transpose()?;
        let graph = manifest.network()?;
        let (runner, engine) = Runner::load(engine, graph, tensors).await?;
        Ok(Self { runner, engine, manifest, ood })
    }

    /// How a slice must be prepared for this model.
    #[must_use]
    pub fn input_spec(&self) -> InputSpec {
        self.manifest.input.clone()
    }

    /// The engine that answers, such as `CPU` or `WebGPU (NVIDIA H100)`.
    #[must_use]
    pub fn engine_name(&self) -> &str {
        &self.engine
    }

    /// What the weights file says of itself.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The name of a class by its index; empty for an index that is none.
    #[must_use]
    pub fn class_name(&self, class: usize) -> &str {
        self.manifest.classes.get(class).map_or("", String::as_str)
    }

    /// One prediction a slice, in order.
    ///
    /// # Errors
    /// A slice was prepared for another input, or the engine failed.
    pub async fn predict(&self, slices: &[PreparedSlice]) -> Result<Vec<Prediction>, ClassifierError> {
        self.check(slices)?;
        let stage = self.ood.as_ref().map(|ood| ood.rule().stage.as_str());
        let observations = self.runner.observe(slices, stage).await?;
        observations.into_iter().map(|observation| self.to_prediction(observation)).collect()
    }

    /// One observation a slice, in order; `stage` is a stage of the network by its Keras name.
    ///
    /// # Errors
    /// As [`Classifier::predict`], or the network has no such stage.
    pub async fn observe(&self, slices: &[PreparedSlice], stage: &str) -> Result<Vec<Observation>, ClassifierError> {
        self.check(slices)?;
        self.runner.observe(slices, Some(stage)).await
    }

    fn to_prediction(&self, observation: Observation) -> Result<Prediction, ClassifierError> {
        let Observation { logits, map, stage, .. } = observation;
        let temperature = self.manifest.temperature.unwrap_or(1.0);
        let prediction = Prediction::from_logits(&logits, temperature).ok_or_else(|| ClassifierError::Engine {
            reason: "an output of the network is not a finite number".to_owned(),
        })?;
        let prediction = Prediction { map, ..prediction };
        let Some(ood) = &self.ood else { return Ok(prediction) };
        let rule = ood.rule();
        Ok(prediction.with_evidence(Evidence {
            distance: ood.distance(&stage)?,
            ood_threshold: rule.ood_threshold,
            abstain_below: rule.abstain_below,
        }))
    }

    /// The output of every stage of the network by Keras's name, for comparing engines.
    ///
    /// # Errors
    /// As [`Classifier::predict`].
    pub async fn activations(&self, slices: &[PreparedSlice]) -> Result<Vec<(String, Vec<f32>)>, ClassifierError> {
        self.check(slices)?;
        self.runner.activations(slices).await
    }

    /// Refuses slices that were prepared for another input.
    fn check(&self, slices: &[PreparedSlice]) -> Result<(), ClassifierError> {
        let expected = self.manifest.input.size;
        match slices.iter().find(|slice| slice.size() != expected) {
            Some(other) => Err(ClassifierError::Size { found: other.size(), expected }),
            None => Ok(()),
        }
    }
}
