//! Reports of older versions, which did not say of what kind they are.

use serde_json::Value;

use crate::{Calibration, Evaluation, Folds, Kind, Rounding, SCHEMA, Transfer};

/// The text of a report with `kind` and `schema`, all else as it is. `None` where it has a kind already, or is of none that
/// had no kind before.
#[must_use]
pub fn migrate(text: &str) -> Option<String> {
    let content: Value = serde_json::from_str(text).ok()?;
    let kind = kind_of(&content).filter(|_| content.get("kind").is_none())?;
    let fields = text.trim_start().strip_prefix('{')?;
    let separator = if fields.starts_with('\n') { "\n  " } else { "" };
    Some(format!("{{{separator}\"kind\": \"{kind}\",{separator}\"schema\": {SCHEMA},{fields}"))
}

/// Each kind has a field of its own; only a report of folds also has all that an evaluation has.
fn kind_of(content: &Value) -> Option<&'static str> {
    let has = |field| content.get(field).is_some();
    let kinds = [
        ("folds", Folds::<()>::KIND),
        ("protocol", Evaluation::<()>::KIND),
        ("calibration_error", Calibration::<()>::KIND),
        ("with_tumour", Transfer::<()>::KIND),
        ("rounding", Rounding::<()>::KIND),
    ];
    let is_about_weights = has("weights_sha256");
    kinds.into_iter().find(|(field, _)| is_about_weights && has(*field)).map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_report_gets_its_kind_and_keeps_its_text() {
        let old =
            "{\n  \"rounding\": \"gptq\",\n  \"weights_sha256\": \"ab\",\n  \"n\": 1,\n  \"same_class\": 1.0\n}\n";
        let new = migrate(old).unwrap();
        assert!(
            new.ends_with(&old[1..]) && new.starts_with("{\n  \"kind\": \"rounding\",\n  \"schema\": 1,\n"),
            "{new}"
        );
        assert_eq!(migrate(&new), None);
        assert_eq!(migrate("{\"contenders\":[]}"), None);
    }
}
