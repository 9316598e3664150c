//! The reports about the models.

use leptos::prelude::*;

use crate::model_reports::IndexEntry;

/// The reports.
#[derive(Clone, Copy)]
pub struct ReportIndex {
    /// All of them.
    pub entries: RwSignal<Vec<IndexEntry>>,
    /// Why there are none.
    pub missing: RwSignal<Option<String>>,
}

impl ReportIndex {
    pub(super) fn new() -> Self {
        Self { entries: RwSignal::new(Vec::new()), missing: RwSignal::new(None) }
    }
}
