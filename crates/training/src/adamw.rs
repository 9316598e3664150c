//! AdamW: "Decoupled Weight Decay Regularization", Loshchilov and Hutter 2019. Burn's own, but one operation a parameter.

use burn::optim::{AdamWState, AdaptiveMomentumState, LearningRate, Optimizer};
use burn::tensor::{Device, Tensor};
use networks::AdamStep;

/// Burn's defaults.
const BETAS: [f64; 2] = [0.9, 0.999];
const EPSILON: f64 = 1e-5;

/// Adam with weight decay that the moments don't see.
#[derive(Debug, Clone, Copy)]
pub struct AdamW {
    weight_decay: f64,
}

impl AdamW {
    /// With Burn's decays and epsilon.
    #[must_use]
    pub fn new(weight_decay: f64) -> Self {
        Self { weight_decay }
    }
}

impl Optimizer for AdamW {
    type State<const D: usize> = AdamWState<D>;

    fn step<const D: usize>(
        &self,
        learning_rate: LearningRate,
        parameter: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<AdamWState<D>>,
    ) -> (Tensor<D>, Option<AdamWState<D>>) {
        let (time, moments) = match state {
            Some(AdamWState { momentum }) => (momentum.time + 1, [momentum.moment_1, momentum.moment_2]),
            None => (1, [gradient.zeros_like(), gradient.zeros_like()]),
        };
        let step = AdamStep {
            rate: learning_rate,
            decay: self.weight_decay,
            betas: BETAS,
            epsilon: EPSILON,
            number: i32::try_from(time).unwrap_or(i32::MAX),
        };
        let (parameter, [moment_1, moment_2]) = networks::adamw(parameter, gradient, moments, step);
        let momentum = AdaptiveMomentumState { time, moment_1, moment_2, max_moment_2: None };
        (parameter, Some(AdamWState { momentum }))
    }

    fn to_device<const D: usize>(state: AdamWState<D>, device: &Device) -> AdamWState<D> {
        AdamWState { momentum: state.momentum.to_device(device) }
    }
}
