//! A cloud of vectors by its mean and covariance.

use anyhow::{Context, ensure};

/// This much of the mean variance is added along every axis, so that axes without spread do not divide by 0
/// (shrinkage towards the sphere, after Ledoit and Wolf 2004, with a fixed share).
const SHRINKAGE: f64 = 0.01;

/// Mean and covariance, the latter by its lower Cholesky factor.
pub struct Gaussian {
    mean: Vec<f64>,
    /// Row-major, square.
    factor: Vec<f64>,
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
        let mut covariance = vec![0.0; dimension * dimension];
        for row in rows {
            let difference: Vec<f64> = row.iter().zip(&mean).map(|(&value, mean)| f64::from(value) - mean).collect();
            for (line, a) in covariance.chunks_exact_mut(dimension).zip(&difference) {
                line.iter_mut().zip(&difference).for_each(|(sum, b)| *sum += a * b / count);
            }
        }
        let trace: f64 = covariance.iter().step_by(dimension + 1).sum();
        covariance.iter_mut().step_by(dimension + 1).for_each(|value| *value += SHRINKAGE * trace / dimension as f64);
        let factor = cholesky(covariance, dimension).context("the slices all look the same to the network")?;
        Ok(Self { mean, factor })
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
        let difference = row.iter().zip(&self.mean).map(|(&value, mean)| f64::from(value) - mean).collect();
        let white = self.solve(difference);
        (white.iter().map(|value| value * value).sum::<f64>() / self.dimension() as f64).sqrt()
    }

    /// The inverse of the Cholesky factor, row-major: it makes the cloud a sphere of radius 1.
    #[must_use]
    pub fn whitening(&self) -> Vec<f32> {
        let dimension = self.dimension();
        let mut inverse = vec![0.0; dimension * dimension];
        for column in 0..dimension {
            let mut unit = vec![0.0; dimension];
            unit[column] = 1.0;
            for (row, value) in self.solve(unit).into_iter().enumerate() {
                inverse[row * dimension + column] = value as f32;
            }
        }
        inverse
    }

    /// Forward substitution with the Cholesky factor.
    fn solve(&self, mut values: Vec<f64>) -> Vec<f64> {
        let dimension = self.dimension();
        for row in 0..dimension {
            let line = &self.factor[row * dimension..row * dimension + row];
            let known: f64 = line.iter().zip(&values).map(|(a, b)| a * b).sum();
            values[row] = (values[row] - known) / self.factor[row * dimension + row];
        }
        values
    }
}

/// The lower triangle whose product with its transpose is `matrix`; `None` where the matrix is not positive definite.
fn cholesky(mut matrix: Vec<f64>, dimension: usize) -> Option<Vec<f64>> {
    for row in 0..dimension {
        let (done, rest) = matrix.split_at_mut(row * dimension);
        let line = &mut rest[..dimension];
        for column in 0..row {
            let above = &done[column * dimension..(column + 1) * dimension];
            let product: f64 = line[..column].iter().zip(above).map(|(a, b)| a * b).sum();
            line[column] = (line[column] - product) / above[column];
        }
        let square = line[row] - line[..row].iter().map(|value| value * value).sum::<f64>();
        if square.is_nan() || square <= 0.0 {
            return None;
        }
        line[row] = square.sqrt();
        line[row + 1..].fill(0.0);
    }
    Some(matrix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_factor_times_its_transpose_is_the_matrix() {
        let factor = cholesky(vec![4.0, 2.0, 2.0, 10.0], 2).unwrap();
        assert_eq!(factor, [2.0, 0.0, 1.0, 3.0]);
        assert_eq!(cholesky(vec![1.0, 2.0, 2.0, 1.0], 2), None);
    }

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
