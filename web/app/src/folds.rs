//! A report of several folds in words: every slice answered by a network that had not seen it.

use reports::{Folds, WithRecipe};

use crate::wording;

/// Whether the figures of any fold flatter.
pub fn leaky(folds: &Folds<WithRecipe>) -> bool {
    folds.folds.iter().any(|fold| fold.leakage.leaky)
}

/// Which classes were told apart, in a sentence, where healthy slices were not among them.
pub fn only(folds: &Folds<WithRecipe>) -> Option<String> {
    let names: Vec<&str> = folds.classes.iter().map(|class| wording::class_name(class)).collect();
    let healthy = folds.classes.iter().any(|class| class == wording::NO_TUMOUR);
    (!healthy).then(|| format!("Only these classes were in it: {}.", names.join(", ")))
}
