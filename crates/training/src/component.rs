//! What a recipe can be made without.

use imaging::{Crop, Intensity};

use crate::recipe::{Augmentation, Recipe, Schedule};

/// One thing that a recipe does and could leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Component {
    /// The moving average of the weights.
    Average,
    /// Mixtures of slices.
    Mixup,
    /// Targets that are a little unsure.
    LabelSmoothing,
    /// Pooled features left out by chance.
    Dropout,
    /// Classes drawn by weight.
    Draw,
    /// Classes weighed in the loss.
    ClassWeights,
    /// A learning rate that falls along a cosine.
    Cosine,
    /// A learning rate that rises at the start.
    WarmUp,
    /// Shorter steps where the gradient is long.
    Clip,
    /// Learning rates that fall from block to block.
    LayerDecay,
    /// Decay of the weights.
    WeightDecay,
    /// One slice of every group of copies.
    Unique,
    /// Mirroring, shift, rotation and scale.
    Geometry,
    /// Brightness, contrast, gamma, bias field and tone curve.
    Tones,
    /// Noise, blur and recompression.
    Degradation,
    /// Skulls taken off.
    Strip,
    /// All random changes of slices.
    Augmentation,
    /// Tumours put in and taken out.
    Transplant,
    /// The crop to the head.
    Crop,
    /// Intensities scaled by percentiles.
    Harmonise,
}

impl Component {
    /// All of them.
    pub const ALL: [Self; 20] = [
        Self::Average,
        Self::Mixup,
        Self::LabelSmoothing,
        Self::Dropout,
        Self::Draw,
        Self::ClassWeights,
        Self::Cosine,
        Self::WarmUp,
        Self::Clip,
        Self::LayerDecay,
        Self::WeightDecay,
        Self::Unique,
        Self::Geometry,
        Self::Tones,
        Self::Degradation,
        Self::Strip,
        Self::Augmentation,
        Self::Transplant,
        Self::Crop,
        Self::Harmonise,
    ];

    /// Its name on the command line and in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Average => "average",
            Self::Mixup => "mixup",
            Self::LabelSmoothing => "label-smoothing",
            Self::Dropout => "dropout",
            Self::Draw => "draw",
            Self::ClassWeights => "class-weights",
            Self::Cosine => "cosine",
            Self::WarmUp => "warm-up",
            Self::Clip => "clip",
            Self::LayerDecay => "layer-decay",
            Self::WeightDecay => "weight-decay",
            Self::Unique => "unique",
            Self::Geometry => "geometry",
            Self::Tones => "tones",
            Self::Degradation => "degradation",
            Self::Strip => "strip",
            Self::Augmentation => "augmentation",
            Self::Transplant => "transplant",
            Self::Crop => "crop",
            Self::Harmonise => "harmonise",
        }
    }

    /// Whether slices are the same with and without it, so that what frozen blocks make of them is too.
    #[must_use]
    pub fn leaves_slices(self) -> bool {
        use Component::{Augmentation, Crop, Degradation, Geometry, Harmonise, Strip, Tones, Transplant, Unique};
        !matches!(self, Unique | Geometry | Tones | Degradation | Strip | Augmentation | Transplant | Crop | Harmonise)
    }

    /// The recipe without it; `None` where the recipe does not have it.
    #[must_use]
    pub fn left_out_of(self, recipe: &Recipe) -> Option<Recipe> {
        let mut without = recipe.clone();
        let Recipe { data, augmentation, input, stages, .. } = &mut without;
        match self {
            Self::Average => without.average = 0.0,
            Self::Mixup => without.mixup = 0.0,
            Self::LabelSmoothing => without.label_smoothing = 0.0,
            Self::Dropout => without.dropout = 0.0,
            Self::Draw => data.draw.clear(),
            Self::ClassWeights => data.class_weights = false,
            Self::Cosine => stages.iter_mut().for_each(|stage| stage.schedule = Schedule::Constant),
            Self::WarmUp => stages.iter_mut().for_each(|stage| stage.warm_up = 0.0),
            Self::Clip => stages.iter_mut().for_each(|stage| stage.clip = 0.0),
            Self::LayerDecay => stages.iter_mut().for_each(|stage| stage.layer_decay = 1.0),
            Self::WeightDecay => stages.iter_mut().for_each(|stage| stage.weight_decay = 0.0),
            Self::Unique => data.unique = false,
            Self::Geometry => {
                *augmentation = Augmentation { flip: false, shift: 0.0, rotation: 0.0, scale: 0.0, ..*augmentation };
            }
            Self::Tones => {
                let none = Augmentation { brightness: 0.0, contrast: 0.0, gamma: 0.0, ..*augmentation };
                *augmentation = Augmentation { bias_field: 0.0, curve: 0.0, ..none };
            }
            Self::Degradation => {
                *augmentation = Augmentation { noise: 0.0, blur: 0.0, recompression: 0, ..*augmentation };
            }
            Self::Strip => augmentation.strip = 0.0,
            Self::Augmentation => *augmentation = Augmentation::default(),
            Self::Transplant => without.transplant = None,
            Self::Crop => (input.crop, input.margin) = (Crop::None, 0.0),
            Self::Harmonise => input.intensity = Intensity { low: 0.0, high: 100.0 },
        }
        (without != *recipe).then_some(without)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ingredient_of_a_recipe_can_be_left_out_once() {
        let text = include_str!("../../../recipes/best-vgg16.toml").replacen("keep =", "mixup = 0.1\nkeep =", 1);
        let recipe = Recipe::parse(&text).unwrap();
        let has = |ingredient: Component| ingredient.left_out_of(&recipe).is_some();
        let missing: Vec<&str> = Component::ALL.iter().filter(|one| !has(**one)).map(|one| one.name()).collect();
        assert_eq!(missing, ["class-weights", "clip", "layer-decay"]);
        for ingredient in Component::ALL {
            let Some(without) = ingredient.left_out_of(&recipe) else { continue };
            assert!(ingredient.left_out_of(&without).is_none(), "{}", ingredient.name());
            assert_eq!(without.seed, recipe.seed);
        }
    }

    #[test]
    fn what_leaves_slices_leaves_the_input_and_its_changes() {
        let recipe = Recipe::parse(include_str!("../../../recipes/best-vgg16.toml")).unwrap();
        for ingredient in Component::ALL.iter().filter(|one| one.leaves_slices()) {
            let Some(without) = ingredient.left_out_of(&recipe) else { continue };
            assert_eq!((&without.input, without.augmentation), (&recipe.input, recipe.augmentation));
            assert_eq!((without.transplant, without.data.unique), (recipe.transplant.clone(), recipe.data.unique));
        }
    }
}
