//! The page on sources that were left out.

use maud::{Markup, html};
use pages::page;
use reports::{DetectionReport, Estimate};

use crate::figures::with_interval;
use crate::sources::{Left, SourcesReport};

/// The page; the report of each network is a link away.
#[must_use]
pub fn whole_page(report: &SourcesReport) -> String {
    let details = &report.more;
    let body = html! {
        p {
            "For every source a network was trained that has seen no slice of it. The question is whether there is a tumour: "
            "the score is one minus the probability of \"" (report.none) "\"."
        }
        div.scroll {
            table {
                thead {
                    tr {
                        th scope="col" { "source left out" }
                        @for head in ["slices", "with a tumour"] { th.number scope="col" { (head) } }
                        @for head in ["ROC area", "recall", "specificity", "answered", "wrong among answered", "accuracy at home"] {
                            th scope="col" { (head) }
                        }
                    }
                }
                tbody {
                    @for (number, (group, network)) in (1..).zip(report.groups.iter().zip(&details.networks)) {
                        tr {
                            th scope="row" { a href=(format!("source-{number}/report.html")) { (network.source) } }
                            (cells(&group.figures))
                            td { (at_home(network)) }
                        }
                    }
                    tr.total { th scope="row" { "all" } (cells(&report.figures)) td {} }
                }
            }
        }
        p.quiet {
            "In brackets, 95 % intervals: resamples of whole clusters of patients and copies. Of "
            (report.without_patient) " slices the patient is not known; each counts as one. A network answers where its highest "
            "probability is one at which at most " (format!("{:.0} %", details.risk * 100.0)) " of its answers on validation "
            "slices are wrong. Accuracy at home is that on the held-out slices of the data set, all classes but those of the "
            "source."
        }
        section id="recipe" {
            h2 { "Recipe" }
            p { "Of the first network; the others differ in the source that is left out." }
            pre { (details.recipe.to_toml().unwrap_or_default()) }
            p { "Fingerprint of the data: " code { (report.header.data_fingerprint) } }
        }
    };
    page(&format!("Sources left out: {}", details.recipe.name), &body)
}

fn cells(figures: &DetectionReport) -> Markup {
    let DetectionReport { n, positives, auroc, recall, specificity, answered, wrong_among_answered, .. } = figures;
    html! {
        td.number { (n) }
        td.number { (positives) }
        @for estimate in [auroc, recall, specificity, answered, wrong_among_answered] {
            td { @if let Some(Estimate { value, ci95 }) = estimate { (with_interval(*value, *ci95)) } @else { "none" } }
        }
    }
}

fn at_home(network: &Left) -> Markup {
    with_interval(network.home.accuracy, network.home.accuracy_ci95)
}
