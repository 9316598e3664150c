//! What happens on the page, and what follows from it: plain functions of the page's state, without a browser.
//!
//! [`reduce`] takes one [`Event`], changes the [`State`] and gives back [`Effect`]s, which
//! [`Dispatcher`](crate::dispatcher::Dispatcher) carries out. `replies.rs` has what the workers say, `queue.rs` who works
//! on what, `engines.rs` how workers start and stop.

mod engines;
mod queue;
mod replies;
#[cfg(test)]
#[path = "reducer/tests.rs"]
mod tests;

use std::time::Duration;

use protocol::Engine;

use crate::engine_selection::Engines;
use crate::item::Failure;
use crate::session::Session;
use crate::slice_cache::{Decoded, SliceCache};
use crate::worker_pool::{Task, WorkerId, WorkerPool};

/// A worker that has not answered for so long is taken for wedged.
pub const PATIENCE: Duration = Duration::from_mins(4);

/// What events change, borrowed from where the page keeps it.
#[derive(Debug)]
pub struct State<'a> {
    /// The slices.
    pub session: &'a mut Session,
    /// The engines.
    pub engines: &'a mut Engines,
    /// The workers.
    pub pool: &'a mut WorkerPool,
    /// Decoded slices.
    pub slices: &'a mut SliceCache,
    /// The row whose slice is on the screen.
    pub shown: Option<u32>,
    /// Whether the slice fills the page.
    pub enlarged: bool,
    /// What is to be done, in order.
    effects: Vec<Effect>,
}

/// Something that has happened.
#[derive(Debug)]
pub enum Event {
    /// The program of an engine is here.
    ProgramRead(Engine),
    /// A worker has sent a message.
    Message {
        /// Its place.
        worker: WorkerId,
        /// Its number.
        serial: u32,
        /// The message.
        text: String,
        /// What came beside it.
        bytes: Vec<u8>,
    },
    /// A worker has stopped, or can't be spoken to.
    Stopped {
        /// Its place.
        worker: WorkerId,
        /// Its number.
        serial: u32,
        /// Why.
        reason: String,
    },
    /// [`PATIENCE`] is over for a task.
    Overdue {
        /// Who has it.
        worker: WorkerId,
        /// The task.
        task: Task,
    },
    /// A file could not be given to the worker that was to have it.
    Unsent {
        /// Who was to have it.
        worker: WorkerId,
        /// The task.
        task: Task,
        /// Why.
        failure: Failure,
    },
    /// The reader has changed the list.
    ListChanged {
        /// The row that was selected before.
        before: Option<u32>,
    },
    /// The reader has chosen another model, whose weights are here.
    ModelChosen {
        /// Its id.
        id: String,
        /// Its name.
        title: String,
    },
    /// The reader wants the engines that have stopped to be started.
    RestartWanted,
}

/// Something that is to be done in the browser.
#[derive(Debug)]
pub enum Effect {
    /// Start a worker from its engine's program.
    Start {
        /// Its place.
        worker: WorkerId,
        /// Its number.
        serial: u32,
    },
    /// End the worker in this place.
    End(WorkerId),
    /// Give a worker the model.
    Load(WorkerId),
    /// Give a worker a row's file.
    Ask {
        /// Who gets it.
        worker: WorkerId,
        /// What it is asked for.
        task: Task,
        /// The longest file that it takes.
        max_file_bytes: f64,
    },
    /// Draw this slice, or none.
    Show(Option<Decoded>),
    /// Let the slice fill the page no longer.
    Shrink,
    /// Let a screen reader say this.
    Announce(String),
}

/// Changes the state by what has happened, and gives what is to be done, in order.
pub fn reduce(state: &mut State<'_>, event: Event) -> Vec<Effect> {
    match event {
        Event::ProgramRead(engine) => state.start(engine),
        Event::Message { worker, serial, text, bytes } if state.pool.runs(worker, serial) => {
            state.receive(worker, &text, bytes);
        }
        Event::Stopped { worker, serial, reason } if state.pool.runs(worker, serial) => {
            state.fail(worker, &reason.into());
        }
        // It was said by a worker that has been replaced since.
        Event::Message { .. } | Event::Stopped { .. } => {}
        Event::Overdue { worker, task } => {
            if state.pool.has(worker, task.serial) {
                state.fail(worker, &format!("no answer for {} seconds", PATIENCE.as_secs()).into());
            }
        }
        Event::Unsent { worker, task, failure } => {
            if state.pool.has(worker, task.serial) {
                state.fail_row(worker, task.id, failure);
            }
        }
        Event::ListChanged { before } => state.list_changed(before),
        Event::ModelChosen { id, title } => state.change_model(&id, &title),
        Event::RestartWanted => state.restart(),
    }
    std::mem::take(&mut state.effects)
}

impl<'a> State<'a> {
    /// What the page keeps, together.
    pub fn new(
        session: &'a mut Session,
        engines: &'a mut Engines,
        pool: &'a mut WorkerPool,
        slices: &'a mut SliceCache,
    ) -> Self {
        Self { session, engines, pool, slices, shown: None, enlarged: false, effects: Vec::new() }
    }

    fn announce(&mut self, text: impl Into<String>) {
        self.effects.push(Effect::Announce(text.into()));
    }
}
