//! The page of a run's report.

use maud::{Markup, html};
use pages::page;
use training::EpochLog;

use crate::curves;
use crate::figures::{self, with_interval};
use crate::measured::Measured;
use crate::predictions_file::HeldOut;
use crate::run_report::{Mistake, RunReport};

/// Pictures of a page.
pub struct Pictures {
    /// Those of the first mistakes.
    pub mistakes: Vec<Markup>,
    /// Slices with their maps, of a network that has one.
    pub maps: Vec<Markup>,
}

/// The page.
#[must_use]
pub fn whole_page(report: &RunReport, epochs: &[EpochLog], pictures: &Pictures) -> String {
    let measured = Measured { classes: &report.classes, report: &report.report, curves: &report.more.curves };
    let body = html! {
        (summary(report))
        (contents(report))
        (curves::section(epochs))
        (figures::sections(measured))
        (map(report, &pictures.maps))
        (mistakes(report, &pictures.mistakes))
        (data(report))
        (environment(report))
        section id="recipe" { h2 { "Recipe" } pre { (report.more.recipe.to_toml().unwrap_or_default()) } }
    };
    page(&format!("Training run: {}", report.more.recipe.name), &body)
}

fn contents(report: &RunReport) -> Markup {
    let sections = [
        ("training", "Training"),
        ("confusion", "Confusion"),
        ("scores", "Scores"),
        ("ranking", "ROC and calibration"),
        ("map", "Map"),
        ("mistakes", "Mistakes"),
        ("data", "Data"),
        ("environment", "Environment"),
        ("recipe", "Recipe"),
    ];
    html! { nav aria-label="Sections" { ul.inline { @for (id, title) in sections.into_iter().filter(|(id, _)| *id != "map" || report.more.map.is_some()) { li { a href={ "#" (id) } { (title) } } } } } }
}

fn summary(report: &RunReport) -> Markup {
    let measured = &report.report;
    html! {
        p {
            @match report.more.measured_on {
                HeldOut::Test => "Measured on the test part, which had no say in training.",
                HeldOut::Validation => {
                    "The recipe holds no test part out. Measured on the validation part, which decided which epoch is kept: "
                    "the figures flatter."
                },
            }
            " " (leakage(report))
        }
        dl.facts {
            div { dt { "accuracy" } dd { (with_interval(measured.accuracy, measured.accuracy_ci95)) } }
            div { dt { "macro-F1" } dd { (with_interval(measured.macro_f1, measured.macro_f1_ci95)) } }
            div { dt { "slices" } dd { (measured.n) } }
            div { dt { "independent groups" } dd { (measured.clusters) } }
            div { dt { "calibration error" } dd { (format!("{:.3}", measured.expected_calibration_error)) } }
            div { dt { "log loss" } dd { (format!("{:.3}", measured.log_loss)) } }
        }
    }
}

fn leakage(report: &RunReport) -> Markup {
    let Some(found) = &report.header.leakage else { return html! {} };
    html! {
        @if found.test_with_twin_in_train > 0 || found.test_with_patient_in_train > 0 {
            strong {
                "Leaky: of these slices, " (found.test_with_twin_in_train) " have a copy and "
                (found.test_with_patient_in_train) " a patient in training."
            }
        } @else if found.leaky {
            strong { "Neither patients nor copies are known, so slices of one patient can be on both sides." }
        } @else {
            "It shares no known patient and no copy with training."
        }
    }
}

/// How well the map points at tumours, and slices with it.
fn map(report: &RunReport, pictures: &[Markup]) -> Markup {
    let Some(found) = &report.more.map else { return html! {} };
    html! {
        section id="map" {
            h2 { "Map of evidence" }
            dl.facts {
                div { dt { "points at the tumour" } dd { (with_interval(found.pointing, found.pointing_ci95)) } }
                div { dt { "overlap with the outline (Dice)" } dd { (with_interval(found.dice, found.dice_ci95)) } }
                div { dt { "threshold" } dd { (format!("{:.2}", found.threshold)) } }
                div { dt { "tumours with an outline" } dd { (found.n) } }
            }
            p {
                "The brightest cell counts as pointing at the tumour where it, or one beside it, touches the outline. "
                "Below, slices that got a wrong class and slices that got the right one: orange is evidence, "
                "the line is the outline."
            }
            div.grid { @for picture in pictures { (picture) } }
        }
    }
}

fn mistakes(report: &RunReport, pictures: &[Markup]) -> Markup {
    html! {
        section id="mistakes" {
            h2 { "Surest mistakes" }
            @if report.more.mistakes.is_empty() {
                p { "Every answer is right." }
            } @else {
                p {
                    (report.more.mistakes.len()) " of " (report.report.n) " answers are wrong. "
                    "The " (pictures.len()) " given with the highest probability, as the network sees them:"
                }
                div.grid { @for (mistake, picture) in report.more.mistakes.iter().zip(pictures) { (figure(mistake, picture)) } }
            }
        }
    }
}

fn figure(mistake: &Mistake, picture: &Markup) -> Markup {
    html! {
        figure.slice {
            (picture)
            figcaption {
                strong { (mistake.truth) } " taken for " strong { (mistake.verdict) } br;
                (format!("{:.3} against {:.3}", mistake.probability, mistake.probability_of_truth)) br;
                (mistake.path)
            }
        }
    }
}

fn data(report: &RunReport) -> Markup {
    let parts = [
        ("train", &report.more.split.train),
        ("validation", &report.more.split.validation),
        ("test", &report.more.split.test),
    ];
    html! {
        section id="data" {
            h2 { "Data" }
            div.scroll {
                table {
                    thead {
                        tr {
                            th scope="col" { "part" }
                            @for class in &report.classes { th.number scope="col" { (class) } }
                            th.number scope="col" { "all" }
                        }
                    }
                    tbody {
                        @for (part, counts) in parts {
                            tr {
                                th scope="row" { (part) }
                                @for count in counts { td.number { (count) } }
                                td.number { (counts.iter().sum::<usize>()) }
                            }
                        }
                    }
                }
            }
            @if let Some(found) = &report.header.leakage {
                dl.facts {
                    div { dt { "with a copy in training" } dd { (found.test_with_twin_in_train) } }
                    div { dt { "with a patient in training" } dd { (found.test_with_patient_in_train) } }
                    div { dt { "of unknown patient" } dd { (found.test_without_patient) } }
                    div { dt { "of unknown origin" } dd { (found.test_without_groups) } }
                    div { dt { "groups of copies with two labels" } dd { (found.conflicting_twins) } }
                }
            }
            p { "Fingerprint of the data: " code { (report.header.data_fingerprint) } }
            p { "SHA-256 of the network: " code { (report.header.weights_sha256) } }
            @if !report.more.unreadable.is_empty() {
                p { "Could not be read:" }
                ul { @for file in &report.more.unreadable { li { (file) } } }
            }
        }
    }
}

fn environment(report: &RunReport) -> Markup {
    html! {
        section id="environment" {
            h2 { "Environment" }
            @match &report.more.environment {
                None => p { "Not recorded: the run is older than the record." },
                Some(found) => dl.facts {
                    div { dt { "Sulcus" } dd { (found.sulcus) } }
                    div { dt { "Burn" } dd { (found.burn) } }
                    div { dt { "device" } dd { (found.device) } }
                    div { dt { "precision" } dd { (found.precision) } }
                    div { dt { "system" } dd { (found.system) } }
                    div { dt { "cores" } dd { (found.cores) } }
                    div { dt { "started (UTC)" } dd { (found.started) } }
                },
            }
        }
    }
}
