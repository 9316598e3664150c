//! What the model found in the slice on the screen.

use leptos::prelude::*;
use protocol::{Class, HeldBack, Verdict};

use crate::model::{Dialog, Page};
use crate::report::Report;
use crate::state::{Answer, Failure, Item, Session, Status};
use crate::wording;

/// Advice where the error has none of its own.
const NO_HINT: &str = "see whether another program opens it, or export the slice again as PNG or DICOM";

/// The right region.
#[component]
pub fn Verdict(
    /// The page.
    page: Page,
) -> impl IntoView {
    let item = Memo::new(move |_| page.session.with(|session| session.selected().cloned()));
    view! {
        <section class="verdict" aria-labelledby="verdict-title">
            <h2 id="verdict-title" class="quiet">"Verdict"</h2>
            {move || item.with(|item| match item {
                None => view! { <p class="quiet">"Choose a slice; its verdict stands here."</p> }.into_any(),
                Some(item) => view! { <Finding page item=item.clone() /> }.into_any(),
            })}
            <Trust page />
        </section>
    }
}

#[component]
fn Finding(page: Page, item: Item) -> impl IntoView {
    let id = item.id;
    let body = match &item.status {
        Status::Answered(answer) => view! { <Answered answer=answer.clone() label=item.label /> }.into_any(),
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
                <button type="button" on:click=move |_| page.change(|session| session.retry_one(id))>"Try again"</button>
            })}
            <button type="button" on:click=move |_| page.change(|session: &mut Session| session.remove(id))>"Remove"</button>
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
fn Answered(answer: Answer, label: Option<Class>) -> impl IntoView {
    let named = matches!(answer.verdict, Verdict::Class(_));
    let bars = answer.best().is_some().then(|| view! { <Bars answer=answer.clone() /> });
    let style = wording::verdict_style(answer.verdict);
    view! {
        <p class=format!("headline {style}")>
            <span class="mark" aria-hidden="true"></span>
            {wording::verdict_title(answer.verdict)}
        </p>
        {wording::sureness(&answer).map(|line| view! { <p class="sureness number">{line}</p> })}
        {bars}
        {label.map(|label| view! {
            <p class="label">"The data set calls this sample: " <strong>{wording::class_name(label)}</strong> "."</p>
        })}
        <h3>{if named { "How sure, and why" } else { "Why, and what would help" }}</h3>
        <p class="quiet">{explanation(&answer)}</p>
    }
}

#[component]
fn Bars(answer: Answer) -> impl IntoView {
    let bars = Class::ALL.into_iter().zip(answer.probabilities).map(|(class, probability)| {
        let best = class == answer.nearest;
        view! {
            <li class=wording::class_style(class) class:best=best>
                <span class="word">{wording::class_name(class)}</span>
                <span class="bar" aria-hidden="true">
                    <span class="fill" style:width=format!("{:.1}%", 100.0 * probability)></span>
                </span>
                <span class="number">{wording::probability(probability)}</span>
            </li>
        }
    });
    view! { <ul class="bars" aria-label="Probabilities">{bars.collect_view()}</ul> }
}

fn explanation(answer: &Answer) -> String {
    let Some(evidence) = answer.evidence else {
        return "It is the model's own probability for one slice. This model was not calibrated.".into();
    };
    let rule = format!("A class is named from a probability of {:.2} on.", evidence.abstain_below);
    let distance = format!(
        "The picture's texture lies {:.2} from the slices the model was trained on; the limit is {:.2}.",
        evidence.distance, evidence.familiar_up_to
    );
    match answer.verdict {
        Verdict::Class(_) => format!(
            "{rule} It is the model's probability for one slice, not that of a patient having the disease. {distance}"
        ),
        Verdict::HeldBack(HeldBack::Abstain) => format!(
            "{rule} What would help: neighbouring slices of the same series, or one in which the lesion is larger. The \
             model knows T1-weighted slices with contrast best, in three planes. {distance}"
        ),
        Verdict::HeldBack(HeldBack::NotBrainMri) => format!(
            "{distance} So no class is named. If it is a brain MRI: export the slice at its acquired size, whole head in \
             view, without captions, colours or several pictures in one."
        ),
    }
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

/// The honest figure, with the way to what it rests on.
#[component]
fn Trust(page: Page) -> impl IntoView {
    view! {
        <div class="trust">
            <h3>"How good is this?"</h3>
            {move || page.reports.with(|reports| reports.iter().find(|(_, report)| !report.leaky).map(claim))}
            <button type="button" on:click=move |_| page.dialog.set(Some(Dialog::Evidence))>"Tests and figures"</button>
        </div>
    }
}

fn claim((address, report): &(String, Report)) -> impl IntoView + use<> {
    let [low, high] = report.accuracy_ci95;
    view! {
        <p class="quiet">
            "Right on "
            <a class="number" href=address.clone() target="_blank">{wording::percent(report.accuracy)}</a>
            {format!(
                " of {} slices of patients it has not seen (95 % interval {} to {}).",
                report.n, wording::percent(low), wording::percent(high),
            )}
        </p>
    }
}
