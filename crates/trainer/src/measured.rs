//! All that is measured of one set of predictions, for a report file and its page.

use metrics::{Bootstrap, ClassIntervals, Predictions, Report, RocPoint, class_intervals, roc_curve};
use serde::Serialize;

/// A report with the intervals and curves of every class.
#[derive(Serialize)]
pub struct Measured {
    /// Class names, in the order of everything below.
    pub classes: Vec<String>,
    #[serde(flatten)]
    pub report: Report,
    /// 95 % intervals of each class's scores, resampled by cluster.
    pub class_ci95: Vec<ClassIntervals>,
    /// One-against-rest ROC curves; none for a class that never or always occurs.
    pub roc: Vec<Option<Vec<RocPoint>>>,
}

impl Measured {
    /// Measures predictions.
    #[must_use]
    pub fn new(predictions: &Predictions) -> Self {
        let classes = predictions.classes().to_vec();
        Self {
            report: Report::new(predictions, Bootstrap::default()),
            class_ci95: class_intervals(predictions, Bootstrap::default()),
            roc: (0..classes.len()).map(|class| roc_curve(predictions, class)).collect(),
            classes,
        }
    }
}
