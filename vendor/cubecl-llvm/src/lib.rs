//! What `cubecl-cuda` names of `cubecl-llvm`, without LLVM.
//!
//! CubeCL can hand a kernel to the CUDA driver in two ways: as CUDA C++ that NVRTC compiles, or as PTX that LLVM makes.
//! Both are always compiled in, and the second one downloads an LLVM of a gigabyte when it is built. Sulcus takes the
//! first (`cubecl/cuda-cpp`), so this crate stands in for the second: the same names, and a compiler that refuses.

use core::fmt::{self, Display, Formatter};

use cubecl_core::ir::nvidia::SmArch;
use cubecl_core::prelude::KernelDefinition;
use cubecl_environment::backtrace::BackTrace;
use cubecl_runtime::compiler::{CompilationError, Compiler};
use cubecl_runtime::kernel::BufferIOAttr;

/// Versions of PTX.
pub mod nvptx {
    pub mod ptx_version {
        use core::fmt::{self, Display, Formatter};

        /// A version of PTX; there is none.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum PtxVersion {}

        impl PtxVersion {
            /// The newest version that a driver loads: none, since none is written.
            #[must_use]
            pub const fn for_driver(_driver: i32) -> Option<Self> {
                None
            }
        }

        impl Display for PtxVersion {
            fn fmt(&self, _: &mut Formatter<'_>) -> fmt::Result {
                match *self {}
            }
        }
    }
}

/// What a device is said to be able to do.
pub mod shared {
    pub mod lowered_features {
        use cubecl_core::ir::DeviceProperties;

        /// Whose code LLVM would write.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum GpuTarget {
            Nvptx,
        }

        /// Leaves what a device says of itself as it is; it is asked of the LLVM backend alone.
        pub const fn restrict_features(_properties: &mut DeviceProperties, _target: GpuTarget) {}
    }
}

/// Whose code LLVM would write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LlvmTarget {
    #[default]
    Nvptx,
}

/// A compiler that refuses every kernel.
#[derive(Clone, Debug, Default)]
pub struct PlironCompiler {
    pub target: LlvmTarget,
}

/// What `cubecl-cuda` would tell the compiler.
#[derive(Clone, Debug, Default)]
pub struct PlironOptions {
    pub arch: Option<core::convert::Infallible>,
    pub sm_arch: Option<SmArch>,
    pub ptx_version: Option<nvptx::ptx_version::PtxVersion>,
    pub grid_constants: bool,
    /// For `..Default::default()`, which needs a field that is left.
    pub other: (),
}

/// A compiled module, as `cubecl-cuda` reads it.
#[derive(Clone, Debug)]
pub struct NvptxModule {
    pub ptx: Vec<core::ffi::c_char>,
    pub entrypoint: String,
    pub ir: String,
    pub shared_memory_size: usize,
    pub io: Vec<BufferIOAttr>,
}

/// What the compiler would return.
#[derive(Clone)]
#[non_exhaustive]
pub enum PlironArtifact {
    NvptxCode(NvptxModule),
}

impl Display for PlironArtifact {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let Self::NvptxCode(module) = self;
        formatter.write_str(&module.ir)
    }
}

impl Compiler for PlironCompiler {
    type Representation = PlironArtifact;
    type CompilationOptions = PlironOptions;

    fn compile(
        &mut self,
        _kernel: KernelDefinition,
        _options: &Self::CompilationOptions,
    ) -> Result<Self::Representation, CompilationError> {
        let reason = "this build has no LLVM; kernels are compiled by NVRTC (cubecl/cuda-cpp)".to_owned();
        Err(CompilationError::Generic { reason, backtrace: BackTrace::capture() })
    }

    fn extension(&self) -> &'static str {
        "ll"
    }

    fn lang_tag(&self) -> &'static str {
        "llvm"
    }
}
