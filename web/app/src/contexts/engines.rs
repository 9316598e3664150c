//! How the engines stand.

use leptos::prelude::*;
use protocol::Engine;

use crate::engine_selection::{Engines, Phase};

/// The engines.
#[derive(Clone, Copy)]
pub struct EngineStatus {
    /// Both of them.
    pub engines: RwSignal<Engines>,
}

impl EngineStatus {
    pub(super) fn new(engines: Engines) -> Self {
        Self { engines: RwSignal::new(engines) }
    }

    /// Whether an engine answers.
    pub fn answers(self) -> bool {
        self.engines.with(|engines| engines.answering().is_some())
    }

    /// Whether the model that answers says where it sees evidence.
    pub fn has_map(self) -> bool {
        self.engines.with(Engines::has_map)
    }

    /// Records where an engine stands.
    pub fn set_phase(self, engine: Engine, phase: Phase) {
        self.engines.update(|engines| engines.set_phase(engine, phase));
    }
}
