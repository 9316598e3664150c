//! Loss and accuracy on the way through an epoch.

use crate::logits::largest;

/// What a network answered on the way through an epoch.
#[derive(Default)]
pub struct RunningMetrics {
    loss: f64,
    right: usize,
    total: usize,
}

impl RunningMetrics {
    /// Counts a batch and its mean loss.
    pub fn add(&mut self, loss: f64, logits: &[Vec<f32>], labels: &[usize]) {
        self.loss += loss * labels.len() as f64;
        self.right += logits.iter().zip(labels).filter(|(row, label)| largest(row) == **label).count();
        self.total += labels.len();
    }

    /// Mean loss.
    #[must_use]
    pub fn loss(&self) -> f64 {
        self.loss / self.total.max(1) as f64
    }

    /// Share of right answers.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        self.right as f64 / self.total.max(1) as f64
    }
}
