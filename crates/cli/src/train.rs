//! `sulcus train`: a recipe and a folder of scans to a run folder.

use anyhow::ensure;
use evaluation::{Folds, train_and_report};

use crate::arguments::TrainArguments;

/// Runs `sulcus train`.
///
/// # Errors
/// The recipe, the data or the starting weights can't be used, or training failed.
pub fn run(arguments: &TrainArguments) -> anyhow::Result<()> {
    let only = arguments.fold.map(usize::from);
    let folds = arguments.folds.map(|count| Folds { count: count.into(), only });
    if let Some(Folds { count, only: Some(only) }) = folds {
        ensure!(only <= count, "--fold {only}: there are folds 1 to {count}");
    }
    train_and_report(&arguments.config(), folds)
}
