//! The network on WebGPU: Burn's modules, as they are trained.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use burn::tensor::{Device, Tensor, TensorData};
use imaging::PreparedSlice;
use networks::{Architecture, Features, Form, NamedTensor, Network, NetworkConfig};

use crate::familiarity::refuse;
use crate::{ClassifierError, Observation};

/// Slices that go through the network together; more use memory without being faster.
const BATCH: usize = 8;

/// A network on its device.
#[derive(Debug)]
pub(crate) struct Burned {
    network: Network,
    device: Device,
}

impl Burned {
    /// The network, and the name of the device.
    pub(crate) async fn load(
        architecture: weights::Architecture,
        classes: usize,
        tensors: BTreeMap<String, weights::Tensor>,
    ) -> Result<(Self, String), ClassifierError> {
        let (device, name) = webgpu().await?;
        let architecture = match architecture {
            weights::Architecture::Xception => Architecture::Xception,
            weights::Architecture::Vgg16 => Architecture::Vgg16,
        };
        let network = NetworkConfig::new(architecture, classes, Form::Folded).init(&device);
        Ok((Self { network: network.load(&network_tensors(tensors))?, device }, name))
    }

    pub(crate) async fn observe(
        &self,
        slices: &[PreparedSlice],
        stage: Option<&str>,
    ) -> Result<Vec<Observation>, ClassifierError> {
        let mut observations = Vec::with_capacity(slices.len());
        for batch in slices.chunks(BATCH) {
            observations.extend(self.look_at(batch, stage).await?);
        }
        Ok(observations)
    }

    /// One batch.
    async fn look_at(
        &self,
        slices: &[PreparedSlice],
        stage: Option<&str>,
    ) -> Result<Vec<Observation>, ClassifierError> {
        let mut pooled_stage = None;
        let features = self.network.observed(self.images(slices), &mut |name, activations| {
            if Some(name) == stage {
                pooled_stage = Some(activations.clone().mean_dim(3).mean_dim(2).flatten::<2>(1, 3));
            }
        });
        if let (None, Some(stage)) = (&pooled_stage, stage) {
            return Err(refuse(&format!("the network has no stage \"{stage}\"")));
        }
        let logits = self.network.classify(features.clone());
        let (classes, length) = (logits.dims()[1], features.dims()[1]);
        // Joined, because every read is a wait.
        let joined = Tensor::cat([logits, features].into_iter().chain(pooled_stage).collect(), 1);
        let width = joined.dims()[1];
        let split = |row: &[f32]| Observation {
            logits: row[..classes].to_vec(),
            features: row[classes..classes + length].to_vec(),
            stage: row[classes + length..].to_vec(),
        };
        Ok(read(joined).await?.chunks(width).map(split).collect())
    }

    pub(crate) async fn activations(
        &self,
        slices: &[PreparedSlice],
    ) -> Result<Vec<(String, Vec<f32>)>, ClassifierError> {
        let mut stages = Vec::new();
        let observe: &mut Features<'_> = &mut |name, stage| stages.push((name.to_owned(), stage.clone()));
        let pooled = self.network.observed(self.images(slices), observe);
        let mut activations = Vec::with_capacity(stages.len() + 1);
        for (name, stage) in stages {
            activations.push((name, read(stage).await?));
        }
        activations.push(("avg_pool".to_owned(), read(pooled).await?));
        Ok(activations)
    }

    /// `[batch, 1, size, size]`.
    fn images(&self, slices: &[PreparedSlice]) -> Tensor<4> {
        let size = slices.first().map_or(0, |slice| slice.size() as usize);
        let pixels: Vec<f32> = slices.iter().flat_map(PreparedSlice::pixels).copied().collect();
        Tensor::from_data(TensorData::new(pixels, [slices.len(), 1, size, size]), &self.device)
    }
}

/// A tensor's values, once the device has them.
async fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, ClassifierError> {
    let failed = |reason| ClassifierError::Engine { reason };
    let data = tensor.into_data_async().await.map_err(|error| failed(format!("{error:?}")))?;
    data.try_to_vec().map_err(|error| failed(format!("{error:?}")))
}

/// The tensors of a weights file as a network of Burn's modules takes them: dequantised.
#[must_use]
pub fn network_tensors(tensors: BTreeMap<String, weights::Tensor>) -> BTreeMap<String, NamedTensor> {
    let dequantise = |tensor: weights::Tensor| NamedTensor { values: tensor.to_f32(), shape: tensor.shape };
    tensors.into_iter().map(|(name, tensor)| (name, dequantise(tensor))).collect()
}

/// The browser's adapter, or natively Vulkan's, Metal's or Direct3D 12's, and its name.
async fn webgpu() -> Result<(Device, String), ClassifierError> {
    /// A device can be set up once in a process; later classifiers share it.
    static OPENED: OnceLock<Mutex<Option<(Device, String)>>> = OnceLock::new();
    let opened = || OPENED.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);

    if let Some(open) = opened().clone() {
        return Ok(open);
    }
    let (device, setup) = Device::wgpu_options()
        .init_with_setup_async()
        .await
        .map_err(|error| ClassifierError::NoWebGpu { reason: error.to_string() })?;
    let info = setup.adapter.get_info();
    let adapter = [info.name, info.driver, "unnamed adapter".to_owned()].into_iter().find(|name| !name.is_empty());
    let open = (device, format!("WebGPU ({})", adapter.unwrap_or_default()));
    *opened() = Some(open.clone());
    Ok(open)
}
