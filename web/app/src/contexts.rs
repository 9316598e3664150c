//! What the page is made of, by concern: a small handle each, which a component takes with `expect_context`.

mod announcer;
mod dialogs;
mod engines;
mod models;
mod report_index;
mod samples;
mod slices;
mod viewing;

pub use announcer::Announcer;
pub use dialogs::{Dialog, Dialogs};
pub use engines::EngineStatus;
pub use models::{Download, Models};
pub use report_index::ReportIndex;
pub use samples::{SampleFile, SampleSlices};
pub use slices::Slices;
pub use viewing::Viewing;

use leptos::prelude::*;

use crate::engine_selection::Engines;

/// Gives all of them to the components below, with nothing in them yet.
pub fn provide(engines: Engines) {
    provide_context(Slices::new());
    provide_context(EngineStatus::new(engines));
    provide_context(Models::new());
    provide_context(ReportIndex::new());
    provide_context(SampleSlices::new());
    provide_context(Viewing::new());
    provide_context(Dialogs::new());
    provide_context(Announcer::new());
}
