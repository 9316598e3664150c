//! What a network is worth: on what it was not trained on, in numbers with intervals and leakage counted.
//!
//! [`train_and_report`] trains a run, or one a fold, and reports on it; [`ablate`] trains a recipe without each of its
//! components and compares. A weights file is measured by [`evaluate`], taught how sure it may be by [`calibrate`], and
//! tried on other sources by [`transfer`]. Each takes a plain configuration and gives back what it found, in the types of
//! `reports`, for whoever prints or keeps it.

mod ablate;
mod calibrate;
mod curves;
mod detect;
mod evaluate;
mod figures;
mod folds;
mod folds_page;
mod folds_report;
mod map_figures;
mod map_pictures;
mod maps;
mod measured;
mod predictions_file;
mod report;
mod report_page;
mod run;
mod run_report;
mod sources;
mod sources_page;
mod transfer;
mod truth;

pub use ablate::{AblateConfig, Ablation, ablate, train_without};
pub use calibrate::{CalibrateConfig, Calibrated, CalibrationFindings, calibrate};
pub use detect::TumourOrNone;
pub use evaluate::{EvaluateConfig, Evaluated, evaluate};
pub use folds::Folds;
pub use maps::ScanMap;
pub use run::{report_again, train_and_report};
pub use transfer::{TransferConfig, TransferFindings, transfer};
