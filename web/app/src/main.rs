//! The page: drop a slice of a brain MRI, read what a model trained in this repository finds in it.
//!
//! One way through: [`files`] bring files into the [`state::Session`], [`worker_control`] gives them to a worker one at a
//! time, [`replies`] brings the answers back, and [`list`], [`viewer`] and [`verdict`] show what the session holds.
//! What can be said without a browser (the session, which engine answers, every wording) is plain code with tests.

mod accuracy_dialog;
mod browser;
mod catalogue;
mod chart;
mod confusion;
mod dialogs;
mod engine_selection;
mod figures;
mod files;
mod folds;
mod frame;
mod keys;
mod list;
mod loading;
mod model_reports;
mod networks;
mod page_state;
mod picture;
mod replies;
mod report;
mod slice_cache;
mod state;
mod verdict;
mod verdict_text;
mod viewer;
mod welcome;
mod wording;
mod worker_control;
mod worker_pool;

use leptos::prelude::*;

use crate::engine_selection::Engines;
use crate::page_state::Page;

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
    let page = Page::new(Engines::new(engine_selection::forced(loading::parameter_of_address("engine").as_deref())));
    let hovering = RwSignal::new(false);
    files::listen(page, hovering);
    files::hand_over(page);
    keys::listen(page);
    keys::keep_focus();
    loading::load(page);
    let empty = Memo::new(move |_| page.session.with(|session| session.items().is_empty()));
    view! {
        <frame::Banner page />
        <frame::Wait page />
        <main class="regions" class:enlarged=move || { page.enlarged.get() && !empty.get() } class:hovering=hovering>
            <list::SliceList page />
            <Show when=move || empty.get() fallback=move || view! { <viewer::Viewer page /> }>
                <welcome::Welcome page />
            </Show>
            <verdict::Verdict page />
        </main>
        <frame::Foot page />
        <dialogs::Dialogs page />
        <p class="spoken" role="status" aria-live="polite">{move || page.spoken.get()}</p>
    }
}
