//! A confusion matrix as a table that can be read, heard and seen: the darker a cell, the larger its part of the row.

use leptos::prelude::*;
use protocol::Class;

use crate::report::{self, share};
use crate::wording;

/// The table.
#[component]
pub fn Confusion(
    /// What was counted.
    matrix: report::Confusion,
) -> impl IntoView {
    let heads = Class::ALL.map(|class| view! { <th scope="col">{wording::class_name(class)}</th> });
    let part = |share: Option<f64>| share.map_or("–".into(), wording::percent);
    let precisions: Vec<_> = (0..4).map(|class| view! { <td>{part(matrix.precision(class))}</td> }).collect();
    let rows = (0..4).map(|row| {
        let counts = matrix.0[row];
        let total = counts.iter().sum();
        let cells = counts.into_iter().enumerate().map(|(column, count)| {
            let share = share(count, total).unwrap_or(0.0);
            view! {
                <td class="cell" class:right=column == row style=("--share", format!("{:.0}%", 100.0 * share))>
                    {wording::count(count)}
                </td>
            }
        });
        view! {
            <tr>
                <th scope="row">{wording::class_name(Class::ALL[row])}</th>
                {cells.collect_view()}
                <td>{part(matrix.recall(row))}</td>
            </tr>
        }
    });
    view! {
        <div class="scroll" tabindex="0" role="group" aria-label="Confusion matrix">
            <table class="confusion">
                <caption>"Rows: what the slice is. Columns: what the model said."</caption>
                <thead><tr><td></td>{heads.collect_view()}<th scope="col">"found"</th></tr></thead>
                <tbody>
                    {rows.collect_view()}
                    <tr><th scope="row">"right, where said"</th>{precisions}<td></td></tr>
                </tbody>
            </table>
        </div>
    }
}
