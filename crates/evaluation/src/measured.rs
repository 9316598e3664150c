//! What a report of a run has besides what every reader knows: intervals and curves of every class.

use metrics::{Bootstrap, ClassIntervals, Predictions, Report, RocPoint, class_intervals, roc_curve};
use serde::Serialize;

/// Intervals and curves, class by class.
#[derive(Serialize)]
pub struct Curves {
    /// 95 % intervals of each class's scores, resampled by cluster.
    pub class_ci95: Vec<ClassIntervals>,
    /// One-against-rest ROC curves; none for a class that never or always occurs.
    pub roc: Vec<Option<Vec<RocPoint>>>,
}

impl Curves {
    /// Measures predictions.
    #[must_use]
    pub fn new(predictions: &Predictions) -> Self {
        let classes = 0..predictions.classes().len();
        Self {
            class_ci95: class_intervals(predictions, Bootstrap::default()),
            roc: classes.map(|class| roc_curve(predictions, class)).collect(),
        }
    }
}

/// All that is measured of one set of predictions, for a page.
#[derive(Clone, Copy)]
pub struct Measured<'a> {
    /// Class names, in the order of everything below.
    pub classes: &'a [String],
    /// What every reader knows.
    pub report: &'a Report,
    /// What only a page shows.
    pub curves: &'a Curves,
}
