//! What the lines of a chart are.

use maud::{Markup, html};

use crate::{Series, Stroke};

/// A list with a sample of every series that has a name to tell.
pub(crate) fn legend(series: &[Series]) -> Markup {
    let named = series.iter().filter(|series| !matches!(series.stroke, Stroke::Guide | Stroke::Gaps));
    html! {
        ul.legend {
            @for series in named {
                li {
                    svg viewBox="0 0 24 8" width="24" height="8" aria-hidden="true" { (sample(series)) }
                    (series.name)
                }
            }
        }
    }
}

fn sample(series: &Series) -> Markup {
    let dashes = (series.stroke == Stroke::Dashed).then_some("6 4");
    html! {
        @if matches!(series.stroke, Stroke::Dots { .. } | Stroke::Highlight) { circle cx="12" cy="4" r="4" fill=(series.color) {} }
        @else { line x1="0" x2="24" y1="4" y2="4" stroke=(series.color) stroke-width="2" stroke-dasharray=[dashes] {} }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_chart_is_compared_with_is_no_series() {
        let series = |name: &str, stroke| Series { name: name.into(), color: "red".into(), stroke, points: Vec::new() };
        let list = legend(&[
            series("line", Stroke::Line),
            series("diagonal", Stroke::Guide),
            series("gaps", Stroke::Gaps),
            series("rule", Stroke::Highlight),
        ]);
        let list = list.into_string();
        assert_eq!(list.matches("<li>").count(), 2);
        assert!(list.contains("</svg>line</li>") && list.contains("</svg>rule</li>"), "{list}");
    }
}
