//! What is written of a measurement: `sulcus` writes it, the page shows it.
//!
//! A report is JSON that begins with its `kind` and the `schema` of that kind; [`Report::parse`] tells reports apart by these
//! alone. One of a kind that this build does not know, or that can't be read, is [`Report::Unreadable`] with the reason, so
//! that it can be listed.
//!
//! The types have what readers rely on. What a writer adds for people, such as ROC curves and the recipe, is the type
//! parameter `M` (for more) of a report, flattened into the same object; a reader that does without has [`Nothing`].
//!
//! ```
//! use reports::{Nothing, Report, Rounding, tagged};
//!
//! let rounding = Rounding { weights_sha256: "9a12".into(), n: 10, same_class: 1.0, more: Nothing {} };
//! let text = serde_json::to_value(tagged(&rounding))?;
//! assert_eq!((&text["kind"], &text["schema"]), (&"rounding".into(), &1.into()));
//! assert_eq!(Report::parse(text), Report::Rounding(rounding));
//! # Ok::<(), serde_json::Error>(())
//! ```

mod calibration;
mod detection;
mod evaluation;
mod folds;
mod kind;
mod migrate;
mod rounding;
mod transfer;

use serde::{Deserialize, Serialize};

pub use calibration::{Abstention, Calibration, CalibrationError, Foreign, Method, Parts};
pub use detection::{Detection, DetectionGroup};
pub use evaluation::{Evaluation, Header};
pub use folds::{FoldFigures, Folds, RecipeName, Spread, Summary, WithRecipe};
pub use kind::{Kind, Report, SCHEMA, Tagged, tagged};
pub use metrics::{Bin, ByChance, DetectionReport, Estimate, RiskPoint};
pub use migrate::migrate;
pub use model::Leakage;
pub use rounding::Rounding;
pub use transfer::{Answers, Transfer};

/// What a reader without further interest knows of what a writer adds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nothing {}
