//! What the page shows of a report. The tests of `app` take this file in, to read reports as the page gets them.

use serde_json::{Map, Value, json};

/// Long lists in reports that the page does not show.
const NOT_SHOWN: [&str; 4] = ["roc", "slices", "mistakes", "rows"];

/// A report's entry in `reports/index.json`; `None` for one that is about no weights file.
pub fn entry(name: &str, mut content: Map<String, Value>) -> Option<Value> {
    content.contains_key("weights_sha256").then(|| {
        content.retain(|field, _| !NOT_SHOWN.contains(&field.as_str()));
        json!({ "address": format!("weights/reports/{name}"), "content": content })
    })
}
