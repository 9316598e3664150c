//! "How good is this?": for every network the figure to believe beside the one that flatters, and what its
//! probabilities, its "unsure" and its refusals are worth. All of it comes from report files.

use leptos::prelude::*;
use reports::{Calibration, Evaluation, Method};

use crate::catalogue::Model;
use crate::chart::{Reliability, Risk};
use crate::contexts::{Models, ReportIndex};
use crate::detections::DetectionTable;
use crate::figures::{Card, Cell, FoldsCard, TransferLine};
use crate::model_reports::{ModelReports, ReportEntry, unreadable};
use crate::wording;

/// The text of the dialog.
#[component]
pub fn Evidence() -> impl IntoView {
    let (all, chosen): (ReportIndex, Models) = (expect_context(), expect_context());
    let models = Memo::new(move |_| {
        let models = chosen.catalogue.with(|catalogue| catalogue.models.clone());
        all.entries.with(|papers| {
            models.into_iter().map(|model| (ModelReports::of(&model, papers), model)).collect::<Vec<_>>()
        })
    });
    view! {
        <p>
            "Sulcus sorts single slices of brain MRI into four classes. It was trained on a public collection in which "
            "many slices occur twice or mirrored, and most patients several times. A test that puts copies of training "
            "slices, or other slices of the same patients, to the model flatters it. So two figures stand side by side, "
            "and the first is the one to believe."
        </p>
        {move || models.with(|models| view! { <Glance models=models.clone() /> })}
        {move || models.with(|models| {
            models.iter().cloned().map(|(reports, model)| {
                let open = chosen.is_chosen(&model);
                view! { <Network reports model open /> }
            }).collect_view()
        })}
        <Show when=move || all.entries.with(Vec::is_empty)>
            <p role="status">"No report has been loaded, so nothing is claimed. " {move || all.missing.get()}</p>
        </Show>
        {move || all.entries.with(|papers| view! { <Unreadable papers=unreadable(papers) /> })}
        <h3>"What it can't do"</h3>
        <ul>
            <li>"It knows four classes and no others. Pictures that are no brain MRI it mostly refuses; another disease of the brain it can't."</li>
            <li>"“No tumour” slices of the collection come from another source than the tumours: the model may have learned the source."</li>
            <li>"It sees one slice. A radiologist sees the series, the other sequences, the history and the patient."</li>
            <li>"It was never tested in a clinic, and it is no medical device."</li>
        </ul>
    }
}

/// Reports that may change what the others say, if one could read them.
#[component]
fn Unreadable(papers: Vec<ReportEntry<String>>) -> impl IntoView {
    let count = papers.len();
    let lines = papers.into_iter().map(|ReportEntry { address, content: reason }| {
        let name = address.rsplit('/').next().unwrap_or_default().to_owned();
        view! { <li><a href=address target="_blank">{name}</a>": " {reason}</li> }
    });
    (count > 0).then(|| {
        view! {
            <h3>"Reports that can't be read"</h3>
            <p>"Nothing of what they say is shown here."</p>
            <ul>{lines.collect_view()}</ul>
        }
    })
}

/// Every network with both figures, in one table.
#[component]
fn Glance(models: Vec<(ModelReports, Model)>) -> impl IntoView {
    let rows = models.into_iter().map(|(reports, model)| {
        view! {
            <tr>
                <th scope="row">{model.title}</th>
                <Cell entry=reports.honest().cloned() />
                <Cell entry=reports.leaky().cloned() />
            </tr>
        }
    });
    view! {
        <div class="scroll" tabindex="0" role="group" aria-label="All networks">
            <table class="glance">
                <caption>"Right answers, with the interval that holds 95 of 100 resamplings of whole patients"</caption>
                <thead>
                    <tr>
                        <td></td>
                        <th scope="col">"Patients held out (believe this)"</th>
                        <th scope="col">"Leaky test (flatters)"</th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
}

/// One network: its tests side by side, then what else is known.
#[component]
fn Network(reports: ModelReports, model: Model, open: bool) -> impl IntoView {
    let (own, others) = (reports.own, reports.others);
    let card = |own: bool| move |entry: ReportEntry<Evaluation>| view! { <Card entry own /> };
    let calibration = reports.calibration;
    let untested = own.is_empty() && others.is_empty() && reports.folds.is_empty() && reports.detections.is_empty();
    let charts = calibration.clone().map(|ReportEntry { content, .. }| {
        view! {
            <div class="charts">
                <section>
                    <h4>"Does a probability mean what it says?"</h4>
                    <Reliability bins=content.calibration_error.reliability />
                </section>
                <section>
                    <h4>"What does “unsure” buy?"</h4>
                    <Risk rule=content.abstention />
                </section>
            </div>
        }
    });
    view! {
        <details class="dossier" open=open>
            <summary><h3>{model.name()}</h3></summary>
            {untested.then(|| view! { <p>"No report of this network has been loaded, so nothing is claimed."</p> })}
            <div class="reports">
                {own.into_iter().map(card(true)).collect_view()}
                {others.into_iter().map(card(false)).collect_view()}
                {reports.folds.into_iter().map(|entry| view! { <FoldsCard entry /> }).collect_view()}
            </div>
            {charts}
            {calibration.map(|entry| view! { <Rules entry /> })}
            {reports.detections.into_iter().map(|entry| view! { <DetectionTable entry /> }).collect_view()}
            {reports.transfer.map(|entry| view! { <TransferLine entry /> })}
        </details>
    }
}

/// What was measured of probabilities, of "unsure" and of refusals, in sentences.
#[component]
fn Rules(entry: ReportEntry<Calibration>) -> impl IntoView {
    let ReportEntry { address, content } = entry;
    let Calibration { measured_on, calibration_error: error, abstention: rule, foreign, command, .. } = content;
    let [low, high] = error.after_ci95;
    let refusals = foreign.methods.last().map(|method| refusals(method, measured_on.held_out, measured_on.foreign));
    view! {
        <ul class="rules">
            <li>
                "Probability and share of right answers lie "
                <a class="number" href=address target="_blank">{format!("{:.4}", error.after)}</a>
                {format!(
                    " apart on average (expected calibration error, 95 % interval {low:.4} to {high:.4}). Exact \
                     probabilities would lie {:.4} apart on so many slices, by chance.",
                    error.exact.mean,
                )}
            </li>
            <li>
                {format!(
                    "“Unsure” is said below {:.2}. Of the held-out slices {} get a class, and of these {} are wrong.",
                    rule.abstain_below, wording::percent(rule.coverage), wording::percent(rule.risk),
                )}
            </li>
            {refusals.map(|sentence| view! { <li>{sentence}</li> })}
        </ul>
        {(foreign.methods.len() > 1).then(|| view! { <Methods methods=foreign.methods /> })}
        <p class="quiet command">"Repeat it: " <code>{command}</code></p>
    }
}

fn refusals(method: &Method, held_out: usize, foreign: usize) -> String {
    let kept = format!(
        "“Not a brain MRI” is said of {} of {} held-out slices, wrongly",
        wording::percent(method.held_out_refused),
        wording::count(held_out)
    );
    match method.foreign_refused {
        Some(share) => format!(
            "{kept}, and of {} of {} photographs, textures and pictures of other parts of the body, rightly.",
            wording::percent(share),
            wording::count(foreign)
        ),
        None => format!("{kept}. It was not tried on other pictures."),
    }
}

/// The ways that were compared to tell brain MRI from other pictures.
#[component]
fn Methods(methods: Vec<Method>) -> impl IntoView {
    let last = methods.len().saturating_sub(1);
    let part = |share: Option<f64>| share.map_or("–".into(), wording::percent);
    let rows = methods.into_iter().enumerate().map(|(index, method)| {
        view! {
            <tr>
                <th scope="row">{method.name}{if index == last { " (used here)" } else { "" }}</th>
                <td>{method.auroc.map_or("–".into(), |auroc| format!("{auroc:.4}"))}</td>
                <td>{part(method.foreign_refused)}</td>
                <td>{part(Some(method.held_out_refused))}</td>
            </tr>
        }
    });
    let heads = ["way", "AUROC", "other pictures refused", "brain MRI refused"]
        .map(|head| view! { <th scope="col">{head}</th> });
    view! {
        <details class="methods">
            <summary>"Ways to tell brain MRI from other pictures, compared"</summary>
            <table><thead><tr>{heads.collect_view()}</tr></thead><tbody>{rows.collect_view()}</tbody></table>
        </details>
    }
}
