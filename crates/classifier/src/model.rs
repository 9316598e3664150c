//! A loaded model.

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor, TensorData};
use imaging::{InputSpec, PreparedSlice};
use networks::{Architecture, Features, Form, NamedTensor, Network, NetworkConfig};
use weights::{Manifest, WeightsFile};

use crate::familiarity::{Familiarity, refuse};
use crate::{ClassifierError, Engine, Evidence, Prediction};

/// Slices that go through the network together; more use memory without being faster.
const BATCH: usize = 8;

/// A network on its device, with what its weights file says of it.
#[derive(Debug)]
pub struct Classifier {
    network: Network,
    device: Device,
    engine: String,
    manifest: Manifest,
    /// `None` for a model that was never calibrated.
    familiarity: Option<Familiarity>,
}

/// What the network makes of a slice, before it is put into words: what `sulcus calibrate` measures.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// One value a class.
    pub logits: Vec<f32>,
    /// The last stage's activations, averaged over the picture: what the logits are made from.
    pub features: Vec<f32>,
    /// The asked stage's activations, averaged over the picture.
    pub stage: Vec<f32>,
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
        let (device, engine) = engine.open().await?;
        let reserve = manifest.reserve.clone();
        let familiarity = reserve.map(|reserve| Familiarity::take(reserve, &mut tensors)).transpose()?;
        let tensors = network_tensors(tensors);
        let architecture = architecture(manifest.architecture);
        let network =
            NetworkConfig::new(architecture, manifest.classes.len(), Form::Folded).init(&device).load(&tensors)?;
        Ok(Self { network, device, engine, manifest, familiarity })
    }

    /// How a slice must be prepared for this model.
    #[must_use]
    pub fn input_spec(&self) -> InputSpec {
        input_spec(&self.manifest.input)
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
        let mut predictions = Vec::with_capacity(slices.len());
        for batch in slices.chunks(BATCH) {
            let Some(familiarity) = &self.familiarity else {
                let logits = read(self.network.forward(self.images(batch)?)).await?;
                for row in logits.chunks(self.manifest.classes.len()) {
                    predictions.push(self.put_into_words(row)?);
                }
                continue;
            };
            let reserve = familiarity.reserve();
            for Observation { logits, stage, .. } in self.look_at(batch, &reserve.stage).await? {
                let evidence = Evidence {
                    distance: familiarity.distance(&stage)?,
                    familiar_up_to: reserve.familiar_up_to,
                    abstain_below: reserve.abstain_below,
                };
                predictions.push(self.put_into_words(&logits)?.weighed(evidence));
            }
        }
        Ok(predictions)
    }

    /// One observation a slice, in order; `stage` is a stage of the network by its Keras name.
    ///
    /// # Errors
    /// As [`Classifier::predict`], or the network has no such stage.
    pub async fn observe(&self, slices: &[PreparedSlice], stage: &str) -> Result<Vec<Observation>, ClassifierError> {
        let mut observations = Vec::with_capacity(slices.len());
        for batch in slices.chunks(BATCH) {
            observations.extend(self.look_at(batch, stage).await?);
        }
        Ok(observations)
    }

    /// One batch.
    async fn look_at(&self, slices: &[PreparedSlice], stage: &str) -> Result<Vec<Observation>, ClassifierError> {
        let mut pooled_stage = None;
        let features = self.network.observed(self.images(slices)?, &mut |name, activations| {
            if name == stage {
                pooled_stage = Some(activations.clone().mean_dim(3).mean_dim(2).flatten::<2>(1, 3));
            }
        });
        let pooled_stage = pooled_stage.ok_or_else(|| refuse(&format!("the network has no stage \"{stage}\"")))?;
        let logits = self.network.classify(features.clone());
        let (classes, length) = (self.manifest.classes.len(), features.dims()[1]);
        // Joined, because every read is a wait.
        let joined = Tensor::cat(vec![logits, features, pooled_stage], 1);
        let width = joined.dims()[1];
        let split = |row: &[f32]| Observation {
            logits: row[..classes].to_vec(),
            features: row[classes..classes + length].to_vec(),
            stage: row[classes + length..].to_vec(),
        };
        Ok(read(joined).await?.chunks(width).map(split).collect())
    }

    fn put_into_words(&self, logits: &[f32]) -> Result<Prediction, ClassifierError> {
        let temperature = self.manifest.temperature.unwrap_or(1.0);
        Prediction::from_logits(logits, temperature)
            .ok_or_else(|| failed("an output of the network is not a finite number"))
    }

    /// The output of every stage of the network by Keras's name, for comparing engines.
    ///
    /// # Errors
    /// As [`Classifier::predict`].
    pub async fn activations(&self, slices: &[PreparedSlice]) -> Result<Vec<(String, Vec<f32>)>, ClassifierError> {
        let mut stages = Vec::new();
        let observe: &mut Features<'_> = &mut |name, stage| stages.push((name.to_owned(), stage.clone()));
        let pooled = self.network.observed(self.images(slices)?, observe);
        let mut activations = Vec::with_capacity(stages.len() + 1);
        for (name, stage) in stages {
            activations.push((name, read(stage).await?));
        }
        activations.push(("avg_pool".to_owned(), read(pooled).await?));
        Ok(activations)
    }

    /// `[batch, 1, size, size]`.
    fn images(&self, slices: &[PreparedSlice]) -> Result<Tensor<4>, ClassifierError> {
        let size = self.manifest.input.size;
        if let Some(other) = slices.iter().find(|slice| slice.size() != size) {
            return Err(ClassifierError::Size { found: other.size(), expected: size });
        }
        let pixels: Vec<f32> = slices.iter().flat_map(PreparedSlice::pixels).copied().collect();
        let shape = [slices.len(), 1, size as usize, size as usize];
        Ok(Tensor::from_data(TensorData::new(pixels, shape), &self.device))
    }
}

/// A tensor's values, once the device has them.
async fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, ClassifierError> {
    let data = tensor.into_data_async().await.map_err(|error| failed(&format!("{error:?}")))?;
    data.try_to_vec().map_err(|error| failed(&format!("{error:?}")))
}

fn failed(reason: &str) -> ClassifierError {
    ClassifierError::Engine { reason: reason.to_owned() }
}

fn architecture(architecture: weights::Architecture) -> Architecture {
    match architecture {
        weights::Architecture::Xception => Architecture::Xception,
        weights::Architecture::Vgg16 => Architecture::Vgg16,
    }
}

/// The tensors of a weights file as a network takes them: dequantised.
#[must_use]
pub fn network_tensors(tensors: BTreeMap<String, weights::Tensor>) -> BTreeMap<String, NamedTensor> {
    let dequantise = |tensor: weights::Tensor| NamedTensor { values: tensor.to_f32(), shape: tensor.shape };
    tensors.into_iter().map(|(name, tensor)| (name, dequantise(tensor))).collect()
}

/// The manifest's input in the words of `imaging`: the weights crate does not know it.
fn input_spec(input: &weights::InputSpec) -> InputSpec {
    InputSpec {
        size: input.size,
        crop: match input.crop {
            weights::Crop::Head => imaging::Crop::Head,
            weights::Crop::None => imaging::Crop::None,
        },
        margin: input.margin,
        intensity: imaging::Intensity { low: input.intensity.low, high: input.intensity.high },
    }
}
