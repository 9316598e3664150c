//! Eight channels of a pixel at once, on whatever vector instructions the machine has.
//!
//! A [`Task`] is written once over a [`SimdBackend`], and [`perform`] compiles it for each: 128-bit vectors in WebAssembly,
//! fused or not, AVX2 where a desktop has it, and plain arrays elsewhere, which compilers turn into vectors.

#![expect(clippy::inline_always, reason = "an operation of one instruction must not become a call")]

use bytemuck::{Pod, Zeroable};

/// Channels that are worked on together.
pub(crate) const LANES: usize = 8;

/// Eight neighbouring channels of one pixel, or eight weights; aligned to whole vectors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Pod, Zeroable)]
#[repr(C, align(32))]
pub(crate) struct F32x8(pub(crate) [f32; LANES]);

impl F32x8 {
    pub(crate) const ZERO: Self = Self([0.0; LANES]);
}

/// How a machine computes with [`F32x8`] values.
pub(crate) trait SimdBackend: Copy {
    /// Eight values in registers.
    type Vector: Copy;

    fn load(self, values: &F32x8) -> Self::Vector;
    fn store(self, vector: Self::Vector) -> F32x8;
    fn splat(self, value: f32) -> Self::Vector;
    /// `a * b + c`, rounded once or twice.
    fn multiply_add(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;
    /// The greater of both; `b` where one is no number.
    fn max(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// The less of both; `b` where one is no number.
    fn min(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
}

/// Work that is compiled for each machine; `run` must be inlined, or it would be compiled for none.
pub(crate) trait Task {
    fn run<M: SimdBackend>(self, machine: M);
}

/// Arrays.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Copy)]
struct Arrays;

#[cfg(not(target_arch = "wasm32"))]
impl SimdBackend for Arrays {
    type Vector = [f32; LANES];

    #[inline(always)]
    fn load(self, values: &F32x8) -> [f32; LANES] {
        values.0
    }

    #[inline(always)]
    fn store(self, vector: [f32; LANES]) -> F32x8 {
        F32x8(vector)
    }

    #[inline(always)]
    fn splat(self, value: f32) -> [f32; LANES] {
        [value; LANES]
    }

    #[inline(always)]
    fn multiply_add(self, a: [f32; LANES], b: [f32; LANES], c: [f32; LANES]) -> [f32; LANES] {
        std::array::from_fn(|lane| a[lane] * b[lane] + c[lane])
    }

    #[inline(always)]
    fn max(self, a: [f32; LANES], b: [f32; LANES]) -> [f32; LANES] {
        std::array::from_fn(|lane| if a[lane] > b[lane] { a[lane] } else { b[lane] })
    }

    #[inline(always)]
    fn min(self, a: [f32; LANES], b: [f32; LANES]) -> [f32; LANES] {
        std::array::from_fn(|lane| if a[lane] < b[lane] { a[lane] } else { b[lane] })
    }
}

/// WebAssembly's 128-bit vectors.
#[cfg(target_arch = "wasm32")]
mod wasm {
    use std::arch::wasm32::{f32x4_add, f32x4_mul, f32x4_pmax, f32x4_pmin, f32x4_splat, v128};

    use bytemuck::cast;

    use super::{F32x8, LANES, SimdBackend};

    #[derive(Clone, Copy)]
    pub(super) struct Simd128;

    #[inline(always)]
    fn multiply_add(a: v128, b: v128, c: v128) -> v128 {
        f32x4_add(c, f32x4_mul(a, b))
    }

    impl SimdBackend for Simd128 {
        type Vector = [v128; 2];

        #[inline(always)]
        fn load(self, values: &F32x8) -> [v128; 2] {
            cast::<[f32; LANES], _>(values.0)
        }

        #[inline(always)]
        fn store(self, vector: [v128; 2]) -> F32x8 {
            F32x8(cast(vector))
        }

        #[inline(always)]
        fn splat(self, value: f32) -> [v128; 2] {
            [f32x4_splat(value); 2]
        }

        #[inline(always)]
        fn multiply_add(self, a: [v128; 2], b: [v128; 2], c: [v128; 2]) -> [v128; 2] {
            [multiply_add(a[0], b[0], c[0]), multiply_add(a[1], b[1], c[1])]
        }

        #[inline(always)]
        fn max(self, a: [v128; 2], b: [v128; 2]) -> [v128; 2] {
            [f32x4_pmax(b[0], a[0]), f32x4_pmax(b[1], a[1])]
        }

        #[inline(always)]
        fn min(self, a: [v128; 2], b: [v128; 2]) -> [v128; 2] {
            [f32x4_pmin(b[0], a[0]), f32x4_pmin(b[1], a[1])]
        }
    }
}

/// Performs a task on the widest vectors that this machine has.
#[cfg(target_arch = "wasm32")]
pub(crate) fn perform(task: impl Task) {
    task.run(wasm::Simd128);
}

/// Performs a task on the widest vectors that this machine has.
#[cfg(not(any(target_arch = "wasm32", target_arch = "x86_64")))]
pub(crate) fn perform(task: impl Task) {
    task.run(Arrays);
}

#[cfg(target_arch = "x86_64")]
pub(crate) use avx::perform;

/// AVX2 with fused multiplication and addition.
#[cfg(target_arch = "x86_64")]
mod avx {
    use std::arch::x86_64::__m256;

    use bytemuck::cast;
    use pulp::NullaryFnOnce;
    use pulp::x86::V3;

    use super::{Arrays, F32x8, SimdBackend, Task};

    #[derive(Clone, Copy)]
    struct Avx(V3);

    impl SimdBackend for Avx {
        type Vector = __m256;

        #[inline(always)]
        fn load(self, values: &F32x8) -> __m256 {
            cast(values.0)
        }

        #[inline(always)]
        fn store(self, vector: __m256) -> F32x8 {
            F32x8(cast(vector))
        }

        #[inline(always)]
        fn splat(self, value: f32) -> __m256 {
            self.0.avx._mm256_set1_ps(value)
        }

        #[inline(always)]
        fn multiply_add(self, a: __m256, b: __m256, c: __m256) -> __m256 {
            self.0.fma._mm256_fmadd_ps(a, b, c)
        }

        #[inline(always)]
        fn max(self, a: __m256, b: __m256) -> __m256 {
            self.0.avx._mm256_max_ps(a, b)
        }

        #[inline(always)]
        fn min(self, a: __m256, b: __m256) -> __m256 {
            self.0.avx._mm256_min_ps(a, b)
        }
    }

    struct OnAvx<T>(Avx, T);

    impl<T: Task> NullaryFnOnce for OnAvx<T> {
        type Output = ();

        #[inline(always)]
        fn call(self) {
            self.1.run(self.0);
        }
    }

    /// Performs a task on the widest vectors that this machine has.
    pub(crate) fn perform(task: impl Task) {
        match V3::try_new() {
            Some(v3) => v3.vectorize(OnAvx(Avx(v3), task)),
            None => task.run(Arrays),
        }
    }
}
