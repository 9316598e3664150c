//! The devices of the command line as Burn's devices and the classifier's engines.

use anyhow::{bail, ensure};
use burn::tensor::{Device, FloatDType};
use classifier::Engine;

use crate::cli::{DeviceName, Precision};

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

    /// What activations are made of while a network is trained on it.
    ///
    /// # Errors
    /// The device does not train in that precision.
    pub fn activations(self, precision: Precision) -> anyhow::Result<FloatDType> {
        let trains = precision == Precision::F32 || self == Self::Cuda;
        ensure!(trains, "--precision bf16 is for --device cuda; other devices train in f32");
        Ok(match precision {
            Precision::F32 => FloatDType::F32,
            Precision::Bf16 => FloatDType::BF16,
        })
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
