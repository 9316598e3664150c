//! What can be told without looking at a brain.

use maud::{Markup, html};

use super::table::table;
use crate::charts::bar;
use crate::findings::Audit;
use crate::numbers::{count, percent};
use crate::shortcuts::{Group, Probed, Shortcuts};

pub fn section(audit: &Audit) -> Markup {
    let found = &audit.shortcuts;
    html! {
        h2 id="shortcuts" { "Shortcuts" }
        p {
            "Where one class comes from another source than the others, a network can learn the source in place of the "
            "disease: how large the frame is, which program saved the file, how noisy the air is. A held-out part of the "
            "same folder does not show it, for it has the same sources. So a small probe (a logistic regression) was "
            "asked what it can tell from such numbers alone, without looking at a brain."
        }
        @if found.files.is_empty() {
            @for sentence in &found.says { p { strong { (sentence) } } }
        } @else {
            (measured(found))
        }
    }
}

fn measured(found: &Shortcuts) -> Markup {
    let input = &found.input;
    html! {
        p {
            "How it was measured: " (count(found.slices)) " different pictures, the first of each group of copies by its name, in "
            (count(found.clusters)) " clusters of patients and copies; " (found.folds) " folds that tear no cluster "
            "apart; classes count the same. The network's input is " (input.size) " x " (input.size) " pixels around the "
            "head, with a rim of " (percent(f64::from(input.margin))) ", scaled from the " (input.intensity.low) "th to the "
            (input.intensity.high) "th percentile."
        }
        h3 { "All classes" }
        p.quiet { "Balanced accuracy with its 95 % interval. The mark in a bar is a guess: " (percent(found.chance)) "." }
        (all_classes(found))
        h3 { "Each class against the rest" }
        p.quiet {
            "Area under the ROC curve: how often a slice of the class is ranked before one of another. A guess has 0.5."
        }
        (by_class("In the files", &found.files))
        (by_class("In the network's input", &found.prepared))
        h3 { "How to read it" }
        ul {
            li {
                "A high figure is no proof that a network takes the shortcut, but nothing in this folder keeps it from "
                "doing so. Accuracy on this folder is then no evidence for another hospital's scans."
            }
            li { "Frame, colour mode and JPEG tables are gone once a slice is prepared, though they leave traces in sharpness." }
            li {
                "Borders and sharpness are not free of anatomy: an axial slice has another outline than a sagittal one, "
                "and a tumour of the pituitary is cut in other planes than a glioma. What is left in the input can be both."
            }
            li { "Only what is in the table was measured. A brain cut out of its skull, or another sequence, was not." }
        }
    }
}

fn all_classes(found: &Shortcuts) -> Markup {
    let input = |group: Group| found.prepared.iter().find(|probed| probed.group == group);
    let rows = html! {
        @for probed in &found.files {
            tr {
                th scope="row" { (probed.group.title()) div.quiet { (probed.group.measures()) } }
                td.probed { (figure(probed, found.chance)) }
                td.probed {
                    @match input(probed.group) {
                        Some(probed) => (figure(probed, found.chance)),
                        None => span.quiet { "gone by preparation" },
                    }
                }
            }
        }
    };
    table("Balanced accuracy of probes", &["what the probe sees", "in the files", "in the network's input"], &rows)
}

fn figure(probed: &Probed, chance: f64) -> Markup {
    let [low, high] = probed.report.balanced_accuracy_ci95;
    html! {
        (bar(probed.report.balanced_accuracy, chance)) " "
        (percent(probed.report.balanced_accuracy))
        div.quiet { (percent(low)) " to " (percent(high)) }
    }
}

fn by_class(title: &str, probed: &[Probed]) -> Markup {
    let classes = probed.first().map(|probed| probed.report.per_class.iter().map(|class| format!("#{}", class.class)));
    let headings: Vec<String> = std::iter::once(title.to_owned()).chain(classes.into_iter().flatten()).collect();
    let rows = html! {
        @for probed in probed {
            tr {
                th scope="row" { (probed.group.title()) }
                @for class in &probed.report.per_class {
                    td.number { (class.roc_auc.map_or_else(|| "none".to_owned(), |area| format!("{area:.3}"))) }
                }
            }
        }
    };
    table(&format!("Areas under the curve, {title}"), &headings.iter().map(String::as_str).collect::<Vec<_>>(), &rows)
}
