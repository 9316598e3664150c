//! The devices a classifier runs on.

use burn::tensor::Device;

use crate::ClassifierError;

/// Where the network runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// Burn's CPU backend; on every machine.
    Cpu,
    /// Burn's WebGPU backend: the browser's adapter, or natively Vulkan, Metal or Direct3D 12.
    WebGpu,
}

impl Engine {
    /// The device and its name, such as `CPU` or `WebGPU (NVIDIA H100)`.
    pub(crate) async fn open(self) -> Result<(Device, String), ClassifierError> {
        match self {
            Self::Cpu => Ok((Device::flex(), "CPU".to_owned())),
            Self::WebGpu => webgpu().await,
        }
    }
}

#[cfg(any(not(target_arch = "wasm32"), feature = "webgpu"))]
async fn webgpu() -> Result<(Device, String), ClassifierError> {
    use std::sync::{Mutex, OnceLock, PoisonError};

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

#[cfg(all(target_arch = "wasm32", not(feature = "webgpu")))]
async fn webgpu() -> Result<(Device, String), ClassifierError> {
    Err(ClassifierError::NoWebGpu { reason: "this build has only the CPU engine".to_owned() })
}
