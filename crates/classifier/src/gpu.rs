//! The network on WebGPU: Burn, with the kernels of this workspace as operations of its backend.

use std::collections::BTreeMap;

use gpu::GpuError;
use graph::Graph;
use imaging::PreparedSlice;
use networks::{Answer, PackedError, PackedNetwork};

use crate::{ClassifierError, Observation};

/// Slices that go through the network together; more use memory without being faster.
const BATCH: usize = 8;

/// A network on the machine's adapter.
#[derive(Debug)]
pub(crate) struct Gpu {
    network: PackedNetwork,
}

impl Gpu {
    /// The network, and the name of the adapter.
    pub(crate) async fn load(
        graph: Graph,
        tensors: BTreeMap<String, weights::Tensor>,
    ) -> Result<(Self, String), ClassifierError> {
        let (device, adapter) = gpu::open().await?;
        let network = PackedNetwork::load(graph, tensors, &device.into())?;
        Ok((Self { network }, format!("WebGPU ({adapter})")))
    }

    pub(crate) async fn observe(
        &self,
        slices: &[PreparedSlice],
        stage: Option<&str>,
    ) -> Result<Vec<Observation>, ClassifierError> {
        let mut observations = Vec::with_capacity(slices.len());
        for batch in slices.chunks(BATCH) {
            let (images, size) = images(batch);
            let answers = self.network.answers(&images, size, stage).await?;
            let observation = |Answer { logits, features, map, stage }| {
                Observation::new(graph::Answer { logits, features, map }, stage)
            };
            observations.extend(answers.into_iter().map(observation));
        }
        Ok(observations)
    }

    pub(crate) async fn activations(
        &self,
        slices: &[PreparedSlice],
    ) -> Result<Vec<(String, Vec<f32>)>, ClassifierError> {
        let (images, size) = images(slices);
        let mut stages = self.network.stages(&images, size).await?;
        let answers = self.network.answers(&images, size, None).await?;
        stages.push(("avg_pool".to_owned(), answers.into_iter().flat_map(|answer| answer.features).collect()));
        Ok(stages)
    }
}

/// All pixels, and the side of one slice.
fn images(slices: &[PreparedSlice]) -> (Vec<f32>, usize) {
    let size = slices.first().map_or(0, |slice| slice.size() as usize);
    (slices.iter().flat_map(PreparedSlice::pixels).copied().collect(), size)
}

impl From<GpuError> for ClassifierError {
    fn from(error: GpuError) -> Self {
        let GpuError::Unavailable { reason } = error;
        Self::NoWebGpu { reason }
    }
}

impl From<PackedError> for ClassifierError {
    fn from(error: PackedError) -> Self {
        let (reason, hint) = (error.to_string(), error.hint());
        match error {
            PackedError::Graph(_) | PackedError::Tensor(_) => Self::Network { reason, hint },
            PackedError::Stage { .. } => crate::ood::refuse(&reason),
            PackedError::Images { .. } | PackedError::Device { .. } => Self::Engine { reason },
        }
    }
}
