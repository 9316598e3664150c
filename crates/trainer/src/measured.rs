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

/// A report's main figures, where many are set side by side.
#[derive(Serialize)]
pub struct Summary {
    pub n: usize,
    pub clusters: usize,
    pub accuracy: f64,
    pub accuracy_ci95: [f64; 2],
    pub macro_f1: f64,
    pub macro_f1_ci95: [f64; 2],
}

impl From<&Report> for Summary {
    fn from(report: &Report) -> Self {
        let &Report { n, clusters, accuracy, accuracy_ci95, macro_f1, macro_f1_ci95, .. } = report;
        Self { n, clusters, accuracy, accuracy_ci95, macro_f1, macro_f1_ci95 }
    }
}
