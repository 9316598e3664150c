//! The slices: a row each, with filter, progress, cancel, remove and undo.

use leptos::html::{Canvas, Ul};
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::contexts::{Announcer, Slices, Viewing};
use crate::dispatcher::Dispatcher;
use crate::files::Choose;
use crate::item::{Failure, Item, Status, Thumbnail};
use crate::picture::{THUMBNAIL, Windowing};
use crate::session::Session;
use crate::viewer::draw;
use crate::wording;

/// The left region.
#[component]
pub fn SliceList() -> impl IntoView {
    let Slices { session, .. } = expect_context();
    let count = Memo::new(move |_| session.with(|session| session.items().len()));
    let visible = Memo::new(move |_| session.with(|session| session.visible().map(|item| item.id).collect::<Vec<_>>()));
    let rows = NodeRef::<Ul>::new();
    // The button that brought the first slice is gone and has left the focus nowhere.
    Effect::new(move |_| {
        if let (Some(rows), Some(body)) = (rows.get(), document().body())
            && document().active_element().is_none_or(|focused| focused == *body)
        {
            let _ = rows.focus();
        }
    });
    let active = Memo::new(move |_| session.with(|session| session.selected().map(|item| row_id(item.id))));
    view! {
        <section class="list" aria-labelledby="list-title">
            <div class="list-head">
                <h2 id="list-title">"Slices " <span class="count">{move || format!("({})", count.get())}</span></h2>
                <Show when=move || { count.get() > 0 }>
                    <Choose text="Add files" folder=false />
                    <Choose text="Add folder" folder=true />
                </Show>
            </div>
            <Show when=move || { count.get() > 0 }>
                <input
                    type="search"
                    class="filter"
                    aria-label="Filter by name or verdict"
                    placeholder="Filter by name or verdict"
                    prop:value=move || session.with(|session| session.filter().to_owned())
                    on:input=move |event| session.update(|session| session.set_filter(event_target_value(&event)))
                />
                <ul class="rows" role="listbox" node_ref=rows tabindex="0" aria-label="Slices" aria-activedescendant=move || active.get()>
                    <For each=move || visible.get() key=|id| *id children=move |id| view! { <Row id /> } />
                </ul>
                <Show when=move || visible.with(Vec::is_empty)>
                    <p class="quiet">"No slice matches the filter."</p>
                </Show>
            </Show>
            <Queue />
        </section>
    }
}

fn row_id(id: u32) -> String {
    format!("slice-{id}")
}

#[component]
fn Row(id: u32) -> impl IntoView {
    let (slices, viewing): (Slices, Viewing) = (expect_context(), expect_context());
    let dispatcher: Dispatcher = expect_context();
    let item = Memo::new(move |_| slices.session.with(|session| session.item(id).cloned()));
    let selected =
        Memo::new(move |_| slices.session.with(|session| session.selected().map(|item| item.id)) == Some(id));
    let row = NodeRef::<leptos::html::Li>::new();
    Effect::new(move |_| {
        if selected.get()
            && let Some(row) = row.get()
        {
            let options = web_sys::ScrollIntoViewOptions::new();
            options.set_block(web_sys::ScrollLogicalPosition::Nearest);
            row.scroll_into_view_with_scroll_into_view_options(&options);
        }
    });
    let thumbnail = Memo::new(move |_| item.with(|item| item.as_ref().and_then(|item| item.thumbnail.clone())));
    view! {
        <li
            id=row_id(id)
            class="row"
            role="option"
            node_ref=row
            aria-selected=move || if selected.get() { "true" } else { "false" }
            on:click=move |_| dispatcher.change(|session| session.select(id))
            on:dblclick=move |_| viewing.enlarged.set(true)
        >
            <Thumb thumbnail />
            <span class="row-text">
                <span class="row-name">{move || item.with(|item| item.as_ref().map(|item| item.name.clone()))}</span>
                {move || item.with(|item| item.as_ref().map(state_line))}
            </span>
        </li>
    }
}

/// The second line of a row: verdict and probability, or where it stands.
fn state_line(item: &Item) -> impl IntoView + use<> {
    let (style, number, reason, whole) = match &item.status {
        Status::Answered(answer) => {
            let number = answer.best().map_or(String::new(), wording::probability);
            (wording::verdict_style(answer), number, String::new(), None)
        }
        Status::Failed(Failure { message, hint, .. }) => {
            // The row has one line, which a narrow list cuts off.
            let whole = format!("{} {}", wording::sentence(message), wording::sentence(hint));
            ("failed", String::new(), format!(": {message}"), Some(whole))
        }
        Status::Working => ("working", String::new(), String::new(), None),
        Status::Waiting | Status::Cancelled => ("waiting", String::new(), String::new(), None),
    };
    view! {
        <span class=format!("row-state {style}")>
            <span class="mark" aria-hidden="true"></span>
            <span class="row-summary" title=whole>{item.summary()}{reason}</span>
            <span class="number">{number}</span>
        </span>
    }
}

#[component]
fn Thumb(thumbnail: Memo<Option<Thumbnail>>) -> impl IntoView {
    let canvas = NodeRef::<Canvas>::new();
    Effect::new(move |_| {
        if let (Some(canvas), Some(thumbnail)) = (canvas.get(), thumbnail.get()) {
            draw(canvas.unchecked_ref(), &thumbnail.0, THUMBNAIL, THUMBNAIL, Windowing::default());
        }
    });
    view! { <canvas class="thumb" width="48" height="48" node_ref=canvas aria-hidden="true"></canvas> }
}

/// The foot of the list: progress with a way to stop, retry, clear and undo.
#[component]
fn Queue() -> impl IntoView {
    let (slices, announcer): (Slices, Announcer) = (expect_context(), expect_context());
    let dispatcher: Dispatcher = expect_context();
    let progress = Memo::new(move |_| slices.session.with(Session::progress));
    let retriable = Memo::new(move |_| slices.session.with(Session::retriable));
    let count = Memo::new(move |_| slices.session.with(|session| session.items().len()));
    let undo = Memo::new(move |_| slices.session.with(|session| session.undoable().map(undo_text)));
    let cancel = move |_| {
        let count = slices.session.try_update(Session::cancel).unwrap_or(0);
        announcer.say(format!("{} cancelled", wording::slices(count)));
    };
    view! {
        <div class="queue">
            <Show when=move || progress.get().is_running()>
                <div class="progress">
                    <progress
                        aria-label="Slices classified"
                        max=move || progress.get().total
                        prop:value=move || progress.get().done as f64
                    ></progress>
                    <span class="number">{move || format!("{} of {}", progress.get().done, progress.get().total)}</span>
                    <button type="button" on:click=cancel>"Cancel"</button>
                </div>
            </Show>
            <div class="queue-buttons">
                <Show when=move || { retriable.get() > 0 }>
                    <button type="button" on:click=move |_| dispatcher.change(Session::retry)>
                        {move || format!("Try {} again", wording::slices(retriable.get()))}
                    </button>
                </Show>
                <Show when=move || undo.with(Option::is_some)>
                    <button type="button" on:click=move |_| dispatcher.change(Session::undo)>{move || undo.get()}</button>
                </Show>
                <Show when=move || { count.get() > 0 }>
                    <button type="button" on:click=move |_| dispatcher.change(Session::clear)>"Clear list"</button>
                </Show>
            </div>
        </div>
    }
}

fn undo_text(items: &[Item]) -> String {
    match items {
        [item] => format!("Undo: bring back {}", item.name),
        items => format!("Undo: bring back {}", wording::slices(items.len())),
    }
}
