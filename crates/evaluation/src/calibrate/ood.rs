//! Telling brain MRI from other pictures (out-of-distribution detection): the Mahalanobis distance of an early stage's pooled
//! activations (Lee et al. 2018). It was chosen against maximum logit, energy, nearest neighbours and the same distance of
//! the last features: `weights/reports/xception-calibration.json` has that comparison.

use classifier::Observation;
use reports::{Foreign, Method};

use crate::calibrate::gaussian::Gaussian;

/// Its name in reports.
const METHOD: &str = "Mahalanobis, early stage";

/// The slices and pictures that the limit is fitted and measured on.
pub struct Material<'a> {
    /// What decides where the cloud ends.
    pub validation: Vec<Observation>,
    /// Brain MRI that should not be refused.
    pub held_out: &'a [Observation],
    /// Pictures that should.
    pub foreign: &'a [Observation],
}

/// What the distance from `cloud`, that of the early stage, gives with its limit where `in_distribution` of the validation
/// slices lie within.
pub fn measure(material: &Material<'_>, cloud: &Gaussian, stage: &str, in_distribution: f64) -> Foreign {
    let score = |observation: &Observation| cloud.distance(&observation.stage);
    let limit = limit(material, in_distribution, score);
    let held_out: Vec<f64> = material.held_out.iter().map(score).collect();
    let foreign: Vec<f64> = material.foreign.iter().map(score).collect();
    let refused = |scores: &[f64]| scores.iter().filter(|&&score| score > limit).count() as f64 / scores.len() as f64;
    let method = Method {
        name: METHOD.to_owned(),
        limit,
        auroc: metrics::separation(&foreign, &held_out),
        foreign_refused: (!foreign.is_empty()).then(|| refused(&foreign)),
        held_out_refused: refused(&held_out),
    };
    let (chosen, stage) = (METHOD.to_owned(), stage.to_owned());
    Foreign { chosen, stage, in_distribution, ood_threshold: limit, methods: vec![method] }
}

/// The score that this part of the validation slices does not exceed.
fn limit(material: &Material<'_>, in_distribution: f64, score: impl Fn(&Observation) -> f64) -> f64 {
    let mut scores: Vec<f64> = material.validation.iter().map(score).collect();
    scores.sort_by(f64::total_cmp);
    metrics::quantile(&scores, in_distribution)
}
