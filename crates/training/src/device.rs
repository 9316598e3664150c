//! The devices that a network can be trained on, by name, as Burn's devices.

use std::fmt;
use std::panic::{self, AssertUnwindSafe};

#[cfg(not(feature = "cuda"))]
use anyhow::bail;
use anyhow::ensure;
use burn::tensor::{Device, FloatDType, Tensor};
use model::Hinted;

/// Where a network runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceName {
    /// The processor.
    Cpu,
    /// A graphics card, by Vulkan, Metal or Direct3D 12.
    Wgpu,
    /// An NVIDIA card; needs a build with the feature `cuda`.
    Cuda,
}

/// How exactly a network computes while it is trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// 32-bit floats; every device has them.
    F32,
    /// Activations and their gradients in bfloat16, weights and sums in 32-bit floats; CUDA only.
    Bf16,
}

impl DeviceName {
    /// Every device that there may be.
    pub const ALL: [Self; 3] = [Self::Cpu, Self::Wgpu, Self::Cuda];

    /// Its name, as it is typed.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Wgpu => "wgpu",
            Self::Cuda => "cuda",
        }
    }

    /// The device to train on.
    ///
    /// # Errors
    /// There is no adapter, it computes wrongly, or this build has no such device.
    pub fn open(self) -> anyhow::Result<Device> {
        let device = match self {
            Self::Cpu => return Ok(Device::flex()),
            Self::Wgpu => gpu::on_first_api(|api| Device::wgpu_options().graphics_api(api).init())?,
            #[cfg(feature = "cuda")]
            Self::Cuda => Device::cuda(0),
            #[cfg(not(feature = "cuda"))]
            Self::Cuda => bail!(Hinted::new("this build has no CUDA.", "build it with `cargo build --features cuda`")),
        };
        ensure!(
            multiplies(&device),
            Hinted::new(
                "the device gives wrong products, or none: it has no driver here, or its kernels can't be compiled.",
                "CUDA needs NVIDIA's driver, NVRTC, and where CUDA_PATH points the headers of its runtime, of CCCL and CRT"
            )
        );
        Ok(device)
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
}

impl fmt::Display for DeviceName {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(self.name())
    }
}

impl Precision {
    /// Every precision that there is.
    pub const ALL: [Self; 2] = [Self::F32, Self::Bf16];

    /// Its name, as it is typed.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(self.name())
    }
}

/// Tries a product of two matrices: where there is no driver Burn panics, and where a kernel can't be compiled, because a
/// header of CUDA is missing say, it goes on with what happened to be in memory.
fn multiplies(device: &Device) -> bool {
    let side = 32;
    let ones = || Tensor::<2>::ones([side, side], device);
    let product = || ones().matmul(ones()).into_data().try_to_vec::<f32>();
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| ()));
    let product = panic::catch_unwind(AssertUnwindSafe(product));
    panic::set_hook(hook);
    let all_right = |product: &[f32]| {
        product.len() == side * side && product.iter().all(|value| (value - side as f32).abs() < 1e-3)
    };
    matches!(product, Ok(Ok(product)) if all_right(&product))
}
