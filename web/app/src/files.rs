//! The ways in for files: dropping, pasting, choosing files or a folder.

use leptos::html::Input;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{ClipboardEvent, DragEvent, File, FileList};

use crate::browser::{dropped_files, message_of};
use crate::model::Page;

/// Listens to drops and pastes anywhere on the page. `hovering` is true while files are held over it.
pub fn listen(page: Page, hovering: RwSignal<bool>) {
    window_event_listener(leptos::ev::dragover, move |event: DragEvent| {
        event.prevent_default();
        hovering.set(true);
    });
    window_event_listener(leptos::ev::dragleave, move |event: DragEvent| {
        // Leaving a child for another part of the page has a related target; leaving the page has none.
        if event.related_target().is_none() {
            hovering.set(false);
        }
    });
    window_event_listener(leptos::ev::drop, move |event: DragEvent| {
        event.prevent_default();
        hovering.set(false);
        if let Some(transfer) = event.data_transfer() {
            spawn_local(async move { add_dropped(page, &transfer).await });
        }
    });
    window_event_listener(leptos::ev::paste, move |event: ClipboardEvent| {
        if let Some(files) = event.clipboard_data().and_then(|data| data.files()) {
            add_list(page, &files);
        }
    });
}

async fn add_dropped(page: Page, transfer: &web_sys::DataTransfer) {
    match dropped_files(transfer).await {
        Ok(files) => {
            let files = js_sys::Array::from(&files);
            page.add(files.iter().filter_map(|file| Some((file.dyn_into::<File>().ok()?, None))).collect());
        }
        Err(thrown) => page.spoken.set(format!("The dropped files could not be read: {}", message_of(&thrown))),
    }
}

fn add_list(page: Page, files: &FileList) {
    page.add((0..files.length()).filter_map(|index| Some((files.item(index)?, None))).collect());
}

/// A button that opens the browser's file chooser.
#[component]
pub fn Choose(
    /// The page.
    page: Page,
    /// The button's text.
    text: &'static str,
    /// Whether a folder is chosen, with all that is in it.
    folder: bool,
) -> impl IntoView {
    let input = NodeRef::<Input>::new();
    let open = move |_| {
        if let Some(input) = input.get() {
            input.click();
        }
    };
    let chosen = move |_| {
        if let Some(input) = input.get() {
            if let Some(files) = input.files() {
                add_list(page, &files);
            }
            // The same file can be chosen again.
            input.set_value("");
        }
    };
    view! {
        <button type="button" on:click=open>{text}</button>
        <input type="file" hidden multiple prop:webkitdirectory=folder node_ref=input on:change=chosen />
    }
}
