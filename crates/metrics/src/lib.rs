//! How good a classifier is, and how sure that is. Plain numbers in, plain numbers out.
//!
//! Checked [`Predictions`] go in, a [`Report`] comes out that serialises to the JSON beside every published figure.
//! Conventions are scikit-learn's (rows of a confusion matrix are the truth, a ratio over nothing is 0), and the
//! tests compare with it.
//!
//! ```
//! use metrics::{Bootstrap, Predictions, Report};
//!
//! let classes = ["tumour".to_owned(), "none".to_owned()];
//! let probabilities = [[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.3, 0.7]];
//! let patients = [0, 0, 1, 2];
//! let predictions = Predictions::new(&classes, &[0, 0, 1, 1], &probabilities, &patients)?;
//!
//! let report = Report::new(&predictions, Bootstrap::default());
//! assert_eq!(report.confusion, [[1, 1], [0, 2]]);
//! assert_eq!(report.accuracy, 0.75);
//! # Ok::<(), metrics::MetricsError>(())
//! ```

mod bootstrap;
mod calibration;
mod confusion;
mod detection;
mod error;
mod folds;
mod predictions;
mod report;
mod roc;

pub use bootstrap::{
    Bootstrap, ByChance, ClassIntervals, Difference, Intervals, calibration_by_chance, calibration_interval,
    class_intervals, difference, intervals, mean_interval, quantile,
};
pub use calibration::{Bin, RiskPoint, expected_calibration_error, log_loss, reliability, risk_coverage};
pub use confusion::{Average, Confusion, Scores};
pub use detection::{Detected, DetectionReport, Estimate};
pub use error::MetricsError;
pub use folds::{FOLDS, folds};
pub use predictions::Predictions;
pub use report::{ClassReport, Report};
pub use roc::{RocPoint, roc_auc, roc_curve, separation};
