//! The workers: starting them, giving them one file at a time, and going on when one of them stops.
//!
//! The queue stays on the page, so that cancelling, removing and changing the engine need no message, and a file's
//! bytes are read only when its turn has come. A worker that is silent for too long or stops is replaced; the file
//! it had is listed with the reason.

use std::time::Duration;

use js_sys::{Array, Uint8Array};
use leptos::prelude::*;
use protocol::{Engine, Request, encode};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{File, Worker};

use crate::browser::{message_of, start_worker};
use crate::choice::{Phase, parameter};
use crate::model::Page;
use crate::replies;
use crate::state::{Failure, Status};
use crate::wording;

/// A worker that has not answered for so long is taken for wedged.
const PATIENCE: Duration = Duration::from_mins(4);
/// So often a worker is replaced without being asked.
const RESTARTS: u32 = 3;

/// What a worker has been asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Task {
    /// The row.
    pub id: u32,
    /// Who works on it.
    pub engine: Engine,
    /// Whether it is only to be looked at.
    pub show: bool,
    serial: u32,
}

/// A worker and which one it is: what an earlier one of the same engine still has to say no longer counts.
struct Running {
    worker: Worker,
    serial: u32,
}

/// The workers and what they are made of.
#[derive(Default)]
pub struct Control {
    /// The text of the catalogue.
    pub catalogue: String,
    /// The model's id.
    pub model: String,
    /// The weights file.
    pub weights: Option<Uint8Array>,
    /// Compiled programs, processor first.
    pub programs: [Option<JsValue>; 2],
    workers: [Option<Running>; 2],
    task: Option<Task>,
    serial: u32,
    restarts: u32,
}

impl Control {
    fn serial_of(&self, engine: Engine) -> Option<u32> {
        self.workers[slot(engine)].as_ref().map(|running| running.serial)
    }

    /// The row that a worker was asked to show, not to classify.
    pub fn shows(&self) -> Option<u32> {
        self.task.filter(|task| task.show).map(|task| task.id)
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

/// Starts an engine's worker from the program kept.
pub fn start(page: Page, engine: Engine) {
    let Some(program) = page.control.with_value(|control| control.programs[slot(engine)].clone()) else { return };
    set_phase(page, engine, Phase::Starting);
    let serial = next_serial(page);
    let runs = move || page.control.with_value(|control| control.serial_of(engine)) == Some(serial);
    let on_message = Closure::<dyn FnMut(String, JsValue)>::new(move |text: String, bytes: JsValue| {
        if runs() {
            replies::receive(page, engine, &text, &bytes);
        }
    });
    let on_error = Closure::<dyn FnMut(String)>::new(move |message: String| {
        if runs() {
            fail(page, engine, &message);
        }
    });
    let script = format!("worker-{}/worker.js", parameter(engine));
    let started = start_worker(
        include_str!("bootstrap.js"),
        &script,
        &program,
        &on_message.into_js_value(),
        &on_error.into_js_value(),
    );
    match started {
        Ok(worker) => page.control.update_value(|control| {
            control.workers[slot(engine)] = Some(Running { worker, serial });
        }),
        Err(thrown) => fail(page, engine, &message_of(&thrown)),
    }
}

/// A number that no worker and no task had before.
fn next_serial(page: Page) -> u32 {
    page.control
        .try_update_value(|control| {
            control.serial += 1;
            control.serial
        })
        .unwrap_or_default()
}

/// Ends an engine's worker.
pub fn stop(page: Page, engine: Engine) {
    page.control.update_value(|control| {
        if let Some(running) = control.workers[slot(engine)].take() {
            running.worker.terminate();
        }
    });
}

/// Gives a worker the model.
pub fn load_model(page: Page, engine: Engine) {
    let (catalogue, model, weights) =
        page.control.with_value(|control| (control.catalogue.clone(), control.model.clone(), control.weights.clone()));
    // A copy is posted, since what is posted leaves the page and another worker may need it.
    let weights = weights.map(|weights| weights.slice(0, weights.length()));
    if let Some(weights) = weights {
        post(page, engine, &Request::Load { catalogue, model }, &weights.buffer());
    }
}

fn post(page: Page, engine: Engine, request: &Request, bytes: &JsValue) {
    let text = match encode(request) {
        Ok(text) => text,
        Err(error) => return fail(page, engine, &error.to_string()),
    };
    let message = Array::of2(&JsValue::from(text), bytes);
    let posted = page.control.with_value(|control| {
        let running = control.workers[slot(engine)].as_ref()?;
        running.worker.post_message_with_transfer(&message, &Array::of1(bytes)).err()
    });
    if let Some(thrown) = posted {
        fail(page, engine, &message_of(&thrown));
    }
}

/// Gives the answering engine its next file, if it has none.
pub fn pump(page: Page) {
    if page.control.with_value(|control| control.task.is_some()) {
        return;
    }
    let Some(engine) = page.engines.with_untracked(crate::choice::Engines::answering) else { return };
    let Some((id, show)) = next(page) else { return };
    let Some(file) = page.files.with_value(|files| files.get(&id).cloned()) else { return };
    let serial = next_serial(page);
    page.control.update_value(|control| control.task = Some(Task { id, engine, show, serial }));
    if !show {
        page.session.update(|session| session.set_status(id, Status::Working));
    }
    set_timeout(
        move || {
            if page.control.with_value(|control| control.task.map(|task| task.serial)) == Some(serial) {
                fail(page, engine, &format!("no answer for {} seconds", PATIENCE.as_secs()));
            }
        },
        PATIENCE,
    );
    spawn_local(send(page, engine, id, show, file));
}

/// The row to work on: first the one on the screen, if it is decoded no more, then the queue.
fn next(page: Page) -> Option<(u32, bool)> {
    let missing = page.shown.with_untracked(Option::is_none);
    page.session.with_untracked(|session| {
        let unseen = |item: &&crate::state::Item| missing && matches!(item.status, Status::Answered(_));
        let show = session.selected().filter(unseen).map(|item| (item.id, true));
        show.or_else(|| session.next_waiting().map(|id| (id, false)))
    })
}

async fn send(page: Page, engine: Engine, id: u32, show: bool, file: File) {
    match read(page, engine, &file).await {
        Ok(bytes) => {
            let name = file.name();
            let request = if show { Request::Show { id, name } } else { Request::Classify { id, name } };
            post(page, engine, &request, &bytes);
        }
        Err(failure) => {
            if finish(page, id).is_some() {
                page.session.update(|session| session.set_status(id, Status::Failed(failure)));
                pump(page);
            }
        }
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

/// Ends the task of this row and says what it was; none if it was no longer wanted.
pub fn finish(page: Page, id: u32) -> Option<Task> {
    page.control.try_update_value(|control| control.task.take_if(|task| task.id == id)).flatten()
}

/// An engine has stopped: its file goes to the other engine or is listed with the reason, and it is replaced.
pub fn fail(page: Page, engine: Engine, message: &str) {
    stop(page, engine);
    let was_ready = page.engines.with_untracked(|engines| engines.ready(engine).is_some());
    set_phase(page, engine, Phase::Failed(message.to_owned()));
    let other = page.engines.with_untracked(crate::choice::Engines::answering);
    if let Some(task) = take_task_of(page, engine).filter(|task| !task.show) {
        let failure = Failure {
            message: format!("the {} engine stopped while it had this file: {message}", wording::engine_name(engine)),
            hint: "try again; other files are not affected".into(),
            engine_fault: true,
        };
        let status = if other.is_some() { Status::Waiting } else { Status::Failed(failure) };
        page.session.update(|session| session.set_status(task.id, status));
    }
    page.spoken.set(format!("The {} engine stopped: {message}", wording::engine_name(engine)));
    let restarts = page.control.with_value(|control| control.restarts);
    if was_ready && other.is_none() && restarts < RESTARTS {
        page.control.update_value(|control| control.restarts += 1);
        start(page, engine);
    }
    page.look();
}

/// WebGPU does not take over: it is ended, and its file and, if they can't be relied on, its answers go to the CPU.
pub fn dismiss(page: Page, dismissal: &crate::choice::Dismissal) {
    stop(page, Engine::WebGpu);
    set_phase(page, Engine::WebGpu, Phase::Absent(dismissal.reason.clone()));
    let task = take_task_of(page, Engine::WebGpu).filter(|task| !task.show);
    page.session.update(|session| {
        if let Some(task) = task {
            session.set_status(task.id, Status::Waiting);
        }
        if dismissal.wrong {
            session.distrust(Engine::WebGpu);
        }
    });
}

/// Replaces every worker by one that loads the model kept now; what the old ones had waits for the new.
pub fn replace(page: Page) {
    page.control.update_value(|control| control.restarts = 0);
    for engine in [Engine::Cpu, Engine::WebGpu] {
        if page.engines.with_untracked(|engines| !matches!(engines.phase(engine), Phase::Absent(_) | Phase::Awaited)) {
            stop(page, engine);
            take_task_of(page, engine);
            start(page, engine);
        }
    }
}

/// Starts every engine that has stopped, at the reader's wish.
pub fn restart(page: Page) {
    page.control.update_value(|control| control.restarts = 0);
    for engine in [Engine::Cpu, Engine::WebGpu] {
        if page.engines.with_untracked(|engines| matches!(engines.phase(engine), Phase::Failed(_))) {
            start(page, engine);
        }
    }
}

/// Records where an engine stands.
pub fn set_phase(page: Page, engine: Engine, phase: Phase) {
    page.engines.update(|engines| *engines.phase_mut(engine) = phase);
}

fn take_task_of(page: Page, engine: Engine) -> Option<Task> {
    page.control.try_update_value(|control| control.task.take_if(|task| task.engine == engine)).flatten()
}
