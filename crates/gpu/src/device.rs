//! The machine's adapter.

use std::sync::{Mutex, MutexGuard, PoisonError};

use cubecl::Device;
#[cfg(not(target_family = "wasm"))]
use cubecl::device::WgpuBackend;
use cubecl::device::WgpuDevice;
#[cfg(not(target_family = "wasm"))]
use cubecl::wgpu::try_init_setup;
#[cfg(target_family = "wasm")]
use cubecl::wgpu::try_init_setup_async;
use cubecl::wgpu::{AutoGraphicsApi, RuntimeOptions, WgpuInitError, WgpuSetup};

use crate::GpuError;

/// Launches that go to the device together: more than a network has, so that a slice is one submission.
const TASKS: usize = 256;

/// What a native program computes on, best first. OpenGL is left out: wgpu panics on some of its drivers as soon as it
/// looks for one through EGL, and under others ReLU makes 0 of NaN.
#[cfg(not(target_family = "wasm"))]
const APIS: &[WgpuBackend] = if cfg!(target_os = "macos") {
    &[WgpuBackend::Metal]
} else if cfg!(windows) {
    &[WgpuBackend::Vulkan, WgpuBackend::Dx12]
} else {
    &[WgpuBackend::Vulkan]
};

/// An open device and its adapter's name.
type Open = (Device, String);

/// The browser's adapter, or natively Vulkan's, Metal's or Direct3D 12's, and its name.
///
/// A process sets it up once; later calls give the same.
///
/// # Errors
/// There is no adapter, or the browser has closed it.
#[cfg_attr(not(target_family = "wasm"), allow(clippy::unused_async, reason = "a browser can't wait"))]
pub async fn open() -> Result<(Device, String), GpuError> {
    #[cfg(target_family = "wasm")]
    let open = open_in_browser().await;
    #[cfg(not(target_family = "wasm"))]
    let open = open_natively();
    open
}

#[cfg(target_family = "wasm")]
async fn open_in_browser() -> Result<Open, GpuError> {
    if let Some(open) = opened().clone() {
        return Ok(open);
    }
    let unavailable = |error| GpuError::Unavailable { reason: reason(error) };
    let device = WgpuDevice::default();
    let options = options().map_err(unavailable)?;
    let setup = try_init_setup_async::<AutoGraphicsApi>(&device, options).await.map_err(unavailable)?;
    Ok(opened().insert(named(device, &setup)).clone())
}

#[cfg(not(target_family = "wasm"))]
fn open_natively() -> Result<Open, GpuError> {
    // Locked until the device is set up: a thread that sets it up at the same time would be refused.
    let mut opened = opened();
    if let Some(open) = opened.clone() {
        return Ok(open);
    }
    let open = on_first_api(|api| {
        let device = WgpuDevice::default().on(api);
        let setup = try_init_setup::<AutoGraphicsApi>(&device, options()?)?;
        Ok(named(device, &setup))
    })?;
    Ok(opened.insert(open).clone())
}

/// What `open` gives on the first graphics API that has an adapter here: Vulkan, Metal or Direct3D 12.
///
/// # Errors
/// None has one.
#[cfg(not(target_family = "wasm"))]
pub fn on_first_api<T>(open: impl Fn(WgpuBackend) -> Result<T, WgpuInitError>) -> Result<T, GpuError> {
    let mut reasons = Vec::new();
    for &api in APIS {
        match open(api) {
            Ok(opened) => return Ok(opened),
            Err(error) => reasons.push(format!("{api:?}: {}", reason(error))),
        }
    }
    Err(GpuError::Unavailable { reason: reasons.join("; ") })
}

fn opened() -> MutexGuard<'static, Option<Open>> {
    static OPENED: Mutex<Option<Open>> = Mutex::new(None);
    OPENED.lock().unwrap_or_else(PoisonError::into_inner)
}

fn options() -> Result<RuntimeOptions, WgpuInitError> {
    RuntimeOptions::with_tasks_max(Some(TASKS))
}

fn named(device: WgpuDevice, setup: &WgpuSetup) -> Open {
    let info = setup.adapter.get_info();
    let adapter = [info.name, info.driver, "unnamed adapter".to_owned()].into_iter().find(|name| !name.is_empty());
    (Device::Wgpu(device), adapter.unwrap_or_default())
}

/// Without the selector's name in the code.
fn reason(error: WgpuInitError) -> String {
    match error {
        WgpuInitError::AdapterUnavailable { message, .. } => message,
        other => other.to_string(),
    }
}
