//! Slices that show the same picture, and what Testing shares with Training.

use maud::{Markup, html};

use super::table::table;
use crate::findings::Audit;
use crate::numbers::count;
use crate::pairs::{Pair, meaning};
use crate::pictures::Pictures;
use crate::shown::Shown;

/// Copies by relation, then all with conflicting labels.
pub fn section(audit: &Audit, shown: &Shown, pictures: &Pictures) -> anyhow::Result<Markup> {
    let mut relations = Vec::new();
    for (relation, found, pairs) in &shown.relations {
        relations.push((relation, found, side_by_side(pairs.iter().copied(), pictures)?));
    }
    let conflicting = side_by_side(&audit.conflicting, pictures)?;
    Ok(html! {
        h2 id="copies" { "Copies" }
        p {
            (count(audit.files)) " files show " (count(audit.unique)) " different pictures. Two files are copies where their "
            "values at 48 x 48 pixels correlate by 0.99 or more in one of the eight orientations of a square. "
            "Of three copies, each of the three pairs counts."
        }
        @if relations.is_empty() { p.quiet { "No two files show the same picture." } }
        @for (relation, found, pairs) in &relations {
            h3 { (relation) ": " (count(**found)) }
            p.quiet { (meaning(relation)) }
            div.grid { @for pair in pairs { (pair) } }
        }
        h2 id="conflicts" { "Conflicting labels" }
        @if conflicting.is_empty() {
            p.quiet { "No two copies lie in different classes." }
        } @else {
            p { "The same picture in two classes: at most one of the labels is right. All " (count(conflicting.len())) " pairs." }
            div.grid { @for pair in &conflicting { (pair) } }
        }
    })
}

/// What Testing shares with Training: copies and patients.
pub fn parts_section(audit: &Audit, shown: &Shown, pictures: &Pictures) -> anyhow::Result<Markup> {
    let (found, pairs) = &shown.across;
    let across = side_by_side(pairs.iter().copied(), pictures)?;
    let patients = patients(shown, pictures)?;
    Ok(html! {
        h2 id="parts" { "Training and Testing" }
        @match &audit.leakage {
            None => p.quiet { "The folder has no parts Training and Testing." },
            Some(leakage) => {
                p {
                    "Of Testing, " (count(leakage.test_with_twin_in_train)) " files have a copy in Training, and "
                    (count(leakage.test_with_patient_in_train)) " have a patient there. A network that remembers does well on them."
                }
                h3 { "Copies on both sides: " (count(*found)) " pairs" }
                @if across.is_empty() { p.quiet { "None." } }
                div.grid { @for pair in &across { (pair) } }
                h3 { "Patients on both sides: " (count(audit.patients.on_both_sides.len())) }
                p { (audit.patients.says) }
                div.grid { @for patient in &patients { (patient) } }
                (patient_counts(audit))
            }
        }
    })
}

fn side_by_side<'a>(pairs: impl IntoIterator<Item = &'a Pair>, pictures: &Pictures) -> anyhow::Result<Vec<Markup>> {
    pairs.into_iter().map(|pair| pictures.two(pair)).collect()
}

fn patients(shown: &Shown, pictures: &Pictures) -> anyhow::Result<Vec<Markup>> {
    let caption = |patient: &crate::patients::SharedPatient| {
        format!("one patient: {} files in Training, {} in Testing", patient.training.len(), patient.testing.len())
    };
    shown.patients.iter().map(|patient| pictures.beside(patient.examples, &caption(patient))).collect()
}

/// Patients are numbered: an identifier from a scanner does not belong on a page that is passed on.
fn patient_counts(audit: &Audit) -> Markup {
    let shared = &audit.patients.on_both_sides;
    if shared.is_empty() {
        return html! {};
    }
    let rows = html! {
        @for (index, patient) in shared.iter().enumerate() {
            tr {
                th scope="row" { (index + 1) }
                td.number { (count(patient.training.len())) }
                td.number { (count(patient.testing.len())) }
                td { (patient.testing.first().map_or("", String::as_str)) }
            }
        }
    };
    html! {
        details {
            summary { "All patients on both sides" }
            (table("Patients on both sides", &["patient", "#Training", "#Testing", "such as"], &rows))
        }
    }
}
