//! Loops over runs of values that the compiler turns into vector code.

use graph::Activation;
use pulp::Arch;

/// Sums are kept in this many parts, which are added side by side.
const LANES: usize = 32;

/// As many values are added before their sum goes to the others': a small value added to a large sum loses digits.
const BLOCK: usize = 4096;

/// Does something with the widest vectors that this machine has. What it calls has to be inlined.
#[inline(always)]
pub fn on_wide_vectors<R>(task: impl FnOnce() -> R) -> R {
    Arch::new().dispatch(task)
}

/// What an activation does: values below the lower limit become it, and those above the upper one; what is no number stays.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    lower: f32,
    upper: f32,
}

impl Limits {
    pub fn new(activation: Activation) -> Self {
        let (lower, upper) = match activation {
            Activation::None => (f32::NEG_INFINITY, f32::INFINITY),
            Activation::Relu => (0.0, f32::INFINITY),
            Activation::Relu6 => (0.0, 6.0),
        };
        Self { lower, upper }
    }

    /// A value within the limits.
    #[inline(always)]
    pub fn of(self, value: f32) -> f32 {
        let value = if value < self.lower { self.lower } else { value };
        if value > self.upper { self.upper } else { value }
    }

    /// The gradient of the value that became `output`.
    #[inline(always)]
    pub fn gradient(self, output: f32, gradient: f32) -> f32 {
        if output <= self.lower || output >= self.upper { 0.0 } else { gradient }
    }
}

/// The sum of a term of every value.
#[inline(always)]
pub fn sum_of(values: &[f32], term: impl Fn(f32) -> f32) -> f32 {
    sum_of_pairs(values, values, |value, _| term(value))
}

/// The sum of a term of every two values, of slices of one length.
#[inline(always)]
pub fn sum_of_pairs(left: &[f32], right: &[f32], term: impl Fn(f32, f32) -> f32) -> f32 {
    let mut total = 0.0;
    for (left, right) in left.chunks(BLOCK).zip(right.chunks(BLOCK)) {
        let (left, right) = (left.chunks_exact(LANES), right.chunks_exact(LANES));
        let rest = left.remainder().iter().zip(right.remainder());
        let rest = rest.fold(0.0, |sum, (&left, &right)| sum + term(left, right));
        let mut lanes = [0.0; LANES];
        for (left, right) in left.zip(right) {
            for ((lane, &left), &right) in lanes.iter_mut().zip(left).zip(right) {
                *lane += term(left, right);
            }
        }
        total += rest + lanes.iter().sum::<f32>();
    }
    total
}
