//! The machine's adapter.

use std::sync::{Mutex, OnceLock, PoisonError};

use cubecl::client::Client;
use cubecl::device::WgpuDevice;
use cubecl::wgpu::{AutoGraphicsApi, RuntimeOptions, try_init_setup_async};

use crate::GpuError;

/// Launches that go to the device together: more than a network has, so that a slice is one submission.
const TASKS: usize = 256;

/// The browser's adapter, or natively Vulkan's, Metal's or Direct3D 12's, and its name.
///
/// It is the device that Burn calls its default one: tensors of Burn and a [`GpuNetwork`](crate::GpuNetwork) share it.
/// A process sets it up once; later calls give the same.
///
/// # Errors
/// There is no adapter, or the browser has closed it.
pub async fn open() -> Result<(Client, String), GpuError> {
    static OPENED: OnceLock<Mutex<Option<(Client, String)>>> = OnceLock::new();
    let opened = || OPENED.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);

    if let Some(open) = opened().clone() {
        return Ok(open);
    }
    let device = WgpuDevice::default();
    let unavailable = |error: cubecl::wgpu::WgpuInitError| GpuError::Unavailable { reason: error.to_string() };
    let options = RuntimeOptions::with_tasks_max(Some(TASKS)).map_err(unavailable)?;
    let setup = try_init_setup_async::<AutoGraphicsApi>(&device, options).await.map_err(unavailable)?;
    let info = setup.adapter.get_info();
    let adapter = [info.name, info.driver, "unnamed adapter".to_owned()].into_iter().find(|name| !name.is_empty());
    let open = (cubecl::Device::Wgpu(device).client(), adapter.unwrap_or_default());
    *opened() = Some(open.clone());
    Ok(open)
}
