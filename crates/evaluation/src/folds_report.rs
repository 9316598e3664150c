//! What `folds.json` of a cross-validation holds.

use reports::Folds;
use serde::Serialize;
use training::{Environment, Recipe};

use crate::measured::Curves;

/// What `folds.json` holds.
pub type FoldsReport = Folds<FoldsDetails>;

/// What a report of folds has besides what every reader knows.
#[derive(Serialize)]
pub struct FoldsDetails {
    /// What the first fold was trained on; unknown for run folders older than this field.
    pub environment: Option<Environment>,
    /// How the intervals come about.
    pub intervals: &'static str,
    #[serde(flatten)]
    pub curves: Curves,
    /// Of the first fold; the others differ in the fold's number.
    pub recipe: Recipe,
}

/// How the 95 % intervals come about; no unbiased one can be had from the spread over folds, which share most of
/// their training slices (Bengio and Grandvalet 2004).
pub const INTERVALS: &str = "95 % intervals are percentiles of resamples of whole clusters of patients and copies. Those \
     of all folds together resample the pooled predictions, each by the network that had not seen the slice. They say \
     how the figures vary with the patients, not with the training.";
