//! Tests on scans from elsewhere, whose labels say whether there is a tumour and no more.

use leptos::prelude::*;
use reports::{Detection, DetectionReport, Estimate};

use crate::model_reports::ReportEntry;
use crate::{report, wording};

/// The columns: a heading, and what it is.
const FIGURES: [(&str, &str); 5] = [
    (
        "ROC area",
        "The chance that a slice with a tumour gets a higher probability of one than a slice without; 0.5 is a guess",
    ),
    ("recall", "Of the slices with a tumour, the share that is said to have one"),
    ("specificity", "Of the slices without a tumour, the share that is said to have none"),
    ("answered", "Share of slices that are neither “unsure” nor refused"),
    ("wrong if answered", "Of the slices that are answered, the share that is wrong"),
];

/// One test: all slices, then those of each source, sequence and plane.
#[component]
pub fn DetectionTable(
    /// The report.
    entry: ReportEntry<Detection>,
) -> impl IntoView {
    let ReportEntry { address, content } = entry;
    let title = if report::leaves_sources_out(&content) {
        "Tumour or none, on sources left out: a network for each, which has seen nothing of it"
    } else {
        "Tumour or none, on scans from elsewhere"
    };
    let Detection { figures, groups, without_patient, header, .. } = content;
    let groups = groups.into_iter().map(|group| {
        let value = if group.value.is_empty() { "not given".to_owned() } else { group.value };
        view! { <Row name=format!("{} {value}", group.column) figures=group.figures /> }
    });
    let heads = FIGURES.map(|(name, meaning)| view! { <th scope="col" title=meaning>{name}</th> });
    view! {
        <section class="detection">
            <h4>{title}</h4>
            <p>
                <a class="number" href=address target="_blank">{wording::count(figures.n)}" slices"</a>
                {format!(
                    " in {} groups, {} of them with a tumour. In brackets, 95 % intervals over patients. {}",
                    wording::count(figures.clusters), wording::count(figures.positives), patients(without_patient),
                )}
            </p>
            <div class="scroll" tabindex="0" role="group" aria-label="Tumour or none">
                <table>
                    <thead><tr><td></td><th scope="col">"slices"</th>{heads.collect_view()}</tr></thead>
                    <tbody><Row name="all".to_owned() figures />{groups.collect_view()}</tbody>
                </table>
            </div>
            <p class="quiet command">"Repeat it: " <code>{header.command}</code></p>
        </section>
    }
}

fn patients(unknown: usize) -> String {
    match unknown {
        0 => String::new(),
        unknown => format!(
            "Of {} slices the patient is not known; each counts as one, so intervals are too narrow.",
            wording::count(unknown)
        ),
    }
}

#[component]
fn Row(name: String, figures: DetectionReport) -> impl IntoView {
    let area = figures.auroc.map(|area| figure(area, |value| format!("{value:.3}")));
    let shares = [figures.recall, figures.specificity, figures.answered, figures.wrong_among_answered]
        .map(|share| share.map(|share| figure(share, wording::percent)));
    let cells = std::iter::once(area).chain(shares).map(|cell| match cell {
        Some((value, interval)) => view! { <td>{value}" "<span class="quiet">{interval}</span></td> }.into_any(),
        None => view! { <td class="quiet">"none"</td> }.into_any(),
    });
    view! {
        <tr>
            <th scope="row">{name}</th>
            <td>{wording::count(figures.n)}</td>
            {cells.collect_view()}
        </tr>
    }
}

/// A figure and its interval in words.
fn figure(Estimate { value, ci95 }: Estimate, say: fn(f64) -> String) -> (String, String) {
    let [low, high] = ci95.map(say);
    (say(value), format!("({low} to {high})"))
}
