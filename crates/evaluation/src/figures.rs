//! What was measured, as tables and charts of a page.

use maud::{Markup, html};
use pages::chart::{Axis, Chart, Series, Stroke};

use crate::measured::Measured;

/// Classes that have a colour of their own in `page.css`; later ones have a broken line.
const COLORS: usize = 4;

/// The sections on what was measured, each with its heading.
#[must_use]
pub fn sections(measured: Measured<'_>) -> Markup {
    html! {
        section id="confusion" { h2 { "Confusion matrix" } (confusion(measured)) }
        section id="scores" { h2 { "Scores of each class" } (scores(measured)) }
        section id="ranking" { h2 { "ROC curves and calibration" } div.charts { (roc(measured)) (calibration(measured)) } (bins(measured)) }
    }
}

/// A figure with its 95 % interval: `0.912 (0.897 to 0.926)`.
#[must_use]
pub fn with_interval(value: f64, [low, high]: [f64; 2]) -> Markup {
    html! { (format!("{value:.3}")) " " span.quiet { (format!("({low:.3} to {high:.3})")) } }
}

/// Counts, shaded by the part of their row: right answers in one colour, mistakes in another.
fn confusion(measured: Measured<'_>) -> Markup {
    html! {
        p.quiet { "Rows are the truth, columns the verdict. Below each count, its part of the row." }
        div.scroll {
            table.confusion {
                thead {
                    tr {
                        td {}
                        @for class in measured.classes { th scope="col" { (class) } }
                        th.number scope="col" { "slices" }
                    }
                }
                tbody {
                    @for (truth, row) in measured.report.confusion.iter().enumerate() {
                        @let total: u64 = row.iter().sum();
                        tr {
                            th scope="row" { (measured.classes[truth]) }
                            @for (verdict, &count) in row.iter().enumerate() { (cell(count, total, truth == verdict)) }
                            td.number { (total) }
                        }
                    }
                }
            }
        }
    }
}

fn cell(count: u64, total: u64, right: bool) -> Markup {
    let share = count as f64 / total.max(1) as f64;
    // Mistakes are rare: by its root, one in a hundred can still be seen.
    let strength = if right { share } else { share.sqrt() };
    html! {
        td.count.right[right] style=(format!("--strength: {:.0}%", strength * 45.0)) {
            (count) br; small { (format!("{:.1} %", share * 100.0)) }
        }
    }
}

fn scores(measured: Measured<'_>) -> Markup {
    let report = &measured.report;
    html! {
        p.quiet {
            "In brackets, 95 % intervals: " (report.bootstrap.resamples) " resamples of whole clusters of patients and copies."
        }
        div.scroll {
            table {
                thead {
                    tr {
                        th scope="col" { "class" }
                        @for score in ["precision", "recall", "F1"] { th scope="col" { (score) } }
                        th.number scope="col" { "ROC area" }
                        th.number scope="col" { "slices" }
                    }
                }
                tbody {
                    @for (class, interval) in report.per_class.iter().zip(&measured.curves.class_ci95) {
                        tr {
                            th scope="row" { (class.class) }
                            td { (with_interval(class.precision, interval.precision)) }
                            td { (with_interval(class.recall, interval.recall)) }
                            td { (with_interval(class.f1, interval.f1)) }
                            td.number { (area(class.roc_auc)) }
                            td.number { (class.support) }
                        }
                    }
                    tr.total {
                        th scope="row" { "mean of the classes" }
                        td { (format!("{:.3}", report.macro_average.precision)) }
                        td { (format!("{:.3}", report.macro_average.recall)) }
                        td { (with_interval(report.macro_f1, report.macro_f1_ci95)) }
                        td.number { (area(report.macro_roc_auc)) }
                        td.number { (report.n) }
                    }
                }
            }
        }
    }
}

fn area(area: Option<f64>) -> String {
    area.map_or_else(|| "none".to_owned(), |area| format!("{area:.4}"))
}

fn roc(measured: Measured<'_>) -> Markup {
    let curve = |(class, points): (usize, &Option<Vec<metrics::RocPoint>>)| {
        let points = points.as_ref()?;
        let name = format!("{}: area {}", measured.classes[class], area(measured.report.per_class[class].roc_auc));
        Some(Series {
            name,
            color: format!("var(--series-{})", class % COLORS),
            stroke: if class < COLORS { Stroke::Line } else { Stroke::Dashed },
            points: points.iter().map(|point| (point.false_positive_rate, point.true_positive_rate)).collect(),
        })
    };
    let curves = measured.curves.roc.iter().enumerate().filter_map(curve);
    Chart {
        title: "ROC, each class against the rest".to_owned(),
        description: "The areas under the curves stand in the legend and in the table of scores".to_owned(),
        x: share("part of other classes taken for it"),
        y: share("part of the class found"),
        series: std::iter::once(diagonal()).chain(curves).collect(),
        marks: Vec::new(),
    }
    .figure()
}

fn calibration(measured: Measured<'_>) -> Markup {
    let error = measured.report.expected_calibration_error;
    let filled = measured.report.reliability.iter().filter(|bin| bin.count > 0);
    let bins = Series {
        name: format!("slices of like confidence; expected calibration error {error:.3}"),
        color: "var(--series-1)".to_owned(),
        stroke: Stroke::Line,
        points: filled.map(|bin| (bin.confidence, bin.accuracy)).collect(),
    };
    Chart {
        title: "Confidence and accuracy".to_owned(),
        description: "Below the diagonal the network is surer than it is right; the numbers are in the table"
            .to_owned(),
        x: share("mean confidence"),
        y: share("part that is right"),
        series: vec![diagonal(), bins],
        marks: Vec::new(),
    }
    .figure()
}

fn share(label: &'static str) -> Axis {
    Axis { label, from: 0.0, to: 1.0, step: 0.0 }
}

fn diagonal() -> Series {
    Series { name: String::new(), color: String::new(), stroke: Stroke::Guide, points: vec![(0.0, 0.0), (1.0, 1.0)] }
}

fn bins(measured: Measured<'_>) -> Markup {
    html! {
        details {
            summary { "Confidence and accuracy in numbers" }
            div.scroll {
                table {
                    thead {
                        tr { @for head in ["from", "to", "slices", "mean confidence", "right"] { th.number scope="col" { (head) } } }
                    }
                    tbody {
                        @for bin in measured.report.reliability.iter().filter(|bin| bin.count > 0) {
                            tr {
                                td.number { (format!("{:.3}", bin.from)) }
                                td.number { (format!("{:.3}", bin.to)) }
                                td.number { (bin.count) }
                                td.number { (format!("{:.3}", bin.confidence)) }
                                td.number { (format!("{:.3}", bin.accuracy)) }
                            }
                        }
                    }
                }
            }
        }
    }
}
