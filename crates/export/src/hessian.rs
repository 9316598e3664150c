//! What a kernel is applied to, as far as rounding it needs to know: second moments of its inputs, which are the Hessian of
//! the squared error of its outputs.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::factor::{LltError, LltRegularization, cholesky_in_place, cholesky_in_place_scratch};
use faer::{Mat, Par, Spec};
use weights::WeightsError;

/// Added to the diagonal before the factorisation, as a share of its mean (Frantar et al. 2023, section 3.3, use 1 %;
/// 0.1 % was measured to be as stable here, and is a hair more exact).
const DAMPING: f64 = 1e-3;

/// For each group of output channels, the sum of `x xᵀ` over every place where the kernel was applied to inputs `x`.
///
/// An ordinary convolution has one group, whose `x` are the pixels under the kernel in all input channels; a depthwise
/// one has a group a channel. The order of `x` is that of the kernel's values for one output channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Hessian {
    groups: usize,
    size: usize,
    /// `[groups, size, size]`, row-major.
    sums: Vec<f64>,
}

impl Hessian {
    /// No place seen yet; `size` is the number of values of a kernel for one output channel.
    pub fn new(groups: usize, size: usize) -> Self {
        Self { groups, size, sums: vec![0.0; groups * size * size] }
    }

    /// Adds sums over more places, `[groups, size, size]`, row-major.
    ///
    /// # Errors
    /// [`WeightsError::Shape`] for another number of values.
    pub fn add(&mut self, sums: &[f32]) -> Result<(), WeightsError> {
        if sums.len() != self.sums.len() {
            let shape = vec![self.groups, self.size, self.size];
            return Err(WeightsError::Shape { name: String::new(), shape, values: sums.len() });
        }
        for (sum, &more) in self.sums.iter_mut().zip(sums) {
            *sum += f64::from(more);
        }
        Ok(())
    }

    /// Number of groups.
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// Length of `x`.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The components of `x` from weakest to strongest in a group, and the lower Cholesky factor of the damped sums
    /// in this order; only its lower triangle means anything.
    ///
    /// # Errors
    /// [`WeightsError::NotFinite`] where a sum is infinite or no number.
    pub fn factor(&self, group: usize) -> Result<(Vec<usize>, Mat<f64>), WeightsError> {
        let (n, start) = (self.size, group * self.size * self.size);
        let sum = |i: usize, j: usize| self.sums[start + i * n + j];
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|&a, &b| sum(a, a).total_cmp(&sum(b, b)));
        let damping = DAMPING * (0..n).map(|i| sum(i, i)).sum::<f64>() / n as f64;
        let damping = if damping > 0.0 { damping } else { 1.0 };
        let damped = |i: usize, j: usize| sum(order[i], order[j]) + if i == j { damping } else { 0.0 };
        let factor = cholesky(Mat::from_fn(n, n, damped), damping)?;
        Ok((order, factor))
    }
}

/// Replaces the lower triangle of a symmetric matrix by its Cholesky factor.
///
/// A pivot that rounding errors have left below `smallest` is raised to it: a Hessian's are never negative.
fn cholesky(mut matrix: Mat<f64>, smallest: f64) -> Result<Mat<f64>, WeightsError> {
    let smallest =
        LltRegularization { dynamic_regularization_delta: smallest, dynamic_regularization_epsilon: smallest };
    let mut buffer = MemBuffer::new(cholesky_in_place_scratch::<f64>(matrix.nrows(), Par::Seq, Spec::default()));
    let stack = MemStack::new(&mut buffer);
    cholesky_in_place(matrix.as_mut(), smallest, Par::Seq, stack, Spec::default()).map_err(
        |LltError::NonPositivePivot { index }| {
            let value = matrix[(index, index)] as f32;
            WeightsError::NotFinite { name: String::new(), index, value }
        },
    )?;
    Ok(matrix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_factor_times_itself_is_the_damped_matrix() {
        let mut hessian = Hessian::new(1, 3);
        hessian.add(&[4.0, 1.0, 0.5, 1.0, 3.0, -1.0, 0.5, -1.0, 5.0]).unwrap();
        let (order, factor) = hessian.factor(0).unwrap();
        assert_eq!(order, [1, 0, 2]);
        let expected = [[3.0, 1.0, -1.0], [1.0, 4.0, 0.5], [-1.0, 0.5, 5.0]];
        for i in 0..3 {
            for j in 0..=i {
                let product: f64 = (0..=j).map(|k| factor[(i, k)] * factor[(j, k)]).sum();
                let damping = if i == j { 4.0 * DAMPING } else { 0.0 };
                assert!((product - expected[i][j] - damping).abs() < 1e-12, "[{i}][{j}] is {product}");
            }
        }
    }

    #[test]
    fn sums_that_are_no_numbers_are_refused() {
        let mut hessian = Hessian::new(1, 2);
        hessian.add(&[1.0, 0.0, 0.0, f32::NAN]).unwrap();
        assert!(matches!(hessian.factor(0), Err(WeightsError::NotFinite { .. })));
    }

    #[test]
    fn sums_of_another_size_are_refused() {
        assert!(matches!(Hessian::new(2, 3).add(&[0.0; 9]), Err(WeightsError::Shape { .. })));
    }
}
