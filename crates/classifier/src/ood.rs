//! Out-of-distribution detection: how far a picture is from the brain MRI slices a model was trained on.
//!
//! Activations of an early stage, averaged over the picture, describe its texture. Those of the training slices form a
//! cloud, and pictures of something else lie outside it (Lee et al. 2018: Mahalanobis distance of activations). An early
//! stage is taken because it is not trained to tell tumours apart: it knows textures, and no shortcut.

use std::collections::BTreeMap;

use weights::RejectionRule;

use crate::ClassifierError;

/// The cloud of the training slices, and where it ends.
#[derive(Debug)]
pub(crate) struct OodDetector {
    rule: RejectionRule,
    mean: Vec<f32>,
    /// Row-major, square.
    whitening: Vec<f32>,
}

impl OodDetector {
    /// Takes the cloud out of a weights file's tensors.
    ///
    /// # Errors
    /// One of the two tensors is missing, or they do not fit each other.
    pub(crate) fn take(
        rule: RejectionRule,
        tensors: &mut BTreeMap<String, weights::Tensor>,
    ) -> Result<Self, ClassifierError> {
        let mut take =
            |name: &str| tensors.remove(name).ok_or_else(|| refuse(&format!("the tensor \"{name}\" is missing")));
        let (mean, whitening) = (take(RejectionRule::MEAN)?, take(RejectionRule::WHITENING)?);
        let channels = mean.shape.first().copied().unwrap_or(0);
        if mean.shape != [channels] || whitening.shape != [channels, channels] {
            let (mean, whitening) = (mean.shape, whitening.shape);
            return Err(refuse(&format!("mean and whitening have the shapes {mean:?} and {whitening:?}")));
        }
        Ok(Self { rule, mean: mean.to_f32(), whitening: whitening.to_f32() })
    }

    pub(crate) fn rule(&self) -> &RejectionRule {
        &self.rule
    }

    /// The distance of pooled activations from the cloud, about 1 for a training slice.
    ///
    /// # Errors
    /// The stage has another number of channels than the cloud.
    pub(crate) fn distance(&self, pooled: &[f32]) -> Result<f32, ClassifierError> {
        let channels = self.mean.len();
        if pooled.len() != channels {
            let stage = &self.rule.stage;
            return Err(refuse(&format!("stage \"{stage}\" has {} channels, not {channels}", pooled.len())));
        }
        let difference: Vec<f32> = pooled.iter().zip(&self.mean).map(|(value, mean)| value - mean).collect();
        let along = |row: &[f32]| row.iter().zip(&difference).map(|(a, b)| a * b).sum::<f32>();
        let square: f32 = self.whitening.chunks_exact(channels).map(|row| along(row).powi(2)).sum();
        Ok((square / channels as f32).sqrt())
    }
}

pub(crate) fn refuse(reason: &str) -> ClassifierError {
    ClassifierError::Rejection { reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use weights::Tensor;

    use super::*;

    fn detector(mean: Vec<f32>, whitening: Vec<f32>, channels: usize) -> Result<OodDetector, ClassifierError> {
        let rule = RejectionRule { abstain_below: 0.5, stage: "block3_out".into(), ood_threshold: 1.5 };
        let mut tensors = BTreeMap::from([
            (RejectionRule::MEAN.to_owned(), Tensor::float(vec![mean.len()], mean)),
            (RejectionRule::WHITENING.to_owned(), Tensor::float(vec![channels, channels], whitening)),
        ]);
        let detector = OodDetector::take(rule, &mut tensors);
        assert!(detector.is_err() || tensors.is_empty());
        detector
    }

    #[test]
    fn a_difference_counts_in_standard_deviations() {
        // Standard deviations 2 and 0.5.
        let detector = detector(vec![1.0, 1.0], vec![0.5, 0.0, 0.0, 2.0], 2).unwrap();
        assert!(detector.distance(&[1.0, 1.0]).unwrap() < 1e-6);
        assert!((detector.distance(&[3.0, 1.5]).unwrap() - 1.0).abs() < 1e-6);
    }

    #[test]
    fn tensors_that_do_not_fit_are_refused() {
        assert!(detector(vec![1.0; 3], vec![0.0; 4], 2).is_err());
        let fits = detector(vec![1.0; 2], vec![0.0; 4], 2).unwrap();
        let error = fits.distance(&[1.0]).unwrap_err().to_string();
        assert!(error.contains("1 channels, not 2"), "{error}");
    }
}
