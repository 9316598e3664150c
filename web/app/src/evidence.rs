//! "How good is this?": the evaluation reports, side by side, with what they are worth.

use leptos::prelude::*;
use protocol::Class;

use crate::model::Page;
use crate::report::Report;
use crate::wording;

/// The text of the dialog.
#[component]
pub fn Evidence(
    /// The page.
    page: Page,
) -> impl IntoView {
    view! {
        <p>
            "Sulcus sorts single slices of brain MRI into four classes. It was trained on a public collection of 7,023 "
            "slices in which many slices occur twice or mirrored, and most patients several times. A test that puts "
            "copies of training slices to the model flatters it; so two figures stand here, and which one to believe."
        </p>
        <div class="reports">
            {move || page.reports.with(|reports| {
                reports.iter().map(|(address, report)| view! { <Card address=address.clone() report=report.clone() /> }).collect_view()
            })}
        </div>
        <Show when=move || page.reports.with(Vec::is_empty)>
            <p role="status">"No report has been loaded, so nothing is claimed."</p>
        </Show>
        <h3>"What it can't do"</h3>
        <ul>
            <li>"It knows four classes and no others. Pictures that are no brain MRI it mostly refuses; another disease of the brain it can't."</li>
            <li>"“No tumour” slices of the collection come from another source than the tumours: the model may have learned the source."</li>
            <li>"It sees one slice. A radiologist sees the series, the other sequences, the history and the patient."</li>
            <li>"It was never tested in a clinic, and it is no medical device."</li>
        </ul>
    }
}

#[component]
fn Card(address: String, report: Report) -> impl IntoView {
    let [low, high] = report.accuracy_ci95;
    view! {
        <article class="report" class:leaky=report.leaky>
            <h3>{report.heading()}{if report.leaky { " (leaky)" } else { "" }}</h3>
            <p class="figure"><a class="number" href=address target="_blank">{wording::percent(report.accuracy)}</a>" right"</p>
            <p class="number">
                {format!("n = {}, 95 % interval {} to {}, macro-F1 {:.4}", report.n, wording::percent(low), wording::percent(high), report.macro_f1)}
            </p>
            <p>{report.explanation()}</p>
            <Confusion report=report.clone() />
            <p class="quiet command">
                "Repeat it: " <code>{report.command.clone()}</code>
                <br />
                "Weights file: SHA-256 " <code>{report.weights_sha256.chars().take(16).collect::<String>()}"…"</code>
            </p>
        </article>
    }
}

#[component]
fn Confusion(report: Report) -> impl IntoView {
    let heads = Class::ALL.map(|class| view! { <th scope="col">{wording::class_name(class)}</th> });
    let rows = (0..4).map(|row| {
        let counts = report.confusion[row];
        let recall = report.recall(row).map_or("–".into(), wording::percent);
        let cells =
            counts.iter().enumerate().map(|(column, count)| view! { <td class:right=column == row>{*count}</td> });
        view! {
            <tr>
                <th scope="row">{wording::class_name(Class::ALL[row])}</th>
                {cells.collect_view()}
                <td>{recall}</td>
            </tr>
        }
    });
    view! {
        <div class="scroll" tabindex="0" role="group" aria-label="Confusion matrix">
            <table>
                <caption>"Rows: what the slice is. Columns: what the model said."</caption>
                <thead><tr><td></td>{heads.collect_view()}<th scope="col">"found"</th></tr></thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
}
