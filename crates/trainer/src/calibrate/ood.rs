//! Telling brain MRI from other pictures: four known ways against each other on the same slices.

use classifier::Observation;
use reports::{Foreign, Method};

use crate::calibrate::gaussian::Gaussian;
use crate::calibrate::rows;

/// The way that travels with the weights file.
const CHOSEN: &str = "Mahalanobis, early stage";

/// The slices and pictures that the ways are fitted and compared on.
pub struct Material<'a> {
    /// What the clouds are made of.
    pub training: Vec<Observation>,
    /// What decides where a cloud ends.
    pub validation: Vec<Observation>,
    /// Brain MRI that should not be refused.
    pub held_out: &'a [Observation],
    /// Pictures that should.
    pub foreign: &'a [Observation],
}

/// Compares the ways; `cloud` is that of the early stage, `familiar` the part of validation slices within the limit.
///
/// # Errors
/// The training slices all have the same features.
pub fn compare(material: &Material<'_>, cloud: &Gaussian, stage: &str, familiar: f64) -> anyhow::Result<Foreign> {
    let features = Gaussian::fit(&rows(&material.training, |observation| &observation.features))?;
    let bank: Vec<Vec<f32>> = material.training.iter().map(|observation| unit(&observation.features)).collect();
    let mut methods = vec![
        method("maximum logit", material, familiar, |observation| -f64::from(highest(&observation.logits))),
        method("energy", material, familiar, |observation| energy(&observation.logits)),
        method("nearest neighbour, features", material, familiar, |observation| nearest(&bank, &observation.features)),
        method("Mahalanobis, features", material, familiar, |observation| features.distance(&observation.features)),
    ];
    let chosen = method(CHOSEN, material, familiar, |observation| cloud.distance(&observation.stage));
    let familiar_up_to = chosen.limit;
    methods.push(chosen);
    Ok(Foreign { chosen: CHOSEN.to_owned(), stage: stage.to_owned(), familiar, familiar_up_to, methods })
}

fn method(name: &str, material: &Material<'_>, familiar: f64, score: impl Fn(&Observation) -> f64 + Copy) -> Method {
    let limit = limit(material, familiar, score);
    let held_out: Vec<f64> = material.held_out.iter().map(score).collect();
    let foreign: Vec<f64> = material.foreign.iter().map(score).collect();
    let refused = |scores: &[f64]| scores.iter().filter(|&&score| score > limit).count() as f64 / scores.len() as f64;
    Method {
        name: name.to_owned(),
        limit,
        auroc: metrics::separation(&foreign, &held_out),
        foreign_refused: (!foreign.is_empty()).then(|| refused(&foreign)),
        held_out_refused: refused(&held_out),
    }
}

/// The score that this part of the validation slices does not exceed.
fn limit(material: &Material<'_>, familiar: f64, score: impl Fn(&Observation) -> f64) -> f64 {
    let mut scores: Vec<f64> = material.validation.iter().map(score).collect();
    scores.sort_by(f64::total_cmp);
    metrics::quantile(&scores, familiar)
}

fn highest(values: &[f32]) -> f32 {
    values.iter().copied().fold(f32::NEG_INFINITY, f32::max)
}

/// The free energy (Liu et al. 2020): high where no class is likely.
fn energy(logits: &[f32]) -> f64 {
    let highest = f64::from(highest(logits));
    -(highest + logits.iter().map(|&logit| (f64::from(logit) - highest).exp()).sum::<f64>().ln())
}

/// 1 less the cosine to the nearest training slice (Sun et al. 2022).
fn nearest(bank: &[Vec<f32>], features: &[f32]) -> f64 {
    let features = unit(features);
    let cosine = |other: &Vec<f32>| other.iter().zip(&features).map(|(a, b)| a * b).sum::<f32>();
    1.0 - f64::from(bank.iter().map(cosine).fold(-1.0, f32::max))
}

fn unit(values: &[f32]) -> Vec<f32> {
    let length = values.iter().map(|value| value * value).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
    values.iter().map(|value| value / length).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn energy_is_the_negative_log_of_the_sum_of_exponentials() {
        assert!((energy(&[1.0, 2.0, 3.0]) + 3.407_605_964).abs() < 1e-6);
        assert!(energy(&[0.0, 0.0]) > energy(&[9.0, 0.0]));
    }

    #[test]
    fn a_picture_of_the_bank_is_its_own_neighbour() {
        let bank = [unit(&[1.0, 2.0]), unit(&[-1.0, 0.5])];
        assert!(nearest(&bank, &[2.0, 4.0]).abs() < 1e-6);
        assert!(nearest(&bank, &[1.0, -0.5]) > 0.9);
    }
}
