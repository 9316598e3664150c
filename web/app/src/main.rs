//! The page: drop a slice of a brain MRI, read what a model trained in this repository finds in it.
//!
//! One way through: [`files`] bring files into the [`session::Session`]. Everything that happens goes through the
//! [`dispatcher`]: the [`reducer`] says what follows from it, the [`workers`] get a file at a time and answer, and [`list`], [`viewer`] and [`verdict`] show what the session holds.
//! What can be said without a browser (the session, which engine answers, every wording) is plain code with tests.

mod accuracy_dialog;
mod answer;
mod browser;
mod canvas;
mod catalogue;
mod chart;
mod confusion;
mod contexts;
mod detections;
mod dialogs;
mod dispatcher;
mod engine_selection;
mod figures;
mod files;
mod folds;
mod frame;
mod item;
mod keys;
mod list;
mod loading;
mod map_layer;
mod model_reports;
mod networks;
mod overlay;
mod picture;
mod reducer;
mod report;
mod session;
mod slice_cache;
mod verdict;
mod verdict_text;
mod viewer;
mod welcome;
mod wording;
mod worker_pool;
mod workers;

use leptos::prelude::*;

use crate::contexts::{Announcer, Slices, Viewing};
use crate::dispatcher::Dispatcher;
use crate::engine_selection::Engines;
use crate::loading::Site;

fn main() {
    std::panic::set_hook(Box::new(|panic| say_stopped(&panic.to_string())));
    leptos::mount::mount_to_body(|| view! { <Main /> });
    if let Some(starting) = document().get_element_by_id("starting") {
        starting.remove();
    }
}

/// After a panic nothing on the page works any more; it says so instead of looking alive.
fn say_stopped(reason: &str) {
    leptos::logging::error!("{reason}");
    let Ok(notice) = document().create_element("p") else { return };
    notice.set_class_name("stopped");
    notice
        .set_text_content(Some(&format!("Sulcus has stopped: {reason}. Nothing was sent. Reload the page to go on.")));
    // Fails only where the element can't have attributes, or the page no body, and then nothing can be said.
    let _ = notice.set_attribute("role", "alert");
    let _ = document().body().map(|body| body.prepend_with_node_1(&notice));
}

#[component]
fn Main() -> impl IntoView {
    let forced = engine_selection::forced(loading::parameter_of_address("engine").as_deref());
    contexts::provide(Engines::new(forced));
    provide_context(Dispatcher::new());
    let (slices, viewing, announcer): (Slices, Viewing, Announcer) =
        (expect_context(), expect_context(), expect_context());
    let hovering = RwSignal::new(false);
    files::listen(hovering);
    files::hand_over();
    keys::listen();
    keys::keep_focus();
    loading::load(Site::from_contexts());
    let empty = Memo::new(move |_| slices.session.with(|session| session.items().is_empty()));
    view! {
        <frame::Banner />
        <frame::Wait />
        <main class="regions" class:enlarged=move || { viewing.enlarged.get() && !empty.get() } class:hovering=hovering>
            <list::SliceList />
            <Show when=move || empty.get() fallback=move || view! { <viewer::Viewer /> }>
                <welcome::Welcome />
            </Show>
            <verdict::Verdict />
        </main>
        <frame::Foot />
        <dialogs::AllDialogs />
        <p class="spoken" role="status" aria-live="polite">{move || announcer.said()}</p>
    }
}
