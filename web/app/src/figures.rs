//! Figures with what is needed to believe them or not: interval, number of slices, what leaked, and the report's address.

use leptos::prelude::*;
use reports::{Answers, Evaluation, FoldFigures, Folds, Summary, Transfer, WithRecipe};

use crate::confusion;
use crate::model_reports::ReportEntry;
use crate::report::{self, Confusion};
use crate::{folds, wording};

/// The honest figure in a sentence, or that there is none.
#[component]
pub fn Claim(
    /// The report it stands in.
    honest: Option<ReportEntry<Evaluation>>,
) -> impl IntoView {
    let Some(ReportEntry { address, content: Evaluation { report: figures, .. } }) = honest else {
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
    entry: Option<ReportEntry<Evaluation>>,
) -> impl IntoView {
    let Some(ReportEntry { address, content }) = entry else {
        return view! { <td class="quiet">"not tested"</td> }.into_any();
    };
    let [low, high] = content.report.accuracy_ci95.map(wording::percent);
    view! {
        <td>
            <strong><Figure address share=content.report.accuracy /></strong>
            <span class="quiet">{format!("{low} to {high}")}</span>
            <span class="quiet">{format!("{} slices", wording::count(content.report.n))}</span>
        </td>
    }
    .into_any()
}

/// One test. `own` says that it measured the very file that answers here.
#[component]
pub fn Card(
    /// The report.
    entry: ReportEntry<Evaluation>,
    /// Whether the weights file is the model's own.
    own: bool,
) -> impl IntoView {
    let ReportEntry { address, content } = entry;
    let header = &content.header;
    let matrix = Confusion { classes: &content.classes, rows: &content.report.confusion };
    let digits: String = header.weights_sha256.chars().take(16).collect();
    view! {
        <article class="report" class:leaky=report::leaky(&content) == Some(true)>
            <h4>{report::heading(&content)}</h4>
            <Head address figures=Summary::from(&content.report) />
            <p>{report::shared(&content)}</p>
            <p>{report::explanation(&content, own)}</p>
            {confusion::table(matrix)}
            <p class="quiet command">
                "Repeat it: " <code>{header.command.clone()}</code>
                <br />
                {if own { "This weights file: SHA-256 " } else { "Another weights file: SHA-256 " }}
                <code>{digits}"…"</code>
                {format!(", {0} × {0} pixels", header.input_size)}
            </p>
        </article>
    }
}

/// The figure, large, with its intervals.
#[component]
fn Head(address: String, figures: Summary) -> impl IntoView {
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
    entry: ReportEntry<Folds<WithRecipe>>,
) -> impl IntoView {
    let ReportEntry { address, content } = entry;
    let leaky = folds::leaky(&content);
    let matrix = Confusion { classes: &content.classes, rows: &content.report.confusion };
    let (count, mean, spread) =
        (content.folds.len(), content.accuracy_over_folds.mean, content.accuracy_over_folds.standard_deviation);
    view! {
        <article class="report" class:leaky=leaky>
            <h4>{format!("{count} folds")}{if leaky { " (leaky)" } else { ", patients held out" }}</h4>
            <Head address figures=Summary::from(&content.report) />
            <p>
                {format!(
                    "{count} networks were trained by the recipe {}; each answered the fold that it had not seen. Mean of \
                     the folds {}, standard deviation {}.",
                    content.more.recipe.name, wording::percent(mean), wording::percent(spread),
                )}
                " "
                {folds::only(&content)}
            </p>
            <FoldsTable folds=content.folds.clone() />
            {confusion::table(matrix)}
            <p class="quiet command">
                "Repeat it: " <code>{content.header.command.clone()}</code>
                <br />
                {format!("{0} × {0} pixels", content.header.input_size)}
            </p>
        </article>
    }
}

#[component]
fn FoldsTable(folds: Vec<FoldFigures>) -> impl IntoView {
    let rows = folds.into_iter().map(|fold| {
        let [low, high] = fold.summary.accuracy_ci95.map(wording::percent);
        view! {
            <tr>
                <th scope="row">{fold.fold}</th>
                <td>{wording::count(fold.summary.n)}</td>
                <td>{wording::percent(fold.summary.accuracy)}</td>
                <td>{format!("{low} to {high}")}</td>
                <td>{fold.leakage.test_with_twin_in_train}</td>
                <td>{fold.leakage.test_with_patient_in_train}</td>
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
    entry: ReportEntry<Transfer>,
) -> impl IntoView {
    let ReportEntry { address, content } = entry;
    let of = |answers: &Answers| {
        format!(
            "{} of {}",
            wording::count(answers.called.get(wording::NO_TUMOUR).copied().unwrap_or(0)),
            wording::count(answers.n)
        )
    };
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
