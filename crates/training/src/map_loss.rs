//! The loss of a map of evidence: cross-entropy cell by cell, and overlap with the outline (Dice).

use burn::tensor::activation::sigmoid;
use burn::tensor::{Device, FloatDType, Tensor, TensorData};

use crate::map_targets::MapTargets;

/// Weight of the mean cross-entropy of a cell: tumours fill few of them, so the mean is small.
const OF_CELLS: f64 = 5.0;
/// Weight of what is missing of a full overlap.
const OF_OVERLAP: f64 = 0.5;
/// Cells added to both sides of the overlap, so that a tumour of one cell does not count as much as one of fifty.
const SMOOTH: f64 = 1.0;

/// The loss of a batch's maps, logits `[batch, 1, side, side]`, against their targets.
#[must_use]
pub fn map_loss(map: Tensor<4>, targets: &MapTargets, device: &Device) -> Tensor<1> {
    let [batch, _, height, width] = map.dims();
    let plane =
        |values: &[f32]| Tensor::<2>::from_data(TensorData::new(values.to_vec(), [batch, height * width]), device);
    let (shares, known) = (plane(&targets.shares), plane(&targets.known));
    let logits = map.cast(FloatDType::F32).reshape([batch, height * width]);
    // -t ln(p) - (1 - t) ln(1 - p) = max(x, 0) - x t + ln(1 + exp(-|x|))
    let entropy = logits.clone().clamp_min(0.0) - logits.clone() * shares.clone()
        + (logits.clone().abs().neg().exp() + 1.0).log();
    let cells = f64::from(targets.known.iter().sum::<f32>()).max(1.0);
    let entropy = (entropy * known.clone()).sum() * (OF_CELLS / cells);
    let outlined = outlined(targets);
    let count: f32 = outlined.iter().sum();
    if count < 0.5 {
        return entropy;
    }
    let found = sigmoid(logits) * known;
    let overlap = (found.clone() * shares.clone()).sum_dim(1) * 2.0 + SMOOTH;
    let dice = overlap / (found.sum_dim(1) + shares.sum_dim(1) + SMOOTH);
    let of_outlined = Tensor::<2>::from_data(TensorData::new(outlined, [batch, 1]), device);
    entropy + ((dice.neg() + 1.0) * of_outlined).sum() * (OF_OVERLAP / f64::from(count))
}

/// 1 for every slice with an outline, 0 for the others.
fn outlined(targets: &MapTargets) -> Vec<f32> {
    let cells = targets.side.pow(2).max(1);
    let has = |shares: &[f32]| f32::from(u8::from(shares.iter().any(|share| *share > 0.0)));
    targets.shares.chunks_exact(cells).map(has).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loss(logits: [f32; 4], shares: [f32; 4], known: [f32; 4]) -> f32 {
        let device = Device::flex();
        let map = Tensor::<4>::from_data(TensorData::new(logits.to_vec(), [1, 1, 2, 2]), &device);
        let targets = MapTargets { side: 2, shares: shares.to_vec(), known: known.to_vec() };
        map_loss(map, &targets, &device).into_scalar()
    }

    #[test]
    fn the_loss_is_cross_entropy_and_what_is_missing_of_dice() {
        // numpy, from the formulas as papers have them: -mean(t ln p + (1 - t) ln(1 - p)) and
        // 1 - (2 sum(p t) + 1) / (sum(p) + sum(t) + 1).
        let found = loss([2.0, -1.0, 0.5, -3.0], [1.0, 0.0, 0.5, 0.0], [1.0; 4]);
        let p = [2.0_f64, -1.0, 0.5, -3.0].map(|x| 1.0 / (1.0 + (-x).exp()));
        let t = [1.0, 0.0, 0.5, 0.0];
        let entropy = p.iter().zip(t).map(|(p, t)| -(t * p.ln() + (1.0 - t) * (1.0 - p).ln())).sum::<f64>() / 4.0;
        let overlap = 2.0 * p.iter().zip(t).map(|(p, t)| p * t).sum::<f64>() + 1.0;
        let dice = overlap / (p.iter().sum::<f64>() + 1.5 + 1.0);
        assert!((f64::from(found) - (5.0 * entropy + 0.5 * (1.0 - dice))).abs() < 1e-5);
    }

    #[test]
    fn what_is_not_known_costs_nothing() {
        assert!(loss([50.0, -50.0, -50.0, -50.0], [0.0; 4], [0.0, 1.0, 1.0, 1.0]) < 1e-6);
        assert!(loss([50.0; 4], [0.0; 4], [0.0; 4]) < 1e-6);
    }
}
