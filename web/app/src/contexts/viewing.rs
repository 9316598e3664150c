//! The slice on the screen.

use leptos::prelude::*;

use crate::slice_cache::Decoded;

/// What is looked at.
#[derive(Clone, Copy)]
pub struct Viewing {
    /// The slice on the screen.
    pub shown: RwSignal<Option<Decoded>, LocalStorage>,
    /// Whether the slice fills the page.
    pub enlarged: RwSignal<bool>,
    /// Whether the map lies over the slice, where there is one.
    pub map: RwSignal<bool>,
}

impl Viewing {
    pub(super) fn new() -> Self {
        Self { shown: RwSignal::new_local(None), enlarged: RwSignal::new(false), map: RwSignal::new(true) }
    }
}
