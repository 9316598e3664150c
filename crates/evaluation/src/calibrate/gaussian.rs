//! A cloud of vectors by its mean and covariance.

use anyhow::{Context, ensure};
use faer::linalg::triangular_solve::solve_lower_triangular_in_place;
use faer::{Col, Mat, MatMut, Par, Scale, Side};

/// This much of the mean variance is added along every axis, so that axes without spread do not divide by 0
/// (shrinkage towards the sphere, after Ledoit and Wolf 2004, with a fixed share).
const SHRINKAGE: f64 = 0.01;

/// Mean and covariance, the latter by its lower Cholesky factor.
pub struct Gaussian {
    mean: Vec<f64>,
    factor: Mat<f64>,
}

impl Gaussian {
    /// The cloud of `rows`, vectors of one length.
    ///
    /// # Errors
    /// There are fewer than two rows, or all are the same.
    pub fn fit(rows: &[&[f32]]) -> anyhow::Result<Self> {
        ensure!(rows.len() > 1, "{} slices are no cloud; at least 2 are needed", rows.len());
        let (count, dimension) = (rows.len() as f64, rows[0].len());
        let mut mean = vec![0.0; dimension];
        for row in rows {
            mean.iter_mut().zip(*row).for_each(|(sum, &value)| *sum += f64::from(value) / count);
        }
        let differences = Mat::from_fn(rows.len(), dimension, |row, axis| f64::from(rows[row][axis]) - mean[axis]);
        let mut covariance = differences.transpose() * &differences / Scale(count);
        let shrinkage = SHRINKAGE * covariance.diagonal().column_vector().sum() / dimension as f64;
        covariance.diagonal_mut().column_vector_mut().iter_mut().for_each(|value| *value += shrinkage);
        let factor = covariance.llt(Side::Lower).ok().context("the slices all look the same to the network")?;
        Ok(Self { mean, factor: factor.L().to_owned() })
    }

    /// Length of the vectors.
    #[must_use]
    pub fn dimension(&self) -> usize {
        self.mean.len()
    }

    /// The middle.
    #[must_use]
    pub fn mean(&self) -> Vec<f32> {
        self.mean.iter().map(|&value| value as f32).collect()
    }

    /// The Mahalanobis distance of a vector, over the root of the dimension: about 1 for one of the cloud.
    #[must_use]
    pub fn distance(&self, row: &[f32]) -> f64 {
        let mut white = Col::from_fn(self.dimension(), |axis| f64::from(row[axis]) - self.mean[axis]);
        self.solve(white.as_mat_mut());
        (white.squared_norm_l2() / self.dimension() as f64).sqrt()
    }

    /// The inverse of the Cholesky factor, row-major: it makes the cloud a sphere of radius 1.
    #[must_use]
    pub fn whitening(&self) -> Vec<f32> {
        let mut inverse = Mat::identity(self.dimension(), self.dimension());
        self.solve(inverse.as_mut());
        inverse.row_iter().flat_map(|row| row.iter().map(|&value| value as f32).collect::<Vec<_>>()).collect()
    }

    /// Divides columns by the Cholesky factor.
    fn solve(&self, columns: MatMut<'_, f64>) {
        solve_lower_triangular_in_place(self.factor.as_ref(), columns, Par::Seq);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whitening_gives_the_same_distance() {
        let rows: [&[f32]; 4] = [&[0.0, 1.0], &[2.0, 2.0], &[4.0, 1.5], &[1.0, 7.0]];
        let cloud = Gaussian::fit(&rows).unwrap();
        let (mean, white) = (cloud.mean(), cloud.whitening());
        for row in rows {
            let difference = [row[0] - mean[0], row[1] - mean[1]];
            let along = |line: &[f32]| line[0] * difference[0] + line[1] * difference[1];
            let distance = ((along(&white[..2]).powi(2) + along(&white[2..]).powi(2)) / 2.0).sqrt();
            assert!((f64::from(distance) - cloud.distance(row)).abs() < 1e-5);
        }
        let mean_square = rows.iter().map(|row| cloud.distance(row).powi(2)).sum::<f64>() / 4.0;
        assert!((mean_square - 1.0).abs() < 0.02, "{mean_square}");
    }

    #[test]
    fn slices_that_all_look_the_same_are_refused() {
        assert!(Gaussian::fit(&[&[1.0, 2.0], &[1.0, 2.0]]).is_err());
    }
}
