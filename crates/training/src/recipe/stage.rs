//! A stage of a recipe: what is trained, for how long, and how fast.

use std::ops::RangeInclusive;

use anyhow::{bail, ensure};
use serde::{Deserialize, Serialize};

/// Sides of the input that a network takes, in pixels: Xception's smallest, and what memory allows.
pub(super) const SIZES: RangeInclusive<u32> = 71..=1024;

/// A stretch of training under one optimiser.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// Name in the log.
    pub name: String,
    /// Epochs at most.
    pub epochs: usize,
    /// Side of the slices trained on, in pixels; the input's where it is not given. Validation is at the input's size
    /// in every stage, so that losses compare.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u32>,
    /// First block that is trained, in Keras's numbering: 1 for all, 15 for the head alone.
    pub train_from: usize,
    /// Which optimiser.
    pub optimizer: OptimizerName,
    /// Its learning rate after warm-up.
    pub learning_rate: f64,
    /// How the learning rate goes on.
    #[serde(default)]
    pub schedule: Schedule,
    /// Share of the stage over which the learning rate rises from 0.
    #[serde(default)]
    pub warm_up: f64,
    /// Decoupled weight decay, for `adamw`.
    #[serde(default)]
    pub weight_decay: f32,
    /// Largest norm of the gradient over all parameters; 0 for any.
    #[serde(default)]
    pub clip: f32,
    /// What the learning rate is multiplied by from one block to the one before it, down from the head; 1 for the same
    /// rate everywhere.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub layer_decay: f64,
}

fn one() -> f64 {
    1.0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a function of a reference")]
fn is_one(value: &f64) -> bool {
    (*value - 1.0).abs() < f64::EPSILON
}

/// Which epoch's network is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Keep {
    /// The one with the smallest validation loss.
    #[default]
    Best,
    /// The last one, where the schedule says when to stop and nothing is chosen by the validation slices.
    Last,
}

/// Which optimiser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OptimizerName {
    /// Kingma and Ba 2015, section 7.1.
    Adamax,
    /// Loshchilov and Hutter 2019.
    Adamw,
}

/// How the learning rate goes over a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// It stays.
    #[default]
    Constant,
    /// It falls to 0 along half a cosine.
    Cosine,
}

impl Stage {
    /// The learning rate at `progress`, 0 at the stage's start and 1 at its end.
    #[must_use]
    pub fn learning_rate_at(&self, progress: f64) -> f64 {
        if progress < self.warm_up {
            return self.learning_rate * progress / self.warm_up;
        }
        match self.schedule {
            Schedule::Constant => self.learning_rate,
            Schedule::Cosine => {
                let rest = (progress - self.warm_up) / (1.0 - self.warm_up).max(f64::EPSILON);
                self.learning_rate * 0.5 * (1.0 + (std::f64::consts::PI * rest.min(1.0)).cos())
            }
        }
    }
}

impl Stage {
    /// Refuses values out of range.
    ///
    /// # Errors
    /// There is one; it is named.
    pub fn check(&self) -> anyhow::Result<()> {
        let name = &self.name;
        ensure!(self.epochs > 0, "stage \"{name}\": `epochs` is 0");
        ensure!(self.train_from > 0, "stage \"{name}\": `train_from` is 0; blocks are numbered from 1");
        ensure!(
            (0.0..1.0).contains(&self.warm_up),
            "stage \"{name}\": `warm_up` is {}; accepted are 0 to below 1",
            self.warm_up
        );
        ensure!(
            self.layer_decay > 0.0 && self.layer_decay <= 1.0,
            "stage \"{name}\": `layer_decay` is {}; accepted are numbers above 0 up to 1",
            self.layer_decay
        );
        ensure!(
            self.clip >= 0.0 && self.clip.is_finite(),
            "stage \"{name}\": `clip` is {}; accepted are 0 and numbers above",
            self.clip
        );
        ensure!(
            self.weight_decay >= 0.0 && self.weight_decay.is_finite(),
            "stage \"{name}\": `weight_decay` is {}; accepted are 0 and numbers above",
            self.weight_decay
        );
        if let Some(size) = self.size {
            ensure!(SIZES.contains(&size), "stage \"{name}\": `size` is {size}; accepted are {SIZES:?}");
        }
        if !(self.learning_rate > 0.0 && self.learning_rate.is_finite()) {
            bail!("stage \"{name}\": `learning_rate` is {}; it must be above 0", self.learning_rate);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage(schedule: Schedule) -> Stage {
        Stage {
            name: "fine".into(),
            epochs: 4,
            size: None,
            train_from: 1,
            optimizer: OptimizerName::Adamw,
            learning_rate: 1e-3,
            schedule,
            warm_up: 0.25,
            weight_decay: 0.0,
            clip: 0.0,
            layer_decay: 1.0,
        }
    }

    #[test]
    fn the_learning_rate_warms_up_and_falls_along_a_cosine() {
        let stage = stage(Schedule::Cosine);
        assert!(stage.learning_rate_at(0.0).abs() < 1e-12);
        assert!((stage.learning_rate_at(0.25) - 1e-3).abs() < 1e-12);
        assert!((stage.learning_rate_at(0.625) - 5e-4).abs() < 1e-12);
        assert!(stage.learning_rate_at(1.0).abs() < 1e-12);
    }
}
