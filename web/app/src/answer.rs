//! What a model answered about a slice.

use std::sync::Arc;

use protocol::{Engine, Evidence, ModelInfo, PlacedMap, Verdict};

/// A slice's classification.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// What is said of the slice.
    pub verdict: Verdict,
    /// The most probable class, whether it is named or not, by its index in the model's list.
    pub top_class: usize,
    /// What the verdict rests on; nothing where the model always names a class.
    pub evidence: Option<Evidence>,
    /// One a class, in the order of the model's list.
    pub probabilities: Vec<f32>,
    /// Where it sees evidence; nothing for a model that does not say.
    pub map: Option<Arc<PlacedMap>>,
    /// The model that gave it.
    pub model: Arc<ModelInfo>,
    /// What computed it.
    pub engine: Engine,
    /// From bytes to answer.
    pub milliseconds: f64,
}

impl Answer {
    /// The model's name of a class; empty for an index that is none.
    pub fn class(&self, index: usize) -> &str {
        self.model.classes.get(index).map_or("", String::as_str)
    }

    /// The probability of the most probable class; none for a picture that is no brain MRI, of which it says nothing.
    pub fn best(&self) -> Option<f32> {
        (self.verdict != Verdict::NotBrainMri).then(|| self.probabilities.iter().copied().fold(0.0, f32::max))
    }

    /// The map that may be shown: none over a picture that is no brain MRI.
    pub fn shown_map(&self) -> Option<&Arc<PlacedMap>> {
        self.map.as_ref().filter(|_| self.verdict != Verdict::NotBrainMri)
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub const CLASSES: [&str; 4] = ["glioma", "meningioma", "notumor", "pituitary"];

    /// A model with these classes.
    pub fn model(id: &str, classes: &[&str]) -> Arc<ModelInfo> {
        let classes = classes.iter().map(|class| (*class).to_owned()).collect();
        Arc::new(ModelInfo { id: id.into(), title: id.into(), sha256: String::new(), classes, has_map: false })
    }
}
