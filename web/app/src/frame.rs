//! What frames the page: who it is, how it stands, what it is not.

use leptos::prelude::*;
use protocol::{Engine, Step};

use crate::browser::stop_downloads;
use crate::catalogue::Model;
use crate::contexts::{Dialog, Dialogs, Download, EngineStatus, Models, Slices};
use crate::dispatcher::Dispatcher;
use crate::engine_selection::{Engines, Phase};
use crate::item::Status;
use crate::loading::{self, Site};
use crate::reducer::Event;
use crate::wording;

/// The head of the page.
#[component]
pub fn Banner() -> impl IntoView {
    let (models, status, dialogs): (Models, EngineStatus, Dialogs) =
        (expect_context(), expect_context(), expect_context());
    let model = Memo::new(move |_| match models.chosen.with(|model| model.as_ref().map(Model::name)) {
        Some(name) if status.answers() => name,
        Some(name) => format!("{name}, not ready yet"),
        None => "not loaded yet".into(),
    });
    let choice = move || models.are_several();
    let change = move |_| dialogs.open(Dialog::Networks);
    let engine = Memo::new(move |_| status.engines.with(engine_line));
    view! {
        <header class="banner">
            <h1>"Sulcus"</h1>
            <p class="private">
                "Private: nothing leaves this computer. "
                <button type="button" class="link" on:click=move |_| dialogs.open(Dialog::Privacy)>"How to check"</button>
            </p>
            <dl class="versions">
                <div>
                    <dt>"Model"</dt>
                    <dd>
                        {move || model.get()}
                        <Show when=choice>
                            <button type="button" class="link" on:click=change>"Change model"</button>
                        </Show>
                    </dd>
                </div>
                <div><dt>"Engine"</dt><dd class="engine">{move || engine.get()}</dd></div>
            </dl>
            <button type="button" aria-label="Keys" title="Keys (?)" on:click=move |_| dialogs.open(Dialog::Keys)>"?"</button>
        </header>
    }
}

/// Which engine answers, and what became of WebGPU where it does not.
fn engine_line(engines: &Engines) -> String {
    let Some(engine) = engines.answering() else { return "none yet".into() };
    let name = engines.ready(engine).map_or("", |ready| ready.name.as_str());
    let webgpu = match (engine, &engines.webgpu) {
        (Engine::WebGpu, _) | (_, Phase::Ready(_)) => String::new(),
        (_, Phase::Absent(reason)) => format!("; no WebGPU: {reason}"),
        (_, Phase::Failed(fault)) => format!("; WebGPU failed: {}", fault.line()),
        (_, Phase::Awaited | Phase::Starting | Phase::Loading(_)) => "; WebGPU is loading".into(),
    };
    format!("{name}{webgpu}")
}

/// What the page waits for, how far it is, how to stop or try again; nothing once an engine answers.
#[component]
pub fn Wait() -> impl IntoView {
    let (models, status, dialogs): (Models, EngineStatus, Dialogs) =
        (expect_context(), expect_context(), expect_context());
    let (dispatcher, site) = (expect_context::<Dispatcher>(), Site::from_contexts());
    let answering = Memo::new(move |_| status.answers());
    let bar = move || match models.download.get() {
        Download::Running { received, total } if total > 0.0 => {
            view! { <progress aria-label="Model read" max=total prop:value=received></progress> }.into_any()
        }
        _ => view! { <progress aria-label="Loading"></progress> }.into_any(),
    };
    let failure = Memo::new(move |_| status.engines.with(|engines| failure(engines, &models.download.get())));
    let choice = move || models.are_several();
    let change = move |_| dialogs.open(Dialog::Networks);
    let again = move |_| {
        if matches!(models.download.get_untracked(), Download::Failed(_)) {
            loading::load(site);
        } else {
            dispatcher.dispatch(Event::RestartWanted);
        }
    };
    view! {
        <Show when=move || !answering.get()>
            <section class="wait" aria-label="Loading" class:failed=move || failure.with(Option::is_some)>
                {move || match failure.get() {
                    Some(reason) => view! {
                        <p role="alert"><strong>"Nothing can be classified yet. "</strong>{wording::sentence(&reason)}</p>
                        <button type="button" on:click=again>"Try again"</button>
                        <Show when=choice>
                            <button type="button" on:click=change>"Change model"</button>
                        </Show>
                    }.into_any(),
                    None => view! {
                        <p class="number">{move || status.engines.with(|engines| waiting(engines, &models.download.get()))}</p>
                        {bar}
                        <Show when=move || matches!(models.download.get(), Download::Running { .. })>
                            <button type="button" on:click=|_| stop_downloads()>"Stop"</button>
                        </Show>
                    }.into_any(),
                }}
            </section>
        </Show>
    }
}

fn failure(engines: &Engines, download: &Download) -> Option<String> {
    if let Download::Failed(message) = download {
        return Some(message.clone());
    }
    let reason = |phase: &Phase| match phase {
        Phase::Absent(reason) => reason.clone(),
        Phase::Failed(fault) => fault.line(),
        _ => String::new(),
    };
    let [cpu, webgpu] = [&engines.cpu, &engines.webgpu].map(reason);
    let hopeless = || format!("CPU: {}. WebGPU: {}.", cpu.trim_end_matches('.'), webgpu.trim_end_matches('.'));
    engines.is_hopeless().then(hopeless)
}

fn waiting(engines: &Engines, download: &Download) -> String {
    for phase in [&engines.cpu, &engines.webgpu] {
        if let Phase::Loading(step) = phase {
            return match step {
                Step::Verifying => "Checking the model's checksum…",
                Step::Preparing => "Preparing the model…",
                Step::WarmingUp => "Warming up: the first answer takes longest…",
            }
            .into();
        }
    }
    match download {
        Download::Running { received, total } if *total > 0.0 && received < total => format!(
            "Loading the model: {} of {} ({:.0} %)",
            wording::megabytes(*received),
            wording::megabytes(*total),
            100.0 * received / total
        ),
        Download::Running { total, .. } if *total == 0.0 => "Looking for the model…".into(),
        _ => "Starting the engine…".into(),
    }
}

/// The foot of the page.
#[component]
pub fn Foot() -> impl IntoView {
    let slices: Slices = expect_context();
    let took = move || {
        slices.session.with(|session| match session.selected().map(|item| &item.status) {
            Some(Status::Answered(answer)) => {
                let (took, engine) = (wording::duration(answer.milliseconds), wording::engine_name(answer.engine));
                format!("{}: {took}, {engine}", answer.model.title)
            }
            _ => String::new(),
        })
    };
    view! {
        <footer class="foot">
            <p><strong>"Research and teaching only; not a medical device."</strong></p>
            <p class="number took">{took}</p>
            <p class="quiet">"Sulcus " {env!("CARGO_PKG_VERSION")}</p>
        </footer>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine_selection::Fault;

    #[test]
    fn a_wait_says_how_much_is_done() {
        let engines = Engines::new(None);
        let download = Download::Running { received: 5.0e6, total: 20.0e6 };
        assert_eq!(waiting(&engines, &download), "Loading the model: 5.0 MB of 20.0 MB (25 %)");
    }

    #[test]
    fn a_page_that_cannot_answer_says_why() {
        let mut engines = Engines::new(None);
        assert_eq!(failure(&engines, &Download::Done), None);
        let (message, hint) = ("the checksum differs.".into(), "download it again.".into());
        engines.cpu = Phase::Failed(Fault { message, hint });
        engines.webgpu = Phase::Absent("this browser has no WebGPU".into());
        let reason = failure(&engines, &Download::Done).unwrap();
        assert_eq!(reason, "CPU: the checksum differs; download it again. WebGPU: this browser has no WebGPU.");
    }
}
