//! The workers as the browser has them: starting them, and posting to them. Who does what is decided in
//! [`reducer`](crate::reducer).

use js_sys::{Array, Uint8Array};
use protocol::{Engine, Request, encode};
use wasm_bindgen::prelude::*;
use web_sys::Worker;

use crate::browser::{message_of, start_worker};
use crate::worker_pool::WorkerId;

/// What workers are made of, and those that run.
#[derive(Default)]
pub struct Workers {
    catalogue: String,
    model: String,
    weights: Option<Uint8Array>,
    programs: [Option<JsValue>; 2],
    running: Vec<Running>,
}

/// A worker that runs.
struct Running {
    worker: WorkerId,
    serial: u32,
    handle: Worker,
}

/// Whom a message could not be posted to, and why.
pub struct PostError {
    /// The worker's number.
    pub serial: u32,
    /// What the browser said.
    pub reason: String,
}

impl Workers {
    /// Keeps the text of the catalogue.
    pub fn keep_catalogue(&mut self, text: String) {
        self.catalogue = text;
    }

    /// Keeps the model that the workers are to load.
    pub fn keep_model(&mut self, id: String, weights: Uint8Array) {
        self.model = id;
        self.weights = Some(weights);
    }

    /// Keeps the compiled program of an engine.
    pub fn keep_program(&mut self, engine: Engine, program: JsValue) {
        self.programs[slot(engine)] = Some(program);
    }

    /// Starts a worker, which calls `on_message` with a text and bytes, and `on_error` with what went wrong.
    pub fn start(
        &mut self,
        worker: WorkerId,
        serial: u32,
        on_message: Closure<dyn FnMut(String, JsValue)>,
        on_error: Closure<dyn FnMut(String)>,
    ) -> Result<(), String> {
        let program = self.programs[slot(worker.engine)].as_ref().ok_or("its program is not here")?;
        let (on_message, on_error) = (on_message.into_js_value(), on_error.into_js_value());
        let handle = start_worker(include_str!("bootstrap.js"), program, &on_message, &on_error)
            .map_err(|thrown| message_of(&thrown))?;
        self.running.push(Running { worker, serial, handle });
        Ok(())
    }

    /// Ends the worker in a place.
    pub fn end(&mut self, worker: WorkerId) {
        self.running.extract_if(.., |other| other.worker == worker).for_each(|ended| ended.handle.terminate());
    }

    /// Gives a worker the model.
    pub fn load(&self, worker: WorkerId) -> Result<(), PostError> {
        // Workers are started only when the model is here.
        let Some(weights) = &self.weights else { return Ok(()) };
        let request = Request::Load { catalogue: self.catalogue.clone(), model: self.model.clone() };
        // A copy is posted, since what is posted leaves the page and another worker may need it.
        self.post(worker, &request, &weights.slice(0, weights.length()).buffer())
    }

    /// Posts a request with the bytes beside it, which leave the page.
    pub fn post(&self, worker: WorkerId, request: &Request, bytes: &JsValue) -> Result<(), PostError> {
        // One that was ended in the meantime is owed nothing.
        let Some(Running { serial, handle, .. }) = self.running.iter().find(|other| other.worker == worker) else {
            return Ok(());
        };
        let posted = encode(request).map_err(|error| error.to_string()).and_then(|text| {
            let message = Array::of2(&JsValue::from(text), bytes);
            handle.post_message_with_transfer(&message, &Array::of1(bytes)).map_err(|thrown| message_of(&thrown))
        });
        posted.map_err(|reason| PostError { serial: *serial, reason })
    }
}

fn slot(engine: Engine) -> usize {
    match engine {
        Engine::Cpu => 0,
        Engine::WebGpu => 1,
    }
}
