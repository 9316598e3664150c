//! Which network answers, and how to let another one.
//!
//! A page that is ready may no longer connect. So a network whose file the browser has kept takes over at once, and one
//! that has to be fetched first is fetched by the page opened anew: in its place where there is nothing to lose, else in
//! a new tab, which is handed the list.

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::catalogue::Model;
use crate::contexts::{Announcer, Dialog, Dialogs, Download, Models, ReportIndex, Slices};
use crate::dispatcher::Dispatcher;
use crate::figures::Claim;
use crate::loading::{kept_weights, look_for_kept};
use crate::model_reports::ModelReports;
use crate::reducer::Event;
use crate::session::Session;
use crate::wording;

/// The dialog's text.
#[component]
pub fn Networks() -> impl IntoView {
    let (models, dialogs): (Models, Dialogs) = (expect_context(), expect_context());
    Effect::new(move |_| {
        if dialogs.is_open(Dialog::Networks) {
            look_for_kept(models);
        }
    });
    let offers = move || {
        models
            .catalogue
            .with(|catalogue| catalogue.models.iter().cloned().map(|model| view! { <Offer model /> }).collect_view())
    };
    view! {
        <p>
            "One network answers at a time; change it and every slice is asked again. The answers of the other stay "
            "beside the new ones. Networks make different mistakes: where they disagree about a slice, trust neither."
        </p>
        <ul class="networks">{offers}</ul>
    }
}

/// How a network can be made to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// It does.
    Answers,
    /// Its file is at hand.
    Kept,
    /// Its file has to be fetched, and there is nothing to lose.
    Here,
    /// Its file has to be fetched, and the list stays where it is.
    NewTab,
}

fn way(models: Models, slices: Slices, model: &Model) -> Way {
    if models.is_chosen(model) {
        return Way::Answers;
    }
    let kept = models.kept.with(|kept| kept.contains(&model.sha256));
    match (kept && models.download.get() == Download::Done, slices.session.with(Session::is_empty)) {
        (true, _) => Way::Kept,
        (false, true) => Way::Here,
        (false, false) => Way::NewTab,
    }
}

#[component]
fn Offer(model: Model) -> impl IntoView {
    let (models, slices, reports): (Models, Slices, ReportIndex) =
        (expect_context(), expect_context(), expect_context());
    let change = Change::from_contexts();
    let size = wording::megabytes(model.bytes as f64);
    let (title, input) = (model.title.clone(), model.input_size);
    let honest = {
        let model = model.clone();
        move || reports.entries.with(|papers| ModelReports::of(&model, papers).honest().cloned())
    };
    let now = {
        let model = model.clone();
        Memo::new(move |_| way(models, slices, &model))
    };
    let state = {
        let size = size.clone();
        move || match now.get() {
            Way::Answers => "chosen".to_owned(),
            Way::Kept => "on this computer".to_owned(),
            Way::Here | Way::NewTab => format!("{size} to fetch"),
        }
    };
    view! {
        <li class="network" class:chosen=move || now.get() == Way::Answers>
            <h3>{title} " " <span class="state">{state}</span></h3>
            <p class="quiet">{format!("Looks at {input} × {input} pixels; ")} {move || view! { <Claim honest=honest() /> }}</p>
            {move || action(change, &model, now.get(), &size)}
        </li>
    }
}

fn action(change: Change, model: &Model, way: Way, size: &str) -> AnyView {
    let (title, model) = (model.title.clone(), model.clone());
    let address = address_of(&model.id);
    match way {
        Way::Answers => ().into_any(),
        Way::Kept => {
            let choose = move |_| change.choose(model.clone());
            view! { <button type="button" on:click=choose>"Use " {title}</button> }.into_any()
        }
        Way::Here => view! {
            <p>"Its file is not on this computer. A page that is ready may not connect any more, so this page opens anew and fetches it. The list is empty: nothing is lost."</p>
            <a class="button" href=address>{format!("Fetch {title} ({size})")}</a>
        }
        .into_any(),
        Way::NewTab => view! {
            <p>"Its file is not on this computer. A page that is ready may not connect any more, so a new tab opens and fetches it. Your list stays here with its answers, and is handed to the new tab inside this browser. From then on you can change here, too."</p>
            <a class="button" href=address target="_blank" rel="opener">{format!("Fetch {title} ({size}) in a new tab")}</a>
        }
        .into_any(),
    }
}

/// The page's address with this model.
fn address_of(id: &str) -> String {
    let search = window().location().search().unwrap_or_default();
    let Ok(parameters) = web_sys::UrlSearchParams::new_with_str(&search) else { return format!("?model={id}") };
    parameters.set("model", id);
    format!("?{}", String::from(parameters.to_string()))
}

/// What another network changes.
#[derive(Clone, Copy)]
struct Change {
    models: Models,
    dialogs: Dialogs,
    announcer: Announcer,
    dispatcher: Dispatcher,
}

impl Change {
    fn from_contexts() -> Self {
        Self {
            models: expect_context(),
            dialogs: expect_context(),
            announcer: expect_context(),
            dispatcher: expect_context(),
        }
    }

    /// Lets a network answer whose file is at hand.
    fn choose(self, model: Model) {
        spawn_local(async move {
            let Some(weights) = kept_weights(&model).await else {
                self.announcer.say(format!("The browser no longer has the file of {}", model.title));
                return look_for_kept(self.models);
            };
            // Fails only for an address of another site; and then reloading the page brings the default model.
            let _ = window().history().and_then(|history| {
                history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(&address_of(&model.id)))
            });
            self.dispatcher.equip(|workers| workers.keep_model(model.id.clone(), weights));
            self.dispatcher.dispatch(Event::ModelChosen { id: model.id.clone(), title: model.title.clone() });
            self.models.chosen.set(Some(model));
            self.dialogs.close();
        });
    }
}
