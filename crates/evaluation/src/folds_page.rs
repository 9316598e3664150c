//! The page of a cross-validation.

use maud::{Markup, html};
use pages::page;
use reports::{FoldFigures, Spread};

use crate::figures::{self, with_interval};
use crate::folds_report::FoldsReport;
use crate::measured::Measured;

/// The page; a fold's own report is a link away.
#[must_use]
pub fn whole_page(report: &FoldsReport) -> String {
    let pooled = &report.report;
    let measured = Measured { classes: &report.classes, report: pooled, curves: &report.more.curves };
    let body = html! {
        p {
            "Every slice was classified once, by the network of the fold that held it out"
            @if report.folds.iter().any(|fold| fold.leakage.leaky) {
                ". " strong { "Leaky: see the column on training." }
            } @else {
                " and had seen neither its patient nor a copy of it."
            }
        }
        dl.facts {
            div { dt { "accuracy, all folds together" } dd { (with_interval(pooled.accuracy, pooled.accuracy_ci95)) } }
            div { dt { "macro-F1, all folds together" } dd { (with_interval(pooled.macro_f1, pooled.macro_f1_ci95)) } }
            div { dt { "accuracy, mean of folds" } dd { (spread(&report.accuracy_over_folds)) } }
            div { dt { "macro-F1, mean of folds" } dd { (spread(&report.macro_f1_over_folds)) } }
        }
        section id="folds" { h2 { "Folds" } (folds(report)) p.quiet { (report.more.intervals) } }
        h2 { "All folds together" }
        (figures::sections(measured))
        section id="recipe" {
            h2 { "Recipe" }
            p { "Of the first fold; the others differ in the fold's number." }
            pre { (report.more.recipe.to_toml().unwrap_or_default()) }
            p { "Fingerprint of the data: " code { (report.header.data_fingerprint) } }
        }
    };
    page(&format!("Cross-validation: {}", report.more.recipe.name), &body)
}

fn spread(spread: &Spread) -> Markup {
    html! {
        (format!("{:.3}", spread.mean)) " "
        span.quiet { (format!("(standard deviation {:.3})", spread.standard_deviation)) }
    }
}

fn folds(report: &FoldsReport) -> Markup {
    html! {
        div.scroll {
            table {
                thead {
                    tr {
                        th scope="col" { "fold" }
                        th.number scope="col" { "slices" }
                        th.number scope="col" { "independent groups" }
                        th scope="col" { "accuracy" }
                        th scope="col" { "macro-F1" }
                        th scope="col" { "seen in training" }
                    }
                }
                tbody { @for fold in &report.folds { (row(fold)) } }
            }
        }
    }
}

fn row(fold: &FoldFigures) -> Markup {
    let (summary, found) = (&fold.summary, &fold.leakage);
    html! {
        tr {
            th scope="row" { a href=(format!("fold-{}/report.html", fold.fold)) { "fold " (fold.fold) } }
            td.number { (summary.n) }
            td.number { (summary.clusters) }
            td { (with_interval(summary.accuracy, summary.accuracy_ci95)) }
            td { (with_interval(summary.macro_f1, summary.macro_f1_ci95)) }
            td {
                @if found.test_with_twin_in_train > 0 || found.test_with_patient_in_train > 0 {
                    (found.test_with_twin_in_train) " by a copy, " (found.test_with_patient_in_train) " by a patient"
                } @else if found.leaky { "unknown" } @else { "nothing" }
            }
        }
    }
}
