//! `sulcus train`: a recipe and a folder of scans to a run folder.

use evaluation::train_and_report;

use crate::arguments::TrainArguments;

/// Runs `sulcus train`.
///
/// # Errors
/// The recipe, the data or the starting weights can't be used, or training failed.
pub fn run(arguments: &TrainArguments) -> anyhow::Result<()> {
    train_and_report(&arguments.config(), arguments.folds.map(usize::from))
}
