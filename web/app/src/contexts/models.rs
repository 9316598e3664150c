//! The models, and the way of one to the page.

use leptos::prelude::*;

use crate::catalogue::{Catalogue, Model};

/// What the page is waiting for before any engine can answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Download {
    /// The model is being read.
    Running {
        /// Bytes so far.
        received: f64,
        /// Bytes in all, 0 while not known.
        total: f64,
    },
    /// All is here.
    Done,
    /// It failed, or the reader stopped it.
    Failed(String),
}

/// Which models there are, and which one answers.
#[derive(Clone, Copy)]
pub struct Models {
    /// The models there are.
    pub catalogue: RwSignal<Catalogue>,
    /// The model that answers or is on its way.
    pub chosen: RwSignal<Option<Model>>,
    /// Its way to the page.
    pub download: RwSignal<Download>,
    /// The weights files that the browser has kept, by their SHA-256.
    pub kept: RwSignal<Vec<String>>,
}

impl Models {
    pub(super) fn new() -> Self {
        Self {
            catalogue: RwSignal::new(Catalogue::default()),
            chosen: RwSignal::new(None),
            download: RwSignal::new(Download::Running { received: 0.0, total: 0.0 }),
            kept: RwSignal::new(Vec::new()),
        }
    }

    /// Whether there is more than one.
    pub fn are_several(self) -> bool {
        self.catalogue.with(|catalogue| catalogue.models.len() > 1)
    }

    /// Whether a model is the chosen one.
    pub fn is_chosen(self, model: &Model) -> bool {
        self.chosen.with(|chosen| chosen.as_ref().is_some_and(|chosen| chosen.id == model.id))
    }
}
