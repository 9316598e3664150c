//! The ways in for files: dropping, pasting, choosing files or a folder.

use js_sys::Array;
use leptos::html::Input;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{ClipboardEvent, DragEvent, File, FileList};

use crate::browser::{self, dropped_files, message_of};
use crate::contexts::{Announcer, Slices};
use crate::dispatcher::Dispatcher;
use crate::item::Item;

/// Listens to drops and pastes anywhere on the page. `hovering` is true while files are held over it.
pub fn listen(hovering: RwSignal<bool>) {
    let (dispatcher, announcer): (Dispatcher, Announcer) = (expect_context(), expect_context());
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
            spawn_local(async move { add_dropped(dispatcher, announcer, &transfer).await });
        }
    });
    window_event_listener(leptos::ev::paste, move |event: ClipboardEvent| {
        if let Some(files) = event.clipboard_data().and_then(|data| data.files()) {
            add_list(dispatcher, &files);
        }
    });
}

/// Gives the list to a page that was opened from here with another model, and takes that of the page this one was
/// opened from.
pub fn hand_over() {
    let (slices, dispatcher): (Slices, Dispatcher) = (expect_context(), expect_context());
    let given = Closure::<dyn Fn() -> Array>::new(move || {
        let list = slices.session.with_untracked(|session| {
            let row = |item: &Item| Some((slices.file(item.id)?, item.label.clone()));
            session.items().iter().filter_map(row).collect::<Vec<_>>()
        });
        let pair = |(file, label): (File, Option<String>)| Array::of2(&file, &JsValue::from(label));
        list.into_iter().map(pair).collect()
    });
    let receive = Closure::<dyn Fn(Array)>::new(move |given: Array| {
        let slice = |pair: JsValue| {
            let pair = Array::from(&pair);
            Some((pair.get(0).dyn_into::<File>().ok()?, pair.get(1).as_string()))
        };
        dispatcher.add(given.iter().filter_map(slice).collect());
    });
    browser::hand_over(&given.into_js_value(), &receive.into_js_value());
}

async fn add_dropped(dispatcher: Dispatcher, announcer: Announcer, transfer: &web_sys::DataTransfer) {
    match dropped_files(transfer).await {
        Ok(found) => {
            let (files, unreadable): (Vec<JsValue>, Vec<JsValue>) =
                Array::from(&found).iter().partition(JsCast::has_type::<File>);
            dispatcher.add(files.into_iter().map(|file| (file.unchecked_into(), None)).collect());
            for pair in unreadable {
                let text = |index| Array::from(&pair).get(index).as_string().unwrap_or_default();
                dispatcher.add_unreadable(text(0), text(1));
            }
        }
        Err(thrown) => announcer.say(format!("The dropped files could not be read: {}", message_of(&thrown))),
    }
}

/// Hidden files, such as those that systems leave in folders, are no scans.
fn add_list(dispatcher: Dispatcher, files: &FileList) {
    let files = (0..files.length()).filter_map(|index| files.item(index));
    dispatcher.add(files.filter(|file| !file.name().starts_with('.')).map(|file| (file, None)).collect());
}

/// A button that opens the browser's file chooser.
#[component]
pub fn Choose(
    /// The button's text.
    text: &'static str,
    /// Whether a folder is chosen, with all that is in it.
    folder: bool,
) -> impl IntoView {
    let dispatcher: Dispatcher = expect_context();
    let input = NodeRef::<Input>::new();
    let open = move |_| {
        if let Some(input) = input.get() {
            input.click();
        }
    };
    let chosen = move |_| {
        if let Some(input) = input.get() {
            if let Some(files) = input.files() {
                add_list(dispatcher, &files);
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
