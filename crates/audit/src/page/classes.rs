//! What each class consists of, and samples of it.

use maud::{Markup, html};

use super::table::table;
use crate::charts::histogram;
use crate::classes::ClassFindings;
use crate::findings::Audit;
use crate::numbers::{count, percent};
use crate::pictures::Pictures;
use crate::shown::Shown;

pub fn section(audit: &Audit, shown: &Shown, pictures: &Pictures) -> anyhow::Result<Markup> {
    let mut grids = Vec::new();
    for (found, samples) in audit.classes.iter().zip(&shown.samples) {
        let samples = samples.iter().map(|&index| pictures.one(index)).collect::<anyhow::Result<Vec<_>>>()?;
        grids.push((found, samples));
    }
    Ok(html! {
        h2 id="classes" { "Classes" }
        (parts(audit))
        @for found in &audit.classes { (class(found)) }
        h3 { "Intensities" }
        (intensities(audit))
        h3 { "Samples" }
        p.quiet { "Different pictures, spread over the class in the order of their names, whole and not cropped." }
        @for (found, samples) in &grids {
            h4 { (found.class) }
            div.grid.samples { @for sample in samples { (sample) } }
        }
    })
}

fn parts(audit: &Audit) -> Markup {
    let parted = audit.classes.iter().any(|class| class.training + class.testing > 0);
    let headings: &[&str] =
        if parted { &["class", "#files", "#Training", "#Testing", "#sizes"] } else { &["class", "#files", "#sizes"] };
    let rows = html! {
        @for class in &audit.classes {
            tr {
                th scope="row" { (class.class) }
                td.number { (count(class.files)) }
                @if parted { td.number { (count(class.training)) } td.number { (count(class.testing)) } }
                td.number { (count(class.different_sizes)) }
            }
        }
    };
    table("Files by class", headings, &rows)
}

/// Sizes, modes and compressions of a class side by side.
fn class(found: &ClassFindings) -> Markup {
    let jpeg: Vec<(String, usize)> = found.jpeg.iter().map(|jpeg| (jpeg.compression.to_string(), jpeg.files)).collect();
    let lists = [("size, in pixels", &found.sizes), ("colour mode", &found.modes), ("JPEG", &jpeg)];
    html! {
        h3 { (found.class) }
        div.columns {
            @for (what, counts) in lists {
                @if !counts.is_empty() {
                    (table(&format!("{}: {what}", found.class), &[what, "#files"], &html! {
                        @for (name, files) in counts {
                            tr { th scope="row" { (name) } td.number { (count(*files)) } }
                        }
                    }))
                }
            }
        }
    }
}

/// The tallest bar is the tallest of all classes that is not air, so that classes can be compared.
fn intensities(audit: &Audit) -> Markup {
    let tallest = audit.classes.iter().flat_map(|class| &class.intensities[1..]).copied().fold(0.0, f64::max);
    html! {
        p.quiet {
            "Share of a slice's pixels between its own smallest and its own largest value, in 32 bins; the mean of all slices "
            "of the class, each counting the same. The darkest bin, mostly air, is cut off at the top."
        }
        div.grid {
            @for (label, class) in audit.classes.iter().enumerate() {
                figure {
                    (histogram(&class.intensities, tallest, label, &described(class)))
                    figcaption { (class.class) ": " (percent(class.intensities[0])) " in the darkest bin" }
                }
            }
        }
        details {
            summary { "Numbers" }
            (numbers(audit))
        }
    }
}

fn described(class: &ClassFindings) -> String {
    let mean: f64 =
        class.intensities.iter().enumerate().map(|(bin, share)| share * (bin as f64 + 0.5)).sum::<f64>() / 32.0;
    format!("histogram of class {}: mean intensity {mean:.2} from 0, darkest, to 1, brightest", class.class)
}

fn numbers(audit: &Audit) -> Markup {
    let names: Vec<String> = audit.classes.iter().map(|class| format!("#{}", class.class)).collect();
    let headings: Vec<&str> = std::iter::once("bin").chain(names.iter().map(String::as_str)).collect();
    let bins = audit.classes.iter().map(|class| class.intensities.len()).max().unwrap_or(0);
    let rows = html! {
        @for bin in 0..bins {
            tr {
                th scope="row" { (bin + 1) }
                @for class in &audit.classes { td.number { (format!("{:.2} %", 100.0 * class.intensities[bin])) } }
            }
        }
    };
    table("Intensities by class", &headings, &rows)
}
