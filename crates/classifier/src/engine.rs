//! What a classifier runs on.

/// Where the network runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// The kernels of this workspace; on every machine.
    Cpu,
    /// Burn's WebGPU backend: the browser's adapter, or natively Vulkan, Metal or Direct3D 12.
    WebGpu,
}
