//! What a kernel is applied to, as far as rounding it needs to know: second moments of its inputs, which are the Hessian of
//! the squared error of its outputs.

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
    /// in this order.
    pub fn factor(&self, group: usize) -> (Vec<usize>, Vec<f64>) {
        let (n, start) = (self.size, group * self.size * self.size);
        let sum = |i: usize, j: usize| self.sums[start + i * n + j];
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|&a, &b| sum(a, a).total_cmp(&sum(b, b)));
        let damping = DAMPING * (0..n).map(|i| sum(i, i)).sum::<f64>() / n as f64;
        let damping = if damping > 0.0 { damping } else { 1.0 };
        let mut matrix: Vec<f64> = order.iter().flat_map(|&i| order.iter().map(move |&j| sum(i, j))).collect();
        for i in 0..n {
            matrix[i * n + i] += damping;
        }
        cholesky(&mut matrix, n, damping);
        (order, matrix)
    }
}

/// Replaces the lower triangle of a symmetric `n` x `n` matrix by its Cholesky factor.
///
/// A pivot that rounding errors have left below `smallest` is raised to it: a Hessian's are never negative.
fn cholesky(matrix: &mut [f64], n: usize, smallest: f64) {
    for i in 0..n {
        let (done, rest) = matrix.split_at_mut(i * n);
        let row = &mut rest[..n];
        for j in 0..i {
            let other = &done[j * n..=j * n + j];
            row[j] = (row[j] - dot(&row[..j], &other[..j])) / other[j];
        }
        let pivot = row[i] - dot(&row[..i], &row[..i]);
        row[i] = pivot.max(smallest).sqrt();
    }
}

/// In four interleaved sums, which a processor adds side by side.
fn dot(left: &[f64], right: &[f64]) -> f64 {
    let ((left, left_rest), (right, right_rest)) = (left.as_chunks::<4>(), right.as_chunks::<4>());
    let mut sums = [0.0; 4];
    for (left, right) in left.iter().zip(right) {
        for (sum, (a, b)) in sums.iter_mut().zip(left.iter().zip(right)) {
            *sum += a * b;
        }
    }
    let rest: f64 = left_rest.iter().zip(right_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_factor_times_itself_is_the_damped_matrix() {
        let mut hessian = Hessian::new(1, 3);
        hessian.add(&[4.0, 1.0, 0.5, 1.0, 3.0, -1.0, 0.5, -1.0, 5.0]).unwrap();
        let (order, factor) = hessian.factor(0);
        assert_eq!(order, [1, 0, 2]);
        let expected = [[3.0, 1.0, -1.0], [1.0, 4.0, 0.5], [-1.0, 0.5, 5.0]];
        for i in 0..3 {
            for j in 0..=i {
                let product: f64 = (0..=j).map(|k| factor[i * 3 + k] * factor[j * 3 + k]).sum();
                let damping = if i == j { 4.0 * DAMPING } else { 0.0 };
                assert!((product - expected[i][j] - damping).abs() < 1e-12, "[{i}][{j}] is {product}");
            }
        }
    }

    #[test]
    fn sums_of_another_size_are_refused() {
        assert!(matches!(Hessian::new(2, 3).add(&[0.0; 9]), Err(WeightsError::Shape { .. })));
    }
}
