//! The functions of `browser.js`.
#![allow(unsafe_code, reason = "wasm-bindgen writes the calls to JavaScript as foreign functions")]

use wasm_bindgen::prelude::*;
use web_sys::{DataTransfer, Worker};

#[wasm_bindgen(module = "/src/browser.js")]
extern "C" {
    /// Reads a file of this site into a `Uint8Array`, calling `progress(received)` as it comes.
    #[wasm_bindgen(catch)]
    pub async fn download(url: &str, progress: &js_sys::Function) -> Result<JsValue, JsValue>;

    /// Reads what workers are started from, a folder of this site: compiled WebAssembly and the JavaScript around it.
    #[wasm_bindgen(catch, js_name = readProgram)]
    pub async fn read_program(folder: &str) -> Result<JsValue, JsValue>;

    /// The weights file of this SHA-256 as a `Uint8Array` if the browser has kept it, else undefined.
    pub async fn kept(sha256: &str) -> JsValue;

    /// Keeps a weights file under its SHA-256, and lets go of those that are not in `current`.
    pub async fn keep(sha256: &str, bytes: &js_sys::Uint8Array, current: Vec<String>);

    /// The SHA-256 of every weights file kept, as an array of texts.
    #[wasm_bindgen(js_name = keptNames)]
    pub async fn kept_names() -> JsValue;

    /// Answers a page that was opened from here with what `given` returns, an array; and, where this page was opened
    /// so, calls `receive` with what the page it came from returns.
    #[wasm_bindgen(js_name = handOver)]
    pub fn hand_over(given: &JsValue, receive: &JsValue);

    /// Stops the download that is under way and those to come.
    #[wasm_bindgen(js_name = stopDownloads)]
    pub fn stop_downloads();

    /// Lets downloads begin again.
    #[wasm_bindgen(js_name = allowDownloads)]
    pub fn allow_downloads();

    /// Why WebGPU can't be used here; an empty text where it can.
    #[wasm_bindgen(js_name = webgpuObstacle)]
    pub async fn webgpu_obstacle(forced: bool) -> JsValue;

    /// Forbids the document, and workers started later, any connection.
    #[wasm_bindgen(js_name = closeNetwork)]
    pub fn close_network();

    /// Starts a worker by its first lines and what [`read_program`] gave.
    #[wasm_bindgen(catch, js_name = startWorker)]
    pub fn start_worker(
        bootstrap: &str,
        program: &JsValue,
        on_message: &JsValue,
        on_error: &JsValue,
    ) -> Result<Worker, JsValue>;

    /// Every file of a drop, those in folders included, as an array.
    #[wasm_bindgen(catch, js_name = droppedFiles)]
    pub async fn dropped_files(transfer: &DataTransfer) -> Result<JsValue, JsValue>;
}

/// What a thrown value says.
pub fn message_of(thrown: &JsValue) -> String {
    match thrown.dyn_ref::<js_sys::Error>() {
        Some(error) => String::from(error.message()),
        None => thrown.as_string().unwrap_or_else(|| "the browser gave no reason".to_owned()),
    }
}
