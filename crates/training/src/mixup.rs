//! Mixup: training on mixtures of slices and of their labels (Zhang et al. 2018).

use burn::tensor::{Device, Tensor};
use rand::Rng;
use rand::seq::SliceRandom;
use rand_distr::{Beta, Distribution};

use crate::batches::Batch;
use crate::loss::Loss;

/// A batch in which each slice has been mixed with another one of it.
pub struct Mixed {
    /// The mixtures; the labels are those of the larger part.
    pub batch: Batch,
    /// Share of the larger part, and the labels of the smaller one.
    mixture: Option<(f32, Vec<usize>)>,
}

impl Mixed {
    /// Mixes a batch with itself in another order. The share is drawn from Beta(`alpha`, `alpha`) once for the batch; an
    /// `alpha` of 0 leaves it as it is.
    pub fn new(mut batch: Batch, alpha: f32, random: &mut impl Rng) -> Self {
        let Ok(beta) = Beta::new(alpha, alpha) else { return Self { batch, mixture: None } };
        let share = beta.sample(random);
        let share = share.max(1.0 - share);
        let mut other: Vec<usize> = (0..batch.labels.len()).collect();
        other.shuffle(random);
        let length = batch.shape.iter().product::<usize>().max(1);
        let before = batch.values.clone();
        for (values, &other) in batch.values.chunks_exact_mut(length).zip(&other) {
            for (value, mixed_in) in values.iter_mut().zip(&before[other * length..]) {
                *value = share * *value + (1.0 - share) * mixed_in;
            }
        }
        let labels = other.iter().map(|&other| batch.labels[other]).collect();
        Self { batch, mixture: Some((share, labels)) }
    }

    /// The loss against both labels, by their shares.
    pub fn loss(&self, loss: &Loss, logits: Tensor<2>, device: &Device) -> Tensor<1> {
        let Some((share, others)) = &self.mixture else { return loss.of_batch(logits, &self.batch, device) };
        let own = loss.forward(logits.clone(), &self.batch.labels, device) * *share;
        own + loss.forward(logits, others, device) * (1.0 - share)
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn batch() -> Batch {
        let values = vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0];
        Batch::new([1, 1, 2], values, vec![0, 1, 2, 3])
    }

    #[test]
    fn without_strength_nothing_is_mixed() {
        let mixed = Mixed::new(batch(), 0.0, &mut ChaCha8Rng::seed_from_u64(1));
        assert_eq!(mixed.batch.values, batch().values);
        assert!(mixed.mixture.is_none());
    }

    #[test]
    fn a_mixture_lies_between_its_parts_by_the_share_of_the_labels() {
        // One order in 24 is the one there was; slices mixed with themselves would show nothing.
        let mix = |seed| Mixed::new(batch(), 0.4, &mut ChaCha8Rng::seed_from_u64(seed));
        let in_another_order =
            |mixed: &Mixed| mixed.mixture.as_ref().is_some_and(|(_, others)| *others != [0, 1, 2, 3]);
        let mixed = (0..20).map(mix).find(in_another_order).unwrap();
        let (share, others) = mixed.mixture.unwrap();
        assert!((0.5..=1.0).contains(&share));
        for (place, &other) in others.iter().enumerate() {
            let expected = share * 2.0 * place as f32 + (1.0 - share) * 2.0 * other as f32;
            assert!((mixed.batch.values[2 * place] - expected).abs() < 1e-5);
        }
    }
}
