//! Which dialog is open.

use leptos::prelude::*;

/// The texts that open over the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialog {
    /// How good the model is.
    Evidence,
    /// Which network answers.
    Networks,
    /// How to check that nothing is sent.
    Privacy,
    /// The keys.
    Keys,
}

/// The open dialog; at most one is.
#[derive(Clone, Copy)]
pub struct Dialogs(RwSignal<Option<Dialog>>);

impl Dialogs {
    pub(super) fn new() -> Self {
        Self(RwSignal::new(None))
    }

    /// Opens a dialog in place of any other.
    pub fn open(self, dialog: Dialog) {
        self.0.set(Some(dialog));
    }

    /// Closes whichever is open.
    pub fn close(self) {
        self.0.set(None);
    }

    /// Records that the browser has closed a dialog.
    pub fn closed(self, dialog: Dialog) {
        self.0.update(|open| *open = open.filter(|open| *open != dialog));
    }

    /// Whether a dialog is the open one.
    pub fn is_open(self, dialog: Dialog) -> bool {
        self.0.get() == Some(dialog)
    }

    /// Whether none is open now.
    pub fn are_closed(self) -> bool {
        self.0.get_untracked().is_none()
    }
}
