//! Everything measured of one set of predictions, ready to be written down.

use serde::{Deserialize, Serialize};

use crate::{
    Average, Bin, Bootstrap, Predictions, expected_calibration_error, intervals, log_loss, reliability, roc_auc,
};

/// How many bins the calibration is measured in.
const CALIBRATION_BINS: usize = 15;

/// What was measured of one class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassReport {
    /// The class's name.
    pub class: String,
    /// Of the items given this class, the part that has it; 0 to 1.
    pub precision: f64,
    /// Of the items that have this class, the part that was given it; 0 to 1.
    pub recall: f64,
    /// The harmonic mean of precision and recall.
    pub f1: f64,
    /// How many items have this class.
    pub support: u64,
    /// Area under the one-against-rest ROC curve, 0.5 to guess; `None` where no item has the class, or all have.
    pub roc_auc: Option<f64>,
}

/// Everything measured of one set of predictions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// How many items were measured.
    pub n: usize,
    /// How many clusters they come in.
    pub clusters: usize,
    /// The part of the items given their true class; 0 to 1.
    pub accuracy: f64,
    /// 95 % interval of the accuracy, resampled by cluster.
    pub accuracy_ci95: [f64; 2],
    /// The mean F1 of the classes; 0 to 1.
    pub macro_f1: f64,
    /// 95 % interval of the macro-averaged F1, resampled by cluster.
    pub macro_f1_ci95: [f64; 2],
    /// The mean over the classes, each counting the same.
    pub macro_average: Average,
    /// The mean over the classes, each counting as often as it occurs.
    pub weighted_average: Average,
    /// The mean area under the ROC curve of the classes that have one; `None` where none has.
    pub macro_roc_auc: Option<f64>,
    /// Mean negative logarithm of the true class's probability, in nats.
    pub log_loss: f64,
    /// Expected calibration error over 15 bins; 0 to 1.
    pub expected_calibration_error: f64,
    /// Class by class, in the order of the columns of `confusion`.
    pub per_class: Vec<ClassReport>,
    /// Rows are the truth, columns the verdict.
    pub confusion: Vec<Vec<u64>>,
    /// The 15 bins of the reliability diagram.
    pub reliability: Vec<Bin>,
    /// How the intervals were drawn.
    pub bootstrap: Bootstrap,
}

impl Report {
    /// Measures predictions.
    #[must_use]
    pub fn new(predictions: &Predictions, bootstrap: Bootstrap) -> Report {
        let confusion = predictions.confusion();
        let intervals = intervals(predictions, bootstrap);
        let reliability = reliability(predictions, CALIBRATION_BINS);
        let per_class = per_class(predictions);
        Report {
            n: predictions.truth().len(),
            clusters: distinct(predictions.clusters()),
            accuracy: confusion.accuracy(),
            accuracy_ci95: intervals.accuracy,
            macro_f1: confusion.macro_average().f1,
            macro_f1_ci95: intervals.macro_f1,
            macro_average: confusion.macro_average(),
            weighted_average: confusion.weighted_average(),
            macro_roc_auc: mean(per_class.iter().filter_map(|class| class.roc_auc)),
            log_loss: log_loss(predictions),
            expected_calibration_error: expected_calibration_error(&reliability),
            per_class,
            confusion: confusion.rows().to_vec(),
            reliability,
            bootstrap,
        }
    }
}

fn per_class(predictions: &Predictions) -> Vec<ClassReport> {
    let confusion = predictions.confusion();
    let report = |(index, class): (usize, &String)| {
        let scores = confusion.scores(index);
        ClassReport {
            class: class.clone(),
            precision: scores.precision,
            recall: scores.recall,
            f1: scores.f1,
            support: scores.support,
            roc_auc: roc_auc(predictions, index),
        }
    };
    predictions.classes().iter().enumerate().map(report).collect()
}

fn distinct(clusters: &[usize]) -> usize {
    clusters.iter().collect::<std::collections::HashSet<_>>().len()
}

fn mean(values: impl Iterator<Item = f64> + Clone) -> Option<f64> {
    let count = values.clone().count();
    (count > 0).then(|| values.sum::<f64>() / count as f64)
}
