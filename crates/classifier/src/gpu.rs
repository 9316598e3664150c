//! The network on WebGPU: the CubeCL kernels of this workspace.

use std::collections::BTreeMap;

use gpu::{Answer, GpuError, GpuNetwork, Tile};
use graph::Graph;
use imaging::PreparedSlice;

use crate::{ClassifierError, Observation};

/// Slices that go through the network together; more use memory without being faster.
const BATCH: usize = 8;

/// A network on the machine's adapter.
#[derive(Debug)]
pub(crate) struct Gpu {
    network: GpuNetwork,
}

impl Gpu {
    /// The network, and the name of the adapter.
    pub(crate) async fn load(
        graph: Graph,
        tensors: BTreeMap<String, weights::Tensor>,
    ) -> Result<(Self, String), ClassifierError> {
        let (client, adapter) = gpu::open().await?;
        let network = GpuNetwork::new(client.clone(), Tile::of(&client), graph, tensors)?;
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
            let answers = self.network.forward(&images, size, stage).await?;
            let observation = |Answer { logits, features, stage }| Observation { logits, features, stage };
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
        let answers = self.network.forward(&images, size, None).await?;
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
        let reason = error.to_string();
        match error {
            GpuError::Unavailable { reason } => Self::NoWebGpu { reason },
            GpuError::Graph(_) | GpuError::Tensor(_) => Self::Network { reason },
            GpuError::Stage { .. } => crate::familiarity::refuse(&reason),
            GpuError::Images { .. } | GpuError::Device { .. } => Self::Engine { reason },
        }
    }
}
