//! What a classifier runs on.

/// Where the network runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// The kernels for the CPU; on every machine.
    Cpu,
    /// Burn with the kernels for WebGPU: the browser's adapter, or natively Vulkan, Metal or Direct3D 12.
    WebGpu,
}
