//! What is said of a slice.

use serde::{Deserialize, Serialize};

/// What is said of a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// A class, by its index in the model's list.
    Class(usize),
    /// No class is probable enough.
    Abstain,
    /// The picture is unlike all that the model was trained on (out-of-distribution).
    NotBrainMri,
}

impl Verdict {
    /// The class that it names, by its index.
    #[must_use]
    pub fn class(self) -> Option<usize> {
        if let Self::Class(class) = self { Some(class) } else { None }
    }
}

/// What a verdict rests on besides the probabilities.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// How far the picture is from the training slices, about 1 for one of them.
    pub distance: f32,
    /// Above this distance it is taken for no brain MRI.
    #[serde(rename = "familiar_up_to")]
    pub ood_threshold: f32,
    /// Below this probability of the most probable class none is named.
    pub abstain_below: f32,
}
