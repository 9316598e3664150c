//! Who works on what, and what is on the screen.
//!
//! The queue stays on the page, so that cancelling, removing and changing the engine need no message, and a file's
//! bytes are read only when its turn has come.

use super::{Effect, State};
use crate::item::{Item, Status};
use crate::slice_cache::Decoded;
use crate::worker_pool::WorkerId;

impl State<'_> {
    /// Shows the selected row's slice and lets the engines work on.
    pub(super) fn look(&mut self) {
        let selected = self.selected();
        if selected != self.shown || selected.is_none() {
            let decoded = selected.and_then(|id| self.slices.get(id));
            self.show(decoded);
        }
        self.pump();
    }

    /// Shows what is selected now that the list has changed.
    pub(super) fn list_changed(&mut self, before: Option<u32>) {
        let now = self.session.selected();
        match now {
            None if self.enlarged => self.effects.push(Effect::Shrink),
            // The list, which would say it, is hidden.
            Some(item) if Some(item.id) != before && self.enlarged => {
                self.effects.push(Effect::Announce(item.spoken()));
            }
            _ => {}
        }
        self.look();
    }

    pub(super) fn selected(&self) -> Option<u32> {
        self.session.selected().map(|item| item.id)
    }

    pub(super) fn show(&mut self, decoded: Option<Decoded>) {
        self.shown = decoded.as_ref().map(|decoded| decoded.id);
        self.effects.push(Effect::Show(decoded));
    }

    /// Gives every worker of the answering engine that has none a file, and calls for help where many wait.
    pub(super) fn pump(&mut self) {
        let Some(engine) = self.engines.answering() else { return };
        while let Some(worker) = self.pool.free(engine)
            && let Some((id, show)) = self.next()
        {
            self.give(worker, id, show);
        }
        if self.engines.is_processor_alone() {
            for worker in self.pool.called(self.session.waiting()) {
                self.load_model(worker);
            }
        }
    }

    fn give(&mut self, worker: WorkerId, id: u32, show: bool) {
        let max_file_bytes = self.engines.ready(worker.engine).map_or(f64::INFINITY, |ready| ready.max_file_bytes);
        let task = self.pool.give(worker, id, show);
        if !show {
            self.session.set_status(id, Status::Working);
        }
        self.effects.push(Effect::Ask { worker, task, max_file_bytes });
    }

    /// The row to work on, and whether only to show it: first the one on the screen, if it is decoded no more, then the
    /// queue.
    fn next(&self) -> Option<(u32, bool)> {
        let missing = self.shown.is_none() && !self.pool.shows();
        let unseen = |item: &&Item| missing && matches!(item.status, Status::Answered(_)) && item.unseen.is_none();
        let show = self.session.selected().filter(unseen).map(|item| (item.id, true));
        show.or_else(|| self.session.next_waiting().map(|id| (id, false)))
    }
}
