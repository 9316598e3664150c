//! The workers: starting them, giving each one file at a time, and going on when one of them stops.
//!
//! The queue stays on the page, so that cancelling, removing and changing the engine need no message, and a file's
//! bytes are read only when its turn has come. A worker that is silent for too long or stops is replaced; the file
//! it had is listed with the reason.

use std::collections::HashSet;
use std::time::Duration;

use js_sys::{Array, Uint8Array};
use leptos::prelude::*;
use protocol::{Engine, Request, encode};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{File, Worker};

use crate::browser::{message_of, start_worker};
use crate::engine_selection::Phase;
use crate::page_state::Page;
use crate::replies;
use crate::state::{Failure, Status};
use crate::wording;
use crate::worker_pool::{State, Task, WorkerId, WorkerPool, helpers};

/// A worker that has not answered for so long is taken for wedged.
const PATIENCE: Duration = Duration::from_mins(4);
/// So often a worker is replaced without being asked.
const RESTARTS: u32 = 3;

/// The workers and what they are made of.
#[derive(Default)]
pub struct Control {
    /// The text of the catalogue.
    pub catalogue: String,
    /// The model's id.
    pub model: String,
    /// The weights file.
    pub weights: Option<Uint8Array>,
    /// What workers are started from, processor first.
    pub programs: [Option<JsValue>; 2],
    workers: Vec<(WorkerId, Worker)>,
    pool: WorkerPool,
    restarts: u32,
    /// Rows that a worker had when it stopped.
    suspects: HashSet<u32>,
}

impl Control {
    /// What a worker has been asked for.
    pub fn task(&self, worker: WorkerId) -> Option<Task> {
        self.pool.task(worker)
    }
}

fn slot(engine: Engine) -> usize {
    match engine {
        Engine::Cpu => 0,
        Engine::WebGpu => 1,
    }
}

/// Keeps the model that the workers are to load.
pub fn keep_model(page: Page, id: String, weights: Uint8Array) {
    page.control.update_value(|control| {
        control.model = id;
        control.weights = Some(weights);
    });
}

/// Keeps the compiled program of an engine.
pub fn keep_program(page: Page, engine: Engine, program: JsValue) {
    page.control.update_value(|control| control.programs[slot(engine)] = Some(program));
}

/// Starts an engine's workers from the program kept.
pub fn start(page: Page, engine: Engine) {
    if page.control.with_value(|control| control.programs[slot(engine)].is_none()) {
        return;
    }
    set_phase(page, engine, Phase::Starting);
    start_at(page, WorkerId::first(engine));
    if engine == Engine::Cpu {
        let cores = window().navigator().hardware_concurrency() as usize;
        (1..=helpers(cores)).for_each(|number| start_at(page, WorkerId { engine, number }));
    }
}

fn start_at(page: Page, worker: WorkerId) {
    let Some(program) = page.control.with_value(|control| control.programs[slot(worker.engine)].clone()) else {
        return;
    };
    stop_at(page, worker);
    let Some(serial) = page.control.try_update_value(|control| control.pool.enter(worker)) else { return };
    let runs = move || page.control.with_value(|control| control.pool.runs(worker, serial));
    let on_message = Closure::<dyn FnMut(String, JsValue)>::new(move |text: String, bytes: JsValue| {
        if runs() {
            replies::receive(page, worker, &text, &bytes);
        }
    });
    let on_error = Closure::<dyn FnMut(String)>::new(move |message: String| {
        if runs() {
            fail(page, worker, &message);
        }
    });
    let started =
        start_worker(include_str!("bootstrap.js"), &program, &on_message.into_js_value(), &on_error.into_js_value());
    match started {
        Ok(running) => page.control.update_value(|control| control.workers.push((worker, running))),
        Err(thrown) => fail(page, worker, &message_of(&thrown)),
    }
}

/// Ends an engine's workers, and gives the rows that they had.
pub fn stop(page: Page, engine: Engine) -> Vec<Task> {
    let workers = page.control.with_value(|control| control.pool.workers(engine));
    workers.into_iter().filter_map(|worker| stop_at(page, worker)).collect()
}

fn stop_at(page: Page, worker: WorkerId) -> Option<Task> {
    let stopped = page.control.try_update_value(|control| {
        let leaving = |(other, _): &mut (WorkerId, Worker)| *other == worker;
        control.workers.extract_if(.., leaving).for_each(|(_, stopped)| stopped.terminate());
        control.pool.leave(worker)
    });
    stopped.flatten()
}

/// A worker's program runs: the first of an engine gets the model at once, those that help when a long list waits.
pub fn started(page: Page, worker: WorkerId) {
    set_state(page, worker, State::Started);
    if worker.is_secondary() {
        pump(page);
    } else {
        load_model(page, worker);
    }
}

/// Records where a worker stands.
pub fn set_state(page: Page, worker: WorkerId, state: State) {
    page.control.update_value(|control| control.pool.set_state(worker, state));
}

/// Gives a worker the model.
fn load_model(page: Page, worker: WorkerId) {
    let (catalogue, model, weights) =
        page.control.with_value(|control| (control.catalogue.clone(), control.model.clone(), control.weights.clone()));
    // A copy is posted, since what is posted leaves the page and another worker may need it.
    let weights = weights.map(|weights| weights.slice(0, weights.length()));
    if let Some(weights) = weights {
        set_state(page, worker, State::Loading);
        post(page, worker, &Request::Load { catalogue, model }, &weights.buffer());
    }
}

fn post(page: Page, worker: WorkerId, request: &Request, bytes: &JsValue) {
    let text = match encode(request) {
        Ok(text) => text,
        Err(error) => return fail(page, worker, &error.to_string()),
    };
    let message = Array::of2(&JsValue::from(text), bytes);
    let posted = page.control.with_value(|control| {
        let (_, worker) = control.workers.iter().find(|(other, _)| *other == worker)?;
        worker.post_message_with_transfer(&message, &Array::of1(bytes)).err()
    });
    if let Some(thrown) = posted {
        fail(page, worker, &message_of(&thrown));
    }
}

/// Gives every worker of the answering engine that has none a file, and calls for help where many wait.
pub fn pump(page: Page) {
    let Some(engine) = page.engines.with_untracked(crate::engine_selection::Engines::answering) else { return };
    while let Some(worker) = page.control.with_value(|control| control.pool.free(engine)) {
        let Some((id, show)) = next(page) else { return };
        let Some(file) = page.files.with_value(|files| files.get(&id).cloned()) else { return };
        give(page, worker, id, show, file);
    }
    if page.engines.with_untracked(crate::engine_selection::Engines::is_processor_alone) {
        let waiting = page.session.with_untracked(crate::state::Session::waiting);
        let called = page.control.with_value(|control| control.pool.called(waiting));
        for worker in called {
            load_model(page, worker);
        }
    }
}

fn give(page: Page, worker: WorkerId, id: u32, show: bool, file: File) {
    let Some(serial) = page.control.try_update_value(|control| control.pool.give(worker, id, show)) else { return };
    if !show {
        page.session.update(|session| session.set_status(id, Status::Working));
    }
    set_timeout(
        move || {
            if page.control.with_value(|control| control.pool.has(worker, serial)) {
                fail(page, worker, &format!("no answer for {} seconds", PATIENCE.as_secs()));
            }
        },
        PATIENCE,
    );
    spawn_local(send(page, worker, id, show, file));
}

/// The row to work on: first the one on the screen, if it is decoded no more, then the queue.
fn next(page: Page) -> Option<(u32, bool)> {
    let missing =
        page.shown.with_untracked(Option::is_none) && !page.control.with_value(|control| control.pool.shows());
    page.session.with_untracked(|session| {
        let unseen =
            |item: &&crate::state::Item| missing && matches!(item.status, Status::Answered(_)) && item.unseen.is_none();
        let show = session.selected().filter(unseen).map(|item| (item.id, true));
        show.or_else(|| session.next_waiting().map(|id| (id, false)))
    })
}

async fn send(page: Page, worker: WorkerId, id: u32, show: bool, file: File) {
    match read(page, worker.engine, &file).await {
        Ok(bytes) => {
            let request = if show { Request::Show { id } } else { Request::Classify { id } };
            post(page, worker, &request, &bytes);
        }
        Err(failure) => replies::finish(page, worker, id, Status::Failed(failure)),
    }
}

async fn read(page: Page, engine: Engine, file: &File) -> Result<JsValue, Failure> {
    let limit = page.engines.with_untracked(|engines| engines.ready(engine).map(|ready| ready.max_file_bytes));
    if let Some(limit) = limit.filter(|limit| file.size() > *limit) {
        return Err(Failure {
            message: format!(
                "the file has {}; the limit is {}",
                wording::megabytes(file.size()),
                wording::megabytes(limit)
            ),
            hint: "export the slice alone, at its acquired size".into(),
            engine_fault: false,
        });
    }
    JsFuture::from(file.array_buffer()).await.map_err(|thrown| Failure {
        message: format!("the browser could not read the file: {}", message_of(&thrown)),
        hint: "it may have been moved or changed since; drop it again".into(),
        engine_fault: false,
    })
}

/// Ends a worker's task for this row and says what it was; none if it was no longer wanted.
pub fn finish(page: Page, worker: WorkerId, id: u32) -> Option<Task> {
    page.control.try_update_value(|control| control.pool.finish(worker, id)).flatten()
}

/// A worker has stopped. One that helps is replaced; with an engine's first all of the engine's are, since they answer for
/// it. What they had goes to another worker or is listed with the reason.
pub fn fail(page: Page, worker: WorkerId, message: &str) {
    if worker.is_secondary() {
        return fail_helper(page, worker, message);
    }
    let engine = worker.engine;
    let was_ready = page.engines.with_untracked(|engines| engines.ready(engine).is_some());
    let own = stop_at(page, worker);
    let of_helpers = stop(page, engine);
    set_phase(page, engine, Phase::Failed(message.to_owned()));
    let other = page.engines.with_untracked(crate::engine_selection::Engines::answering);
    page.session.update(|session| {
        for task in of_helpers.into_iter().filter(|task| !task.show) {
            session.set_status(task.id, Status::Waiting);
        }
        if let Some(task) = own.filter(|task| !task.show) {
            let status = if other.is_some() { Status::Waiting } else { stopped(engine, message) };
            session.set_status(task.id, status);
        }
    });
    page.spoken.set(format!("The {} engine stopped: {message}", wording::engine_name(engine)));
    if was_ready && other.is_none() && may_replace(page) {
        start(page, engine);
    }
    page.look();
}

/// Its file is tried once more: one that has stopped two workers would stop them all.
fn fail_helper(page: Page, worker: WorkerId, message: &str) {
    if let Some(task) = stop_at(page, worker).filter(|task| !task.show) {
        let first = page.control.try_update_value(|control| control.suspects.insert(task.id)).unwrap_or(false);
        let status = if first { Status::Waiting } else { stopped(worker.engine, message) };
        page.session.update(|session| session.set_status(task.id, status));
    }
    if may_replace(page) {
        start_at(page, worker);
    }
    page.look();
}

fn stopped(engine: Engine, message: &str) -> Status {
    Status::Failed(Failure {
        message: format!("the {} engine stopped while it had this file: {message}", wording::engine_name(engine)),
        hint: "try again; other files are not affected".into(),
        engine_fault: true,
    })
}

/// Whether a worker may be replaced once more without being asked.
fn may_replace(page: Page) -> bool {
    let counted = page.control.try_update_value(|control| {
        let may = control.restarts < RESTARTS;
        control.restarts += u32::from(may);
        may
    });
    counted.unwrap_or(false)
}

/// WebGPU does not take over: it is ended, and its file and, if they can't be relied on, its answers go to the CPU.
pub fn dismiss(page: Page, dismissal: &crate::engine_selection::Dismissal) {
    let tasks = stop(page, Engine::WebGpu);
    set_phase(page, Engine::WebGpu, Phase::Absent(dismissal.reason.clone()));
    page.session.update(|session| {
        for task in tasks.into_iter().filter(|task| !task.show) {
            session.set_status(task.id, Status::Waiting);
        }
        if dismissal.wrong {
            session.distrust(Engine::WebGpu);
        }
    });
    if dismissal.wrong {
        page.spoken.set("WebGPU computes otherwise than the CPU; what it answered is asked again".into());
    }
}

/// Replaces every worker by one that loads the model kept now; what the old ones had waits for the new.
pub fn replace(page: Page) {
    forgive(page);
    for engine in [Engine::Cpu, Engine::WebGpu] {
        if page.engines.with_untracked(|engines| !matches!(engines.phase(engine), Phase::Absent(_) | Phase::Awaited)) {
            stop(page, engine);
            start(page, engine);
        }
    }
}

/// Starts every engine that has stopped, at the reader's wish.
pub fn restart(page: Page) {
    forgive(page);
    for engine in [Engine::Cpu, Engine::WebGpu] {
        if page.engines.with_untracked(|engines| matches!(engines.phase(engine), Phase::Failed(_))) {
            start(page, engine);
        }
    }
}

/// What stopped before counts no more.
fn forgive(page: Page) {
    page.control.update_value(|control| {
        control.restarts = 0;
        control.suspects.clear();
    });
}

/// Records where an engine stands.
pub fn set_phase(page: Page, engine: Engine, phase: Phase) {
    page.engines.update(|engines| *engines.phase_mut(engine) = phase);
}
