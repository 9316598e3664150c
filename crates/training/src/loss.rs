//! Cross-entropy with class weights and label smoothing.

use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Tensor, TensorData};

use crate::batches::Batch;
use crate::others::Truth;

/// Added to the logarithm of a probability that is not to count.
const EXCLUDED: f32 = -1e9;

/// What the network is asked to make small.
#[derive(Debug, Clone)]
pub struct Loss {
    /// Weight of each class; the mean over a data set is 1.
    class_weights: Vec<f32>,
    /// Share of the target spread evenly over all classes.
    smoothing: f32,
    /// The class of nothing, which a tumour of an unknown type is not.
    none: Option<usize>,
}

impl Loss {
    /// Equal weights.
    #[must_use]
    pub fn new(classes: usize, smoothing: f32) -> Self {
        Self { class_weights: vec![1.0; classes], smoothing, none: None }
    }

    /// Weights by the inverse of how often each class occurs.
    #[must_use]
    pub fn balanced(counts: &[usize], smoothing: f32) -> Self {
        let total: usize = counts.iter().sum();
        let weight = |&count: &usize| total as f32 / (counts.len() * count.max(1)) as f32;
        Self { class_weights: counts.iter().map(weight).collect(), smoothing, none: None }
    }

    /// The same, knowing the class of nothing.
    #[must_use]
    pub fn with_none(self, none: Option<usize>) -> Self {
        Self { none, ..self }
    }

    /// Mean loss of a batch in which slices of other sources follow those of `labels`.
    #[must_use]
    pub fn of_batch(&self, logits: Tensor<2>, batch: &Batch, device: &Device) -> Tensor<1> {
        let (own, others) = (batch.labels.len(), batch.others.len());
        if others == 0 {
            return self.forward(logits, &batch.labels, device);
        }
        let share = |count: usize| count as f64 / (own + others) as f64;
        let of_own = self.forward(logits.clone().narrow(0, 0, own), &batch.labels, device);
        let of_others = self.of_others(logits.narrow(0, own, others), &batch.others, device);
        of_own * share(own) + of_others * share(others)
    }

    /// Mean of the negative logarithms of the probability that each truth has: of a class, or of all but that of nothing.
    fn of_others(&self, logits: Tensor<2>, truths: &[Truth], device: &Device) -> Tensor<1> {
        let classes = self.class_weights.len();
        let fits = |truth: &Truth, class: usize| match *truth {
            Truth::Class(own) => class == own,
            Truth::Tumour => Some(class) != self.none,
        };
        let excluded =
            truths.iter().flat_map(|truth| (0..classes).map(|class| if fits(truth, class) { 0.0 } else { EXCLUDED }));
        let excluded = TensorData::new(excluded.collect::<Vec<f32>>(), [truths.len(), classes]);
        let left = log_softmax(logits, 1) + Tensor::<2>::from_data(excluded, device);
        let largest = left.clone().detach().max_dim(1);
        ((left - largest.clone()).exp().sum_dim(1).log() + largest).mean().neg()
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
    fn a_tumour_of_an_unknown_type_is_any_class_but_nothing() {
        let device = Device::flex();
        let logits = Tensor::<2>::from_floats([[1.0, 0.0, 2.0], [0.5, 0.0, 0.0]], &device);
        let loss = Loss::new(3, 0.0).with_none(Some(1));
        let batch = Batch { others: vec![Truth::Tumour], ..Batch::new([1, 1, 1], Vec::new(), vec![0]) };
        let found: f32 = loss.of_batch(logits, &batch, &device).into_scalar();
        let [first, second] = [[1.0_f32, 0.0, 2.0], [0.5, 0.0, 0.0]].map(|row| row.map(f32::exp));
        let own = -(first[0] / first.iter().sum::<f32>()).ln();
        let other = -((second[0] + second[2]) / second.iter().sum::<f32>()).ln();
        assert!((found - (own + other) / 2.0).abs() < 1e-6);
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
