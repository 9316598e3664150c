//! What the workers say, and what it changes on the page.

use std::rc::Rc;
use std::sync::Arc;

use js_sys::Uint8Array;
use leptos::prelude::*;
use protocol::{Engine, Picture, Reply, decode};
use wasm_bindgen::JsValue;

use crate::engine_selection::{Phase, Ready};
use crate::page_state::Page;
use crate::picture;
use crate::slice_cache::Decoded;
use crate::state::{Answer, Failure, Item, Status, Thumbnail};
use crate::wording;
use crate::worker_control::{self, set_phase};
use crate::worker_pool::{State, WorkerId};

/// Takes one message of a worker.
pub fn receive(page: Page, worker: WorkerId, text: &str, bytes: &JsValue) {
    match decode::<Reply>(text) {
        Ok(reply) => apply(page, worker, reply, bytes),
        Err(error) => worker_control::fail(page, worker, &error.to_string()),
    }
}

fn apply(page: Page, worker: WorkerId, reply: Reply, bytes: &JsValue) {
    match reply {
        Reply::Started { .. } => worker_control::started(page, worker),
        // An engine stands where its first worker stands.
        Reply::Loading { .. } if worker.is_secondary() => {}
        Reply::Loading { step } => set_phase(page, worker.engine, Phase::Loading(step)),
        Reply::Ready { name, model, probe, max_file_bytes, .. } => {
            worker_control::set_state(page, worker, State::Ready);
            if worker.is_secondary() {
                worker_control::pump(page);
            } else {
                become_ready(page, worker.engine, Ready { name, model, probe, max_file_bytes });
            }
        }
        Reply::Slice { id, picture } => keep_picture(page, worker, id, picture, &Uint8Array::new(bytes)),
        Reply::Prediction { id, verdict, nearest, evidence, probabilities, engine, milliseconds } => {
            let model = page.engines.with_untracked(|engines| engines.ready(engine).map(|ready| ready.model.clone()));
            // Only a worker that is ready is asked.
            let Some(model) = model.map(Arc::new) else { return };
            let answer = Answer { verdict, nearest, evidence, probabilities, model, engine, milliseconds };
            finish(page, worker, id, Status::Answered(answer));
        }
        Reply::Failed { id, message, hint } => {
            finish(page, worker, id, Status::Failed(Failure { message, hint, engine_fault: false }));
        }
        Reply::EngineFailed { message } => worker_control::fail(page, worker, &message),
    }
}

fn become_ready(page: Page, engine: Engine, ready: Ready) {
    let first = page.engines.with_untracked(|engines| engines.answering().is_none());
    set_phase(page, engine, Phase::Ready(ready));
    if let Some(dismissal) = page.engines.with_untracked(crate::engine_selection::Engines::settle) {
        worker_control::dismiss(page, &dismissal);
    }
    if first {
        page.spoken.set("Ready".into());
    }
    page.look();
}

fn keep_picture(page: Page, worker: WorkerId, id: u32, picture: Picture, bytes: &Uint8Array) {
    let grey = bytes.to_vec();
    let small = picture::thumbnail(&grey, picture.width, picture.height);
    page.session.update(|session| session.set_picture(id, picture.clone(), Thumbnail(Arc::new(small))));
    let decoded = Decoded { id, picture, grey: Rc::new(grey) };
    page.slice_cache.update_value(|slice_cache| slice_cache.insert(decoded.clone()));
    if page.session.with_untracked(|session| session.selected().map(|item| item.id)) == Some(id) {
        page.shown.set(Some(decoded));
    }
    // A request to show ends here; a request to classify goes on.
    if page.control.with_value(|control| control.task(worker)).is_some_and(|task| task.show && task.id == id) {
        worker_control::finish(page, worker, id);
        worker_control::pump(page);
    }
}

/// A row's task has come to an end. An answer stays when its slice can't be looked at any more.
pub fn finish(page: Page, worker: WorkerId, id: u32, status: Status) {
    let Some(task) = worker_control::finish(page, worker, id) else { return };
    let text = page.session.try_update(|session| match (task.show, status) {
        (true, Status::Failed(failure)) => {
            session.set_unseen(id, failure.message.clone());
            Some(wording::sentence(&failure.message))
        }
        (true, _) => None,
        (false, status) => {
            session.set_status(id, status);
            spoken(session, id)
        }
    });
    if let Some(text) = text.flatten() {
        page.spoken.set(text);
    }
    worker_control::pump(page);
}

/// What is said of a row that is done: the verdict of the one on the screen, and the end of the queue.
fn spoken(session: &crate::state::Session, id: u32) -> Option<String> {
    let progress = session.progress();
    let item = session.selected().filter(|item| item.id == id);
    let verdict = item.map(said);
    let end =
        (!progress.is_running() && progress.total > 1).then(|| format!("All {} done", wording::slices(progress.total)));
    match (verdict, end) {
        (Some(verdict), Some(end)) => Some(format!("{verdict}. {end}")),
        (verdict, end) => verdict.or(end),
    }
}

/// What is said of a row.
pub fn said(item: &Item) -> String {
    match &item.status {
        Status::Answered(answer) => wording::verdict(&item.name, answer),
        _ => format!("{}: {}", item.name, item.summary()),
    }
}
