//! What a screen reader says.

use leptos::prelude::*;

/// The text of the page's live region.
#[derive(Clone, Copy)]
pub struct Announcer(RwSignal<String>);

impl Announcer {
    pub(super) fn new() -> Self {
        Self(RwSignal::new(String::new()))
    }

    /// Lets a screen reader say this.
    pub fn say(self, text: impl Into<String>) {
        self.0.set(text.into());
    }

    /// What was said last.
    pub fn said(self) -> String {
        self.0.get()
    }
}
