//! Cross-entropy with class weights and label smoothing.

use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Tensor, TensorData};

/// What the network is asked to make small.
#[derive(Debug, Clone)]
pub struct Loss {
    /// Weight of each class; the mean over a data set is 1.
    class_weights: Vec<f32>,
    /// Share of the target spread evenly over all classes.
    smoothing: f32,
}

impl Loss {
    /// Equal weights.
    #[must_use]
    pub fn new(classes: usize, smoothing: f32) -> Self {
        Self { class_weights: vec![1.0; classes], smoothing }
    }

    /// Weights by the inverse of how often each class occurs.
    #[must_use]
    pub fn balanced(counts: &[usize], smoothing: f32) -> Self {
        let total: usize = counts.iter().sum();
        let weight = |&count: &usize| total as f32 / (counts.len() * count.max(1)) as f32;
        Self { class_weights: counts.iter().map(weight).collect(), smoothing }
    }

    /// Mean loss of a batch: logits `[batch, classes]` against class indices.
    #[must_use]
    pub fn forward(&self, logits: Tensor<2>, labels: &[usize], device: &Device) -> Tensor<1> {
        let classes = self.class_weights.len();
        let mut targets = Vec::with_capacity(labels.len() * classes);
        let mut total = 0.0;
        for &label in labels {
            let weight = self.class_weights[label];
            let spread = self.smoothing / classes as f32;
            total += weight;
            targets.extend(
                (0..classes).map(|class| weight * (spread + if class == label { 1.0 - self.smoothing } else { 0.0 })),
            );
        }
        let targets = Tensor::<2>::from_data(TensorData::new(targets, [labels.len(), classes]), device);
        (targets * log_softmax(logits, 1)).sum() * (-1.0 / f64::from(total))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loss_is_the_mean_negative_log_likelihood() {
        let device = Device::flex();
        let logits = Tensor::<2>::from_floats([[2.0, 0.0], [0.0, 0.0]], &device);
        let loss: f32 = Loss::new(2, 0.0).forward(logits, &[0, 1], &device).into_scalar();
        let expected = ((1.0 + (-2.0_f32).exp()).ln() + 2.0_f32.ln()) / 2.0;
        assert!((loss - expected).abs() < 1e-6);
    }

    #[test]
    fn a_rare_class_weighs_more() {
        let device = Device::flex();
        let logits = Tensor::<2>::from_floats([[1.0, 0.0], [1.0, 0.0]], &device);
        let loss: f32 = Loss::balanced(&[3, 1], 0.0).forward(logits, &[0, 1], &device).into_scalar();
        let (first, second) = ((1.0 + (-1.0_f32).exp()).ln(), (1.0 + 1.0_f32.exp()).ln());
        assert!((loss - (first / 1.5 + second * 2.0) / (1.0 / 1.5 + 2.0)).abs() < 1e-6);
    }
}
