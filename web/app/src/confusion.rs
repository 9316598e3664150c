//! A confusion matrix as a table that can be read, heard and seen: the darker a cell, the larger its part of the row.

use leptos::prelude::*;

use crate::report::{Confusion, share};
use crate::wording;

/// The table.
pub fn table(matrix: Confusion<'_>) -> impl IntoView + use<> {
    let classes = matrix.classes;
    let heads: Vec<_> =
        classes.iter().map(|class| view! { <th scope="col">{wording::class_name(class).to_owned()}</th> }).collect();
    let part = |share: Option<f64>| share.map_or("–".into(), wording::percent);
    let precisions: Vec<_> =
        (0..classes.len()).map(|class| view! { <td>{part(matrix.precision(class))}</td> }).collect();
    let rows: Vec<_> = classes
        .iter()
        .zip(matrix.rows)
        .enumerate()
        .map(|(row, (class, counts))| {
            let total = counts.iter().sum();
            let cells = counts.iter().enumerate().map(|(column, &count)| {
                let share = share(count, total).unwrap_or(0.0);
                view! {
                    <td class="cell" class:right=column == row style=("--share", format!("{:.0}%", 100.0 * share))>
                        {wording::count(count as usize)}
                    </td>
                }
            });
            view! {
                <tr>
                    <th scope="row">{wording::class_name(class).to_owned()}</th>
                    {cells.collect_view()}
                    <td>{part(matrix.recall(row))}</td>
                </tr>
            }
        })
        .collect();
    view! {
        <div class="scroll" tabindex="0" role="group" aria-label="Confusion matrix">
            <table class="confusion">
                <caption>"Rows: what the slice is. Columns: what the model said."</caption>
                <thead><tr><td></td>{heads}<th scope="col">"found"</th></tr></thead>
                <tbody>
                    {rows}
                    <tr><th scope="row">"right, where said"</th>{precisions}<td></td></tr>
                </tbody>
            </table>
        </div>
    }
}
