//! The devices of the command line as Burn's devices and the classifier's engines.

use anyhow::bail;
use burn::tensor::Device;
use classifier::Engine;

use crate::cli::DeviceName;

impl DeviceName {
    /// The device to train on.
    ///
    /// # Errors
    /// There is no adapter, or this build has no such device.
    pub fn open(self) -> anyhow::Result<Device> {
        match self {
            Self::Cpu => Ok(Device::flex()),
            Self::Wgpu => Ok(Device::wgpu_options().init()?),
            #[cfg(feature = "cuda")]
            Self::Cuda => Ok(Device::cuda(0)),
            #[cfg(not(feature = "cuda"))]
            Self::Cuda => bail!("this build has no CUDA. hint: build it with `cargo build --features cuda`"),
        }
    }

    /// The engine to classify on.
    ///
    /// # Errors
    /// The classifier has no such engine.
    pub fn engine(self) -> anyhow::Result<Engine> {
        match self {
            Self::Cpu => Ok(Engine::Cpu),
            Self::Wgpu => Ok(Engine::WebGpu),
            Self::Cuda => bail!("scans are classified on the CPU or by WebGPU; accepted are cpu and wgpu"),
        }
    }
}
