//! What a classifier says of a slice.

use model::{Evidence, EvidenceMap, Verdict};
use serde::{Deserialize, Serialize};

/// What a classifier says of one slice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// One probability a class, in the manifest's order; together 1.
    pub probabilities: Vec<f32>,
    /// Index of the most probable class.
    pub class: usize,
    /// What to tell a reader.
    pub verdict: Verdict,
    /// What the verdict rests on; `None` where the model was never calibrated and always names a class.
    pub evidence: Option<Evidence>,
    /// Where the network sees evidence; `None` for a network that does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub map: Option<EvidenceMap>,
}

impl Prediction {
    /// The softmax of `logits`, divided by `temperature` first (Guo et al. 2017); `None` where one is no number.
    pub(crate) fn from_logits(logits: &[f32], temperature: f32) -> Option<Self> {
        if logits.iter().any(|logit| !logit.is_finite()) {
            return None;
        }
        let class = (0..logits.len()).max_by(|&a, &b| logits[a].total_cmp(&logits[b]))?;
        let powers: Vec<f64> =
            logits.iter().map(|&logit| (f64::from(logit - logits[class]) / f64::from(temperature)).exp()).collect();
        let total: f64 = powers.iter().sum();
        let probabilities = powers.into_iter().map(|power| (power / total) as f32).collect();
        Some(Self { probabilities, class, verdict: Verdict::Class(class), evidence: None, map: None })
    }

    /// Rejects the picture, or abstains, where the evidence says so.
    pub(crate) fn with_evidence(mut self, evidence: Evidence) -> Self {
        if evidence.distance > evidence.ood_threshold {
            self.verdict = Verdict::NotBrainMri;
        } else if self.probability() < evidence.abstain_below {
            self.verdict = Verdict::Abstain;
        }
        self.evidence = Some(evidence);
        self
    }

    /// Probability of the most probable class, 0 to 1.
    #[must_use]
    pub fn probability(&self) -> f32 {
        self.probabilities[self.class]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_are_the_softmax() {
        let prediction = Prediction::from_logits(&[1.0, 3.0, 2.0], 1.0).unwrap();
        assert_eq!(prediction.class, 1);
        for (found, expected) in prediction.probabilities.iter().zip([0.090_030_57, 0.665_240_96, 0.244_728_47]) {
            assert!((found - expected).abs() < 1e-6);
        }
    }

    #[test]
    fn large_logits_do_not_overflow_and_no_number_is_no_answer() {
        assert!((Prediction::from_logits(&[1e30, 0.0], 1.0).unwrap().probability() - 1.0).abs() < 1e-6);
        assert_eq!(Prediction::from_logits(&[f32::NAN, 0.0], 1.0), None);
    }

    #[test]
    fn a_higher_temperature_is_less_sure() {
        let cool = Prediction::from_logits(&[0.0, 2.0], 1.0).unwrap();
        let warm = Prediction::from_logits(&[0.0, 2.0], 2.0).unwrap();
        assert!(warm.probability() < cool.probability());
    }

    #[test]
    fn a_strange_picture_is_rejected_and_an_improbable_class_abstained_from() {
        let prediction = Prediction::from_logits(&[0.0, 1.0], 1.0).unwrap();
        let verdict = |distance, abstain_below| {
            prediction.clone().with_evidence(Evidence { distance, ood_threshold: 1.5, abstain_below }).verdict
        };
        assert_eq!(verdict(1.0, 0.6), Verdict::Class(1));
        assert_eq!(verdict(1.0, 0.8), Verdict::Abstain);
        assert_eq!(verdict(1.6, 0.8), Verdict::NotBrainMri);
        assert_eq!(prediction.verdict, Verdict::Class(1));
    }
}
