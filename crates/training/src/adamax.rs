//! Adamax: "Adam: A Method for Stochastic Optimization", Kingma and Ba 2015, section 7.1, which Burn does not have.

use burn::optim::{AdaptiveMomentumState, LearningRate, Optimizer};
use burn::tensor::{Device, Tensor};

/// Adam with the infinity norm of past gradients in place of their root mean square.
#[derive(Debug, Clone, Copy)]
pub struct Adamax {
    /// Decay of the mean of gradients.
    pub beta_1: f64,
    /// Decay of the largest gradient.
    pub beta_2: f64,
    /// Added to the largest gradient, as Keras does.
    pub epsilon: f64,
}

impl Default for Adamax {
    /// Keras's defaults.
    fn default() -> Self {
        Self { beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7 }
    }
}

impl Optimizer for Adamax {
    /// Adam's own state: the mean of gradients, and in place of their mean square the decayed largest gradient.
    type State<const D: usize> = AdaptiveMomentumState<D>;

    fn step<const D: usize>(
        &self,
        learning_rate: LearningRate,
        parameter: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<AdaptiveMomentumState<D>>,
    ) -> (Tensor<D>, Option<AdaptiveMomentumState<D>>) {
        let (time, mean, largest) = match state {
            Some(state) => (
                state.time + 1,
                state.moment_1 * self.beta_1 + gradient.clone() * (1.0 - self.beta_1),
                (state.moment_2 * self.beta_2).max_pair(gradient.abs()),
            ),
            None => (1, gradient.clone() * (1.0 - self.beta_1), gradient.abs()),
        };
        let correction = 1.0 - self.beta_1.powi(i32::try_from(time).unwrap_or(i32::MAX));
        let step = mean.clone() / (largest.clone() + self.epsilon) * (learning_rate / correction);
        let state = AdaptiveMomentumState { time, moment_1: mean, moment_2: largest, max_moment_2: None };
        (parameter - step, Some(state))
    }

    fn to_device<const D: usize>(state: AdaptiveMomentumState<D>, device: &Device) -> AdaptiveMomentumState<D> {
        state.to_device(device)
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::TensorData;
    use serde_json::Value;

    use super::*;

    fn numbers(value: &Value) -> Vec<f32> {
        value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap() as f32).collect()
    }

    /// The fixture's `gradient_formula`.
    fn gradient(vector: &Value, step: i64) -> Vec<f32> {
        let integer = |name: &str| vector[name].as_i64().unwrap();
        let scale = vector["scale"].as_f64().unwrap();
        let spike = if step == integer("spike") { 64.0 } else { 1.0 };
        let at = |i: i64| {
            let is_zero = vector["zeros"].as_array().unwrap().iter().any(|zero| zero.as_i64() == Some(i));
            let value = ((integer("a") * i + integer("b") * step) % 33 - 16) as f64 / 16.0 * scale * spike;
            if is_zero { 0.0 } else { value as f32 }
        };
        (0..integer("length")).map(at).collect()
    }

    #[test]
    fn twenty_steps_equal_keras() {
        let fixture: Value = serde_json::from_str(include_str!("../tests/fixtures/adamax.json")).unwrap();
        let device = Device::flex();
        let keras = fixture["trajectories"].as_array().unwrap().iter().filter(|entry| entry["source"] == "keras");
        let mut compared = 0;
        for trajectory in keras {
            let learning_rate = trajectory["lr"].as_f64().unwrap();
            for (vector, expected) in
                fixture["vectors"].as_array().unwrap().iter().zip(trajectory["vectors"].as_array().unwrap())
            {
                let start = (0..vector["length"].as_i64().unwrap()).map(|i| ((7 * i + 3) % 11 - 5) as f32 / 8.0);
                let start: Vec<f32> = start.collect();
                let length = start.len();
                let tensor = |values| Tensor::<1>::from_data(TensorData::new(values, [length]), &device);
                let (mut parameter, mut state) = (tensor(start), None);
                for (step, expected) in (1..).zip(expected["x"].as_array().unwrap()) {
                    (parameter, state) =
                        Adamax::default().step(learning_rate, parameter, tensor(gradient(vector, step)), state);
                    let found: Vec<f32> = parameter.to_data().try_to_vec().unwrap();
                    for (found, expected) in found.iter().zip(numbers(expected)) {
                        assert!((found - expected).abs() <= 3e-7, "step {step}: {found} against {expected}");
                    }
                    compared += 1;
                }
            }
        }
        assert_eq!(compared, 2 * 3 * 20);
    }
}
