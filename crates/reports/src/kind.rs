//! Which kinds of reports there are, and telling them apart.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{Calibration, Detection, Evaluation, Folds, Rounding, Transfer, WithRecipe};

/// The schema version that this build writes and reads, of every kind. Raised when a field changes its meaning or goes.
pub const SCHEMA: u32 = 1;

/// A report that is written.
pub trait Kind {
    /// Its kind in the file.
    const KIND: &'static str;
}

impl<M> Kind for Evaluation<M> {
    const KIND: &'static str = "evaluation";
}

impl<M> Kind for Folds<M> {
    const KIND: &'static str = "folds";
}

impl<M> Kind for Calibration<M> {
    const KIND: &'static str = "calibration";
}

impl<M> Kind for Detection<M> {
    const KIND: &'static str = "detection";
}

impl<M> Kind for Transfer<M> {
    const KIND: &'static str = "transfer";
}

impl<M> Kind for Rounding<M> {
    const KIND: &'static str = "rounding";
}

/// A report with its kind and schema before it, as it is written.
#[derive(Debug, Serialize)]
pub struct Tagged<'a, T> {
    kind: &'static str,
    schema: u32,
    #[serde(flatten)]
    content: &'a T,
}

/// The report as it is written.
pub fn tagged<T: Kind>(content: &T) -> Tagged<'_, T> {
    Tagged { kind: T::KIND, schema: SCHEMA, content }
}

/// A report that was read.
#[derive(Debug, Clone, PartialEq)]
pub enum Report {
    /// Of one network on one test.
    Evaluation(Evaluation),
    /// Of a cross-validation.
    Folds(Folds<WithRecipe>),
    /// Of a weights file's probabilities and rules.
    Calibration(Calibration),
    /// Of one network on scans whose labels say whether there is a tumour, and no more.
    Detection(Detection),
    /// Of a weights file on brains from elsewhere.
    Transfer(Transfer),
    /// Of what int8 kernels cost.
    Rounding(Rounding),
    /// One that can't be read, and why.
    Unreadable(String),
}

impl Report {
    /// Reads a report. The fields of what is read fit each other: a confusion matrix has a row and a column for each class.
    #[must_use]
    pub fn parse(content: Value) -> Self {
        let kind = content.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
        let schema = content.get("schema").and_then(Value::as_u64);
        if kind.is_empty() {
            return Self::Unreadable(
                "it does not say of what kind it is; `cargo xtask migrate-reports` adds it".into(),
            );
        }
        if schema != Some(SCHEMA.into()) {
            let found = schema.map_or("no schema".to_owned(), |schema| format!("schema {schema}"));
            return Self::Unreadable(format!("it is of {found}; read is schema {SCHEMA}"));
        }
        let read = match kind.as_str() {
            Evaluation::<()>::KIND => parse(content, Self::Evaluation),
            Folds::<()>::KIND => parse(content, Self::Folds),
            Calibration::<()>::KIND => parse(content, Self::Calibration),
            Detection::<()>::KIND => parse(content, Self::Detection),
            Transfer::<()>::KIND => parse(content, Self::Transfer),
            Rounding::<()>::KIND => parse(content, Self::Rounding),
            other => Err(format!("\"{other}\" is no kind of report that is known here")),
        };
        read.and_then(Self::checked).unwrap_or_else(Self::Unreadable)
    }

    fn checked(self) -> Result<Self, String> {
        let (classes, report) = match &self {
            Self::Evaluation(evaluation) => (&evaluation.classes, &evaluation.report),
            Self::Folds(folds) => (&folds.classes, &folds.report),
            _ => return Ok(self),
        };
        let rows = &report.confusion;
        if rows.len() == classes.len() && rows.iter().all(|row| row.len() == classes.len()) {
            return Ok(self);
        }
        Err("the confusion matrix has not a row and a column for each class".to_owned())
    }
}

fn parse<T: DeserializeOwned>(content: Value, kind: fn(T) -> Report) -> Result<Report, String> {
    serde_json::from_value(content).map(kind).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reason(content: Value) -> String {
        let Report::Unreadable(reason) = Report::parse(content) else { panic!("it was read") };
        reason
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        assert!(reason(json!([])).contains("of what kind"));
        assert!(reason(json!({ "kind": "rounding" })).contains("no schema"));
        assert!(reason(json!({ "kind": "rounding", "schema": 2 })).contains("schema 2"));
        assert!(reason(json!({ "kind": "throughput", "schema": 1 })).contains("\"throughput\""));
        let cut = json!({ "kind": "rounding", "schema": 1, "weights_sha256": "ab", "n": 3 });
        assert!(reason(cut).contains("same_class"));
    }
}
