//! `sulcus ablate`: what each component of a recipe gives.

use evaluation::{ablate, train_without};
use reports::tagged;
use storage::write_json;

use crate::arguments::AblateArguments;

/// Runs `sulcus ablate`.
///
/// # Errors
/// The recipe does not have a component, the data can't be used, training failed, or a file can't be written.
pub fn run(arguments: &AblateArguments) -> anyhow::Result<()> {
    let config = arguments.config();
    if arguments.alone {
        return train_without(&config);
    }
    let path = arguments.json.clone().unwrap_or_else(|| arguments.out.join("ablation.json"));
    write_json(&path, &tagged(&ablate(&config)?))
}
