//! A network on the engine that was asked for.

use std::collections::BTreeMap;

use graph::Graph;
use imaging::PreparedSlice;
use weights::Tensor;

use crate::cpu::Cpu;
#[cfg(any(not(target_arch = "wasm32"), feature = "webgpu"))]
use crate::gpu::Gpu;
use crate::{ClassifierError, Engine, Observation};

/// A network, ready to answer.
#[derive(Debug)]
pub(crate) enum Runner {
    /// The kernels for the CPU.
    Cpu(Cpu),
    /// Burn with the kernels for WebGPU.
    #[cfg(any(not(target_arch = "wasm32"), feature = "webgpu"))]
    Gpu(Gpu),
}

impl Runner {
    /// Puts a network on an engine, and says what the engine is, such as `CPU` or `WebGPU (NVIDIA H100)`.
    pub(crate) async fn load(
        engine: Engine,
        graph: Graph,
        tensors: BTreeMap<String, Tensor>,
    ) -> Result<(Self, String), ClassifierError> {
        match engine {
            Engine::Cpu => Ok((Self::Cpu(Cpu::load(graph, tensors)?), "CPU".to_owned())),
            #[cfg(any(not(target_arch = "wasm32"), feature = "webgpu"))]
            Engine::WebGpu => {
                let (gpu, name) = Gpu::load(graph, tensors).await?;
                Ok((Self::Gpu(gpu), name))
            }
            #[cfg(all(target_arch = "wasm32", not(feature = "webgpu")))]
            Engine::WebGpu => {
                Err(ClassifierError::NoWebGpu { reason: "this build has only the CPU engine".to_owned() })
            }
        }
    }

    /// One observation a slice, in order. Without a stage, that of the observation is empty.
    pub(crate) async fn observe(
        &self,
        slices: &[PreparedSlice],
        stage: Option<&str>,
    ) -> Result<Vec<Observation>, ClassifierError> {
        match self {
            Self::Cpu(cpu) => cpu.observe(slices, stage),
            #[cfg(any(not(target_arch = "wasm32"), feature = "webgpu"))]
            Self::Gpu(gpu) => gpu.observe(slices, stage).await,
        }
    }

    /// The output of every stage by Keras's name, `[slices, channels, height, width]`, and of `avg_pool`.
    pub(crate) async fn activations(
        &self,
        slices: &[PreparedSlice],
    ) -> Result<Vec<(String, Vec<f32>)>, ClassifierError> {
        match self {
            Self::Cpu(cpu) => cpu.activations(slices),
            #[cfg(any(not(target_arch = "wasm32"), feature = "webgpu"))]
            Self::Gpu(gpu) => gpu.activations(slices).await,
        }
    }
}
