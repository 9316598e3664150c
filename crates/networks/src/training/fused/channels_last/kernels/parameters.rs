//! What is done to parameters.

use cubecl::prelude::*;

/// A step of AdamW (Loshchilov and Hutter 2019): the parameter and both moments after it.
#[cube(launch_unchecked)]
pub fn adamw(
    parameter: &[f32],
    gradient: &[f32],
    first: &[f32],
    second: &[f32],
    new_parameter: &mut [f32],
    new_first: &mut [f32],
    new_second: &mut [f32],
    step: AdamStep,
    units: usize,
) {
    if ABSOLUTE_POS >= units {
        terminate!();
    }
    let gradient = gradient[ABSOLUTE_POS];
    let first = first[ABSOLUTE_POS] * step.beta_1 + gradient * (1.0f32 - step.beta_1);
    let second = second[ABSOLUTE_POS] * step.beta_2 + gradient * gradient * (1.0f32 - step.beta_2);
    let size = first / step.correction_1 / ((second / step.correction_2).sqrt() + step.epsilon);
    new_first[ABSOLUTE_POS] = first;
    new_second[ABSOLUTE_POS] = second;
    new_parameter[ABSOLUTE_POS] = parameter[ABSOLUTE_POS] * (1.0f32 - step.rate * step.decay) - size * step.rate;
}

/// What is the same for every parameter in a step of AdamW.
#[derive(CubeType, CubeLaunch)]
pub struct AdamStep {
    pub rate: f32,
    pub decay: f32,
    pub beta_1: f32,
    pub beta_2: f32,
    pub epsilon: f32,
    /// What the moments are too small by, because they began at 0.
    pub correction_1: f32,
    pub correction_2: f32,
}

/// `output = from + (to - from) * share`.
#[cube(launch_unchecked)]
pub fn lerp(from: &[f32], to: &[f32], output: &mut [f32], share: f32, units: usize) {
    if ABSOLUTE_POS >= units {
        terminate!();
    }
    output[ABSOLUTE_POS] = from[ABSOLUTE_POS] + (to[ABSOLUTE_POS] - from[ABSOLUTE_POS]) * share;
}
