//! The worker's global scope: messages in and out, the clock.

use js_sys::{Array, Uint8Array};
use protocol::{ProtocolError, Reply, Request, decode, encode};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}

/// Answers every message by `answer`, which gets the request and the bytes beside it.
pub fn listen<F: Future<Output = ()> + 'static>(answer: fn(Request, Vec<u8>) -> F) {
    let receive = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| match read(&event) {
        Ok((request, bytes)) => spawn_local(answer(request, bytes)),
        Err(error) => post(&Reply::EngineFailed { message: error.to_string(), hint: String::new() }, None),
    });
    scope().set_onmessage(Some(receive.into_js_value().unchecked_ref()));
}

fn read(event: &MessageEvent) -> Result<(Request, Vec<u8>), ProtocolError> {
    let parts: Array = event.data().unchecked_into();
    let request = decode(&parts.get(0).as_string().unwrap_or_default())?;
    Ok((request, Uint8Array::new(&parts.get(1)).to_vec()))
}

/// Sends a reply, with bytes beside it or without.
pub fn post(reply: &Reply, bytes: Option<&[u8]>) {
    let text = match encode(reply) {
        Ok(text) => text,
        Err(error) => wasm_bindgen::throw_str(&error.to_string()),
    };
    let text = JsValue::from(text);
    let posted = match bytes.map(|bytes| JsValue::from(Uint8Array::from(bytes).buffer())) {
        None => scope().post_message(&Array::of1(&text)),
        Some(buffer) => scope().post_message_with_transfer(&Array::of2(&text, &buffer), &Array::of1(&buffer)),
    };
    if let Err(error) = posted {
        // Reaches the page as the worker's error event.
        wasm_bindgen::throw_val(error);
    }
}

/// Tells the page of a panic: what follows it is a worker that answers nothing more.
pub fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let reason = panic.payload_as_str().unwrap_or("for no stated reason");
        let place = panic.location().map(|place| format!(" ({}:{})", place.file(), place.line()));
        let message = format!("the program stopped: {reason}{}", place.unwrap_or_default());
        post(&Reply::EngineFailed { message, hint: String::new() }, None);
    }));
}

/// SHA-256 by the browser, as 64 hexadecimal digits; `None` where it has none, as on a page that came over plain HTTP.
pub async fn sha256(bytes: &[u8]) -> Option<String> {
    let crypto = scope().crypto().ok()?;
    let digest = crypto.subtle().digest_with_str_and_u8_array("SHA-256", bytes).ok()?;
    let digest = Uint8Array::new(&JsFuture::from(digest).await.ok()?).to_vec();
    let digits = digest.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from_digit(digit.into(), 16)).collect()
}

/// Milliseconds since the worker started.
pub fn now() -> f64 {
    scope().performance().map_or(0.0, |performance| performance.now())
}
