//! Gives events to the [`reducer`](crate::reducer) with the page's state, and does what comes out of it.

use std::collections::VecDeque;

use js_sys::Uint8Array;
use leptos::prelude::*;
use protocol::Request;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::File;

use crate::browser::message_of;
use crate::contexts::{Announcer, EngineStatus, Slices, Viewing};
use crate::item::{Failure, Status};
use crate::reducer::{Effect, Event, PATIENCE, State, reduce};
use crate::session::Session;
use crate::slice_cache::SliceCache;
use crate::wording;
use crate::worker_pool::{Task, WorkerId, WorkerPool};
use crate::workers::{PostError, Workers};

/// Bytes of decoded slices kept in memory.
const CACHE_BYTES: usize = 128 << 20;

/// The way of everything that happens to the slices and the engines.
#[derive(Clone, Copy)]
pub struct Dispatcher {
    slices: Slices,
    status: EngineStatus,
    viewing: Viewing,
    announcer: Announcer,
    pool: StoredValue<WorkerPool>,
    cache: StoredValue<SliceCache, LocalStorage>,
    workers: StoredValue<Workers, LocalStorage>,
}

impl Dispatcher {
    /// One for the contexts that were provided, without a worker.
    pub fn new() -> Self {
        let cores = window().navigator().hardware_concurrency() as usize;
        Self {
            slices: expect_context(),
            status: expect_context(),
            viewing: expect_context(),
            announcer: expect_context(),
            pool: StoredValue::new(WorkerPool::new(cores)),
            cache: StoredValue::new_local(SliceCache::new(CACHE_BYTES)),
            workers: StoredValue::new_local(Workers::default()),
        }
    }

    /// Changes what workers are made of.
    pub fn equip(self, change: impl FnOnce(&mut Workers)) {
        self.workers.update_value(change);
    }

    /// Changes the list and shows what is selected then.
    pub fn change<T>(self, change: impl FnOnce(&mut Session) -> T) {
        let before = self.slices.session.with_untracked(|session| session.selected().map(|item| item.id));
        self.slices.session.update(|session| {
            change(session);
        });
        self.dispatch(Event::ListChanged { before });
    }

    /// Adds files to the list and the queue, each with the class that its source gives it.
    pub fn add(self, files: Vec<(File, Option<String>)>) {
        if files.is_empty() {
            return;
        }
        self.announcer.say(format!("{} added", wording::slices(files.len())));
        self.change(|session| {
            for (file, label) in files {
                self.slices.keep_file(session.add(file.name(), label), file);
            }
        });
    }

    /// Adds a row for what could not be read, with the reason.
    pub fn add_unreadable(self, name: String, reason: String) {
        self.change(|session| {
            let id = session.add(name, None);
            session.set_status(id, Status::Failed(Failure::unread(reason)));
        });
    }

    /// Takes an event, and those that follow from what it leads to.
    pub fn dispatch(self, event: Event) {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            for effect in self.reduce(event) {
                events.extend(self.perform(effect));
            }
        }
    }

    fn reduce(self, event: Event) -> Vec<Effect> {
        let (mut session, mut engines) = (self.slices.session.write(), self.status.engines.write());
        let (mut pool, mut cache) = (self.pool.write_value(), self.cache.write_value());
        let mut state = State::new(&mut session, &mut engines, &mut pool, &mut cache);
        state.shown = self.viewing.shown.with_untracked(|shown| shown.as_ref().map(|decoded| decoded.id));
        state.enlarged = self.viewing.enlarged.get_untracked();
        reduce(&mut state, event)
    }

    /// Does one thing; what goes wrong is an event.
    fn perform(self, effect: Effect) -> Option<Event> {
        match effect {
            Effect::Start { worker, serial } => return self.start(worker, serial),
            Effect::End(worker) => self.workers.update_value(|workers| workers.end(worker)),
            Effect::Load(worker) => {
                let loaded = self.workers.with_value(|workers| workers.load(worker));
                return loaded.err().map(|error| unposted(worker, error));
            }
            Effect::Ask { worker, task, max_file_bytes } => {
                set_timeout(move || self.dispatch(Event::Overdue { worker, task }), PATIENCE);
                spawn_local(self.ask(worker, task, max_file_bytes));
            }
            Effect::Show(decoded) => self.viewing.shown.set(decoded),
            Effect::Shrink => self.viewing.enlarged.set(false),
            Effect::Announce(text) => self.announcer.say(text),
        }
        None
    }

    fn start(self, worker: WorkerId, serial: u32) -> Option<Event> {
        let on_message = Closure::new(move |text, bytes: JsValue| {
            let bytes = Uint8Array::new(&bytes).to_vec();
            self.dispatch(Event::Message { worker, serial, text, bytes });
        });
        let on_error = Closure::new(move |reason| self.dispatch(Event::Stopped { worker, serial, reason }));
        let started = self.workers.try_update_value(|workers| workers.start(worker, serial, on_message, on_error))?;
        started.err().map(|reason| Event::Stopped { worker, serial, reason })
    }

    async fn ask(self, worker: WorkerId, task: Task, max_file_bytes: f64) {
        let bytes = match self.read(task.id, max_file_bytes).await {
            Ok(bytes) => bytes,
            Err(failure) => return self.dispatch(Event::Unsent { worker, task, failure }),
        };
        let Task { id, show, serial } = task;
        // Another one may have its place by now.
        if !self.pool.with_value(|pool| pool.has(worker, serial)) {
            return;
        }
        let request = if show { Request::Show { id } } else { Request::Classify { id } };
        if let Err(error) = self.workers.with_value(|workers| workers.post(worker, &request, &bytes)) {
            self.dispatch(unposted(worker, error));
        }
    }

    /// The bytes of a row's file.
    async fn read(self, id: u32, limit: f64) -> Result<JsValue, Failure> {
        let file = self.slices.file(id).ok_or_else(|| Failure::unread("its file is gone"))?;
        if file.size() > limit {
            return Err(Failure::too_large(file.size(), limit));
        }
        JsFuture::from(file.array_buffer())
            .await
            .map_err(|thrown| Failure::unread(format!("the browser could not read the file: {}", message_of(&thrown))))
    }
}

fn unposted(worker: WorkerId, PostError { serial, reason }: PostError) -> Event {
    Event::Stopped { worker, serial, reason }
}
