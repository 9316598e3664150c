//! Two small charts, drawn from a report: whether a probability means what it says, and what "unsure" buys.
//!
//! Each has the same numbers as a table below it, for those who can't see it and those who want to know exactly.

use charts::{Axis, Chart, Series, Stroke};
use leptos::prelude::*;

use crate::wording;
use reports::{Abstention, Bin};

/// The reliability diagram.
#[component]
pub fn Reliability(
    /// The bins of the report.
    bins: Vec<Bin>,
) -> impl IntoView {
    let bins: Vec<Bin> = bins.into_iter().filter(|bin| bin.count > 0).collect();
    let rows = bins.iter().map(|bin| {
        view! {
            <tr>
                <th scope="row">{format!("{:.2} to {:.2}", bin.from, bin.to)}</th>
                <td>{wording::count(bin.count as usize)}</td>
                <td>{format!("{:.2}", bin.confidence)}</td>
                <td>{format!("{:.2}", bin.accuracy)}</td>
            </tr>
        }
    });
    view! {
        <figure class="chart">
            <Drawing chart=reliability(&bins) />
            <figcaption>"On the broken line a probability means what it says; below it the model is too sure. The larger a dot, the more slices."</figcaption>
            <Numbers heads=["probability", "slices", "said on average", "right"] rows=rows.collect_view().into_any() />
        </figure>
    }
}

/// A dot for every bin, as far from the diagonal as it is wrong.
fn reliability(bins: &[Bin]) -> Chart {
    let dots: Vec<_> = bins.iter().map(|bin| (100.0 * bin.confidence, 100.0 * bin.accuracy)).collect();
    let gaps = dots.iter().flat_map(|&(x, y)| [(x, x), (x, y)]).collect();
    let counts = bins.iter().map(|bin| bin.count).collect();
    Chart {
        title: "Reliability diagram".into(),
        description: description(bins),
        x: percent("what it said (probability, %)", 20.0, 100.0),
        y: percent("how often it was right (%)", 0.0, 100.0),
        series: vec![
            series(Stroke::Guide, vec![(20.0, 20.0), (100.0, 100.0)]),
            series(Stroke::Gaps, gaps),
            series(Stroke::Dots { counts }, dots),
        ],
        marks: Vec::new(),
    }
}

/// What there is to see, in a sentence or two.
fn description(bins: &[Bin]) -> String {
    let apart = |bin: &Bin| bin.confidence - bin.accuracy;
    let Some(sure) = bins.last() else { return "There are no slices.".into() };
    let total: u64 = bins.iter().map(|bin| bin.count).sum();
    let below: u64 = bins.iter().filter(|bin| apart(bin) > 0.0).map(|bin| bin.count).sum();
    format!(
        "Of {} slices, {} have a probability above {:.2}: said {:.2} on average, right {:.2}. The model is too sure for \
         {} slices. The table below has all bins.",
        wording::count(total as usize),
        wording::count(sure.count as usize),
        sure.from,
        sure.confidence,
        sure.accuracy,
        wording::count(below as usize)
    )
}

/// Coverage against risk.
#[component]
pub fn Risk(
    /// The rule of the model, and others beside it.
    rule: Abstention,
) -> impl IntoView {
    let chart = risk(&rule);
    let rows = rule.curve.into_iter().map(|point| {
        view! {
            <tr>
                <th scope="row">{format!("{:.2}", point.confidence)}</th>
                <td>{wording::percent(point.coverage)}</td>
                <td>{wording::percent(point.risk)}</td>
            </tr>
        }
    });
    view! {
        <figure class="chart">
            <Drawing chart />
            <figcaption>"The dot is the rule that the page follows. Naming a class less often, the model would err less."</figcaption>
            <Numbers heads=["named from", "get a class", "of these, wrong"] rows=rows.collect_view().into_any() />
        </figure>
    }
}

/// The rules as a line, and the rule of the model on it.
fn risk(rule: &Abstention) -> Chart {
    let here = (100.0 * rule.coverage, 100.0 * rule.risk);
    let curve: Vec<_> = rule.curve.iter().map(|point| (100.0 * point.coverage, 100.0 * point.risk)).collect();
    let highest = curve.iter().map(|point| point.1).fold(here.1, f64::max);
    Chart {
        title: "Curve of wrong answers against answered slices".into(),
        description: format!(
            "The model answers {} of the slices, of these {} are wrong; it says unsure about the rest. The table below has \
             other rules.",
            wording::percent(rule.coverage),
            wording::percent(rule.risk)
        ),
        x: percent("slices that get a class (%)", 0.0, 100.0),
        // The next 5 % above, so that the axis ends with a number.
        y: percent("of these, wrong (%)", 0.0, ((highest + 1.0) / 5.0).ceil() * 5.0),
        series: vec![series(Stroke::Line, curve), series(Stroke::Highlight, vec![here])],
        marks: Vec::new(),
    }
}

fn percent(label: &'static str, from: f64, to: f64) -> Axis {
    Axis { label, from, to, step: 1.0 }
}

fn series(stroke: Stroke, points: Vec<(f64, f64)>) -> Series {
    Series { name: String::new(), color: "var(--accent)".into(), stroke, points }
}

/// A chart, whose texts are escaped where it is drawn.
#[component]
fn Drawing(chart: Chart) -> impl IntoView {
    view! { <div inner_html=chart.svg().into_string()></div> }
}

/// The numbers of a chart.
#[component]
fn Numbers<const N: usize>(heads: [&'static str; N], rows: AnyView) -> impl IntoView {
    let heads = heads.map(|head| view! { <th scope="col">{head}</th> });
    view! {
        <details>
            <summary>"The numbers"</summary>
            <table><thead><tr>{heads.collect_view()}</tr></thead><tbody>{rows}</tbody></table>
        </details>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use reports::RiskPoint;

    fn bin(from: f64, count: u64, confidence: f64, accuracy: f64) -> Bin {
        Bin { from, to: from + 0.1, count, confidence, accuracy }
    }

    #[test]
    fn every_dot_hangs_from_the_diagonal() {
        let chart = reliability(&[bin(0.25, 40, 0.25, 0.5), bin(0.75, 900, 0.75, 1.0)]);
        assert_eq!(chart.series[1].points, [(25.0, 25.0), (25.0, 50.0), (75.0, 75.0), (75.0, 100.0)]);
        assert_eq!(chart.series[2].points, [(25.0, 50.0), (75.0, 100.0)]);
        assert_eq!(chart.series[2].stroke, Stroke::Dots { counts: vec![40, 900] });
    }

    #[test]
    fn the_axis_of_risk_ends_above_its_highest_point() {
        let rule = |risk| Abstention {
            wanted_risk: 0.02,
            abstain_below: 0.5,
            coverage: 0.5,
            risk: 0.01,
            curve: vec![RiskPoint { confidence: 0.5, coverage: 1.0, risk }],
        };
        let end = |highest| risk(&rule(highest)).y.to.to_string();
        assert_eq!([end(0.0), end(0.0853), end(0.15)], ["5", "10", "20"]);
    }

    #[test]
    fn the_description_says_where_the_model_is_too_sure() {
        let said = description(&[bin(0.5, 40, 0.56, 0.28), bin(0.9, 900, 0.96, 0.99)]);
        assert!(said.contains("Of 940 slices, 900 have a probability above 0.90: said 0.96 on average, right 0.99"));
        assert!(said.contains("too sure for 40 slices"), "{said}");
    }

    #[test]
    fn a_drawing_is_named_by_what_it_shows() {
        let svg = reliability(&[bin(0.9, 900, 0.96, 0.99)]).svg().into_string();
        assert!(svg.contains("aria-label=\"Reliability diagram. Of 900 slices, 900 have"), "{svg}");
    }
}
