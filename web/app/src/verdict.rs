//! What the model found in the slice on the screen.

use leptos::prelude::*;

use crate::answer::Answer;
use crate::contexts::{Dialog, Dialogs, Models, ReportIndex, Slices};
use crate::dispatcher::Dispatcher;
use crate::figures::Claim;
use crate::item::{Failure, Item, Status};
use crate::model_reports::ModelReports;
use crate::session::Session;
use crate::verdict_text;
use crate::wording;

/// Advice where the error has none of its own.
const NO_HINT: &str = "see whether another program opens it, or export the slice again as PNG or DICOM";

/// The right region.
#[component]
pub fn Verdict() -> impl IntoView {
    let slices: Slices = expect_context();
    let item = Memo::new(move |_| slices.session.with(|session| session.selected().cloned()));
    view! {
        <section class="verdict" aria-labelledby="verdict-title">
            <h2 id="verdict-title" class="quiet">"Verdict"</h2>
            {move || item.with(|item| match item {
                None => view! { <p class="quiet">"Choose a slice; its verdict stands here."</p> }.into_any(),
                Some(item) => view! { <Finding item=item.clone() /> }.into_any(),
            })}
            <Trust />
        </section>
    }
}

#[component]
fn Finding(item: Item) -> impl IntoView {
    let dispatcher: Dispatcher = expect_context();
    let id = item.id;
    let body = match &item.status {
        Status::Answered(answer) => {
            view! { <Answered answer=answer.clone() label=item.label.clone() others=item.others.clone() /> }.into_any()
        }
        Status::Failed(failure) => view! { <NotAnswered failure=failure.clone() /> }.into_any(),
        Status::Waiting => view! { <p class="headline">"Waiting"</p> }.into_any(),
        Status::Working => view! { <p class="headline">"Working…"</p> }.into_any(),
        Status::Cancelled => view! { <p class="headline">"Cancelled"</p> }.into_any(),
    };
    let again = matches!(&item.status, Status::Cancelled | Status::Failed(Failure { engine_fault: true, .. }));
    view! {
        {body}
        <p class="file quiet">{describe(&item)}</p>
        <div class="actions">
            {again.then(|| view! {
                <button type="button" on:click=move |_| dispatcher.change(|session| session.retry_one(id))>"Try again"</button>
            })}
            <button type="button" on:click=move |_| dispatcher.change(|session: &mut Session| session.remove(id))>"Remove"</button>
        </div>
    }
}

/// The file: name, size, format.
fn describe(item: &Item) -> String {
    let Some(picture) = &item.picture else { return item.name.clone() };
    let more = match picture.slices {
        1 => String::new(),
        count => format!("; the first of its {count} slices"),
    };
    format!("{}: {} × {} {}{more}", item.name, picture.source_width, picture.source_height, picture.format)
}

#[component]
fn Answered(answer: Answer, label: Option<String>, others: Vec<Answer>) -> impl IntoView {
    let bars = answer.best().is_some().then(|| view! { <Bars answer=answer.clone() /> });
    let style = wording::verdict_style(&answer).to_owned();
    let help = verdict_text::what_would_help(answer.verdict);
    view! {
        <p class=format!("headline {style}")>
            <span class="mark" aria-hidden="true"></span>
            {wording::verdict_title(&answer)}
        </p>
        {wording::sureness(&answer).map(|line| view! { <p class="sureness number">{line}</p> })}
        {bars}
        {label.map(|label| view! {
            <p class="label">"The data set calls this sample: " <strong>{wording::class_name(&label).to_owned()}</strong> "."</p>
        })}
        <p class="meaning">{verdict_text::of(&answer)}</p>
        {(!help.is_empty()).then(|| view! {
            <h3>"What would help"</h3>
            <ul class="help">{help.iter().map(|line| view! { <li>{*line}</li> }).collect_view()}</ul>
        })}
        <Grounds answer=answer.clone() />
        <Others answer others />
    }
}

/// What the verdict rests on.
#[component]
fn Grounds(answer: Answer) -> impl IntoView {
    let lines = verdict_text::evidence(&answer);
    let rows = lines.into_iter().map(|(what, found)| view! { <div><dt>{what}</dt><dd>{found}</dd></div> });
    view! {
        <h3>"What it rests on"</h3>
        <dl class="grounds">{rows.collect_view()}</dl>
    }
}

/// What other networks have answered.
#[component]
fn Others(answer: Answer, others: Vec<Answer>) -> impl IntoView {
    let disagree = others.iter().any(|other| other.verdict != answer.verdict);
    let rows = others.into_iter().map(|other| {
        let style = wording::verdict_style(&other).to_owned();
        view! {
            <li>
                <span class=format!("mark {style}") aria-hidden="true"></span>
                {wording::verdict(&other.model.title, &other)}
            </li>
        }
    });
    let rows: Vec<_> = rows.collect();
    (!rows.is_empty()).then(|| {
        view! {
            <h3>"Other networks on this slice"</h3>
            <ul class="others">{rows}</ul>
            {disagree.then(|| view! { <p>"The networks disagree: trust neither."</p> })}
        }
    })
}

#[component]
fn Bars(answer: Answer) -> impl IntoView {
    let classes = answer.model.classes.iter().zip(&answer.probabilities).enumerate();
    let bars = classes.map(|(index, (class, &probability))| {
        view! {
            <li class=wording::class_style(class).to_owned() class:best=index == answer.top_class>
                <span class="word">{wording::class_name(class).to_owned()}</span>
                <span class="bar" aria-hidden="true">
                    <span class="fill" style:width=format!("{:.1}%", 100.0 * probability)></span>
                </span>
                <span class="number">{wording::probability(probability)}</span>
            </li>
        }
    });
    view! { <ul class="bars" aria-label="Probabilities">{bars.collect_view()}</ul> }
}

#[component]
fn NotAnswered(failure: Failure) -> impl IntoView {
    let title = if failure.engine_fault { "Not classified" } else { "Unreadable" };
    let advice = if failure.hint.is_empty() { NO_HINT.to_owned() } else { failure.hint.clone() };
    view! {
        <p class="headline failed">{title}</p>
        <p>{wording::sentence(&failure.message)}</p>
        <p class="quiet">{wording::sentence(&format!("What now: {advice}"))}</p>
    }
}

/// The honest figure of the network that answers, with the way to what it rests on.
#[component]
fn Trust() -> impl IntoView {
    let (models, reports, dialogs): (Models, ReportIndex, Dialogs) =
        (expect_context(), expect_context(), expect_context());
    let honest = Memo::new(move |_| {
        let model = models.chosen.get()?;
        reports.entries.with(|papers| ModelReports::of(&model, papers).honest().cloned())
    });
    let title = move || models.chosen.with(|model| model.as_ref().map(|model| model.title.clone()));
    view! {
        <div class="trust">
            <h3>"How good is this?"</h3>
            <p class="quiet">{title} ": " {move || view! { <Claim honest=honest.get() /> }}</p>
            <button type="button" on:click=move |_| dialogs.open(Dialog::Evidence)>"Tests and figures"</button>
        </div>
    }
}
