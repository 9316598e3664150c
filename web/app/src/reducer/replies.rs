//! What the workers say, and what it changes.

use std::rc::Rc;
use std::sync::Arc;

use protocol::{Engine, Picture, Reply, decode};

use super::{Effect, State};
use crate::answer::Answer;
use crate::engine_selection::{Fault, Phase, Ready};
use crate::item::{Failure, Item, Status, Thumbnail};
use crate::picture;
use crate::slice_cache::Decoded;
use crate::wording;
use crate::worker_pool::{WorkerId, WorkerState};

impl State<'_> {
    /// Takes one message of a worker.
    pub(super) fn receive(&mut self, worker: WorkerId, text: &str, bytes: Vec<u8>) {
        match decode::<Reply>(text) {
            Ok(reply) => self.apply(worker, reply, bytes),
            Err(error) => self.fail(worker, &error.to_string().into()),
        }
    }

    fn apply(&mut self, worker: WorkerId, reply: Reply, bytes: Vec<u8>) {
        match reply {
            Reply::Started { .. } => self.started(worker),
            // An engine stands where its first worker stands.
            Reply::Loading { .. } if worker.is_secondary() => {}
            Reply::Loading { step } => self.engines.set_phase(worker.engine, Phase::Loading(step)),
            Reply::Ready { name, model, probe, max_file_bytes, .. } => {
                self.pool.set_state(worker, WorkerState::Ready);
                if worker.is_secondary() {
                    self.pump();
                } else {
                    self.become_ready(worker.engine, Ready { name, model, probe, max_file_bytes });
                }
            }
            Reply::Slice { id, picture } => self.keep_picture(worker, id, picture, bytes),
            Reply::Prediction { id, verdict, top_class, evidence, probabilities, map, engine, milliseconds } => {
                // Only a worker that is ready is asked.
                let Some(model) = self.engines.ready(engine).map(|ready| Arc::new(ready.model.clone())) else { return };
                let map = map.map(Arc::new);
                let answer = Answer { verdict, top_class, evidence, probabilities, map, model, engine, milliseconds };
                self.finish(worker, id, Status::Answered(answer));
            }
            Reply::Failed { id, message, hint } => {
                self.fail_row(worker, id, Failure { message, hint, engine_fault: false });
            }
            Reply::EngineFailed { message, hint } => self.fail(worker, &Fault { message, hint }),
        }
    }

    fn become_ready(&mut self, engine: Engine, ready: Ready) {
        let first = self.engines.answering().is_none();
        self.engines.set_phase(engine, Phase::Ready(ready));
        if let Some(dismissal) = self.engines.settle() {
            self.dismiss(dismissal);
        }
        if first {
            self.announce("Ready");
        }
        self.look();
    }

    fn keep_picture(&mut self, worker: WorkerId, id: u32, picture: Picture, grey: Vec<u8>) {
        let small = picture::thumbnail(&grey, picture.width, picture.height);
        self.session.set_picture(id, picture.clone(), Thumbnail(Arc::new(small)));
        let decoded = Decoded { id, picture, grey: Rc::new(grey) };
        self.slices.insert(decoded.clone());
        if self.selected() == Some(id) {
            self.show(Some(decoded));
        }
        // A request to show ends here; a request to classify goes on.
        if self.pool.task(worker).is_some_and(|task| task.show && task.id == id) {
            self.pool.finish(worker, id);
            self.pump();
        }
    }

    /// A row's task has failed for its file.
    pub(super) fn fail_row(&mut self, worker: WorkerId, id: u32, failure: Failure) {
        self.finish(worker, id, Status::Failed(failure));
    }

    /// A row's task has come to an end. An answer stays when its slice can't be looked at any more.
    fn finish(&mut self, worker: WorkerId, id: u32, status: Status) {
        let Some(task) = self.pool.finish(worker, id) else { return };
        let text = match (task.show, status) {
            (true, Status::Failed(failure)) => {
                let text = wording::sentence(&failure.message);
                self.session.set_unseen(id, failure.message);
                Some(text)
            }
            (true, _) => None,
            (false, status) => {
                self.session.set_status(id, status);
                self.said_of(id)
            }
        };
        self.effects.extend(text.map(Effect::Announce));
        self.pump();
    }

    /// What is said of a row that is done: the verdict of the one on the screen, and the end of the queue.
    fn said_of(&self, id: u32) -> Option<String> {
        let progress = self.session.progress();
        let verdict = self.session.selected().filter(|item| item.id == id).map(Item::spoken);
        let end = (!progress.is_running() && progress.total > 1)
            .then(|| format!("All {} done", wording::slices(progress.total)));
        match (verdict, end) {
            (Some(verdict), Some(end)) => Some(format!("{verdict}. {end}")),
            (verdict, end) => verdict.or(end),
        }
    }
}
