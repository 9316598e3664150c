//! Figures with what is needed to believe them or not: interval, number of slices, what leaked, and the report's address.

use leptos::prelude::*;

use crate::confusion;
use crate::dossier::Filed;
use crate::folds::{FoldFigures, FoldsReport};
use crate::report::{Figures, Report};
use crate::transfer::{Answers, Transfer};
use crate::wording;

/// The honest figure in a sentence, or that there is none.
#[component]
pub fn Claim(
    /// The report it stands in.
    honest: Option<Filed<Report>>,
) -> impl IntoView {
    let Some(Filed { address, content: Report { figures, .. } }) = honest else {
        return "no test of this very file has been loaded, so nothing is claimed.".into_any();
    };
    let [low, high] = figures.accuracy_ci95.map(wording::percent);
    view! {
        "right on "
        <Figure address share=figures.accuracy />
        {format!(" of {} slices of patients it has not seen (95 % interval {low} to {high}).", wording::count(figures.n))}
    }
    .into_any()
}

/// A share that leads to its report.
#[component]
pub fn Figure(
    /// The report.
    address: String,
    /// The share.
    share: f64,
) -> impl IntoView {
    view! { <a class="number" href=address target="_blank">{wording::percent(share)}</a> }
}

/// A figure in a cell of a table, with interval and number.
#[component]
pub fn Cell(
    /// The report, if there is one.
    filed: Option<Filed<Report>>,
) -> impl IntoView {
    let Some(Filed { address, content }) = filed else {
        return view! { <td class="quiet">"not tested"</td> }.into_any();
    };
    let [low, high] = content.figures.accuracy_ci95.map(wording::percent);
    view! {
        <td>
            <strong><Figure address share=content.figures.accuracy /></strong>
            <span class="quiet">{format!("{low} to {high}")}</span>
            <span class="quiet">{format!("{} slices", wording::count(content.figures.n))}</span>
        </td>
    }
    .into_any()
}

/// One test. `own` says that it measured the very file that answers here.
#[component]
pub fn Card(
    /// The report.
    filed: Filed<Report>,
    /// Whether the weights file is the model's own.
    own: bool,
) -> impl IntoView {
    let Filed { address, content: report } = filed;
    let digits: String = report.weights_sha256.chars().take(16).collect();
    view! {
        <article class="report" class:leaky=report.leaky() == Some(true)>
            <h4>{report.heading()}</h4>
            <Head address figures=report.figures.clone() />
            <p>{report.shared()}</p>
            <p>{report.explanation(own)}</p>
            {confusion::table(&report.figures.confusion)}
            <p class="quiet command">
                "Repeat it: " <code>{report.command.clone()}</code>
                <br />
                {if own { "This weights file: SHA-256 " } else { "Another weights file: SHA-256 " }}
                <code>{digits}"…"</code>
                {format!(", {0} × {0} pixels", report.input_size)}
            </p>
        </article>
    }
}

/// The figure, large, with its intervals.
#[component]
fn Head(address: String, figures: Figures) -> impl IntoView {
    let [low, high] = figures.accuracy_ci95.map(wording::percent);
    let [f1_low, f1_high] = figures.macro_f1_ci95;
    view! {
        <p class="figure"><Figure address share=figures.accuracy />" right"</p>
        <Interval share=figures.accuracy interval=figures.accuracy_ci95 />
        <p class="number">
            {format!("95 % interval {low} to {high}")}
            <br />
            {format!("n = {} slices in {} groups", wording::count(figures.n), wording::count(figures.clusters))}
            <br />
            {format!("macro-F1 {:.4} ({f1_low:.4} to {f1_high:.4})", figures.macro_f1)}
        </p>
    }
}

/// A share and its interval on a line from 50 to 100 %, the same for every card.
#[component]
fn Interval(share: f64, interval: [f64; 2]) -> impl IntoView {
    let place = |share: f64| format!("{:.2}", 200.0 * (share.max(0.5) - 0.5));
    let [low, high] = interval.map(place);
    view! {
        <svg class="interval" viewBox="-2 0 104 10" preserveAspectRatio="none" aria-hidden="true">
            <line class="rule" x1="0" x2="100" y1="5" y2="5" />
            <line class="span" x1=low x2=high y1="5" y2="5" />
            <line class="point" x1=place(share) x2=place(share) y1="1" y2="9" />
        </svg>
        <p class="scale quiet" aria-hidden="true"><span>"50 %"</span><span>"100 %"</span></p>
    }
}

/// Several folds.
#[component]
pub fn FoldsCard(
    /// The report.
    filed: Filed<FoldsReport>,
) -> impl IntoView {
    let Filed { address, content } = filed;
    let (count, mean, spread) =
        (content.folds.len(), content.accuracy_over_folds.mean, content.accuracy_over_folds.standard_deviation);
    view! {
        <article class="report" class:leaky=content.leaky()>
            <h4>{format!("{count} folds")}{if content.leaky() { " (leaky)" } else { ", patients held out" }}</h4>
            <Head address figures=content.pooled.clone() />
            <p>
                {format!(
                    "{count} networks were trained by the recipe {}; each answered the fold that it had not seen. Mean of \
                     the folds {}, standard deviation {}.",
                    content.recipe.name, wording::percent(mean), wording::percent(spread),
                )}
                " "
                {content.only()}
            </p>
            <FoldsTable folds=content.folds.clone() />
            {confusion::table(&content.pooled.confusion)}
            <p class="quiet command">
                "Repeat it: " <code>{content.command.clone()}</code>
                <br />
                {format!("{0} × {0} pixels", content.input_size)}
            </p>
        </article>
    }
}

#[component]
fn FoldsTable(folds: Vec<FoldFigures>) -> impl IntoView {
    let rows = folds.into_iter().map(|fold| {
        let [low, high] = fold.accuracy_ci95.map(wording::percent);
        view! {
            <tr>
                <th scope="row">{fold.fold}</th>
                <td>{wording::count(fold.n)}</td>
                <td>{wording::percent(fold.accuracy)}</td>
                <td>{format!("{low} to {high}")}</td>
                <td>{fold.leakage.twins}</td>
                <td>{fold.leakage.patients}</td>
            </tr>
        }
    });
    let heads = ["fold", "slices", "right", "95 % interval", "copies in training", "patients in training"]
        .map(|head| view! { <th scope="col">{head}</th> });
    view! {
        <div class="scroll" tabindex="0" role="group" aria-label="Folds">
            <table><thead><tr>{heads.collect_view()}</tr></thead><tbody>{rows.collect_view()}</tbody></table>
        </div>
    }
}

/// Brains from elsewhere.
#[component]
pub fn TransferLine(
    /// The report.
    filed: Filed<Transfer>,
) -> impl IntoView {
    let Filed { address, content } = filed;
    let of = |answers: &Answers| format!("{} of {}", wording::count(answers.healthy()), wording::count(answers.n));
    view! {
        <p>
            "On healthy brains of other sources it said “no tumour” for "
            <a class="number" href=address target="_blank">{of(&content.healthy)}</a>
            {format!(
                " slices; with a tumour of a patient it had not seen put into such slices it still said so for {}.",
                of(&content.with_tumour),
            )}
        </p>
    }
}
