//! A chart as one SVG.

use maud::{Markup, html};

use crate::axis::number;
use crate::{Chart, Mark, Series, Stroke};

/// Size of the drawing in its own units; a page scales it. A letter is 12 high.
const WIDTH: f64 = 340.0;
const HEIGHT: f64 = 256.0;
/// Room for the numbers and names of the axes, and for half of the widest dot.
const LEFT: f64 = 44.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 26.0;
const BOTTOM: f64 = 38.0;
/// Room above the lines for the names of no mark, one, and more.
const NAMES: [f64; 3] = [0.0, 9.0, 22.0];
/// Radius of a dot, and of the one with the highest count.
const DOT: f64 = 2.5;
const WIDEST: f64 = 11.0;
/// A line of more points has no dots.
const MOST_DOTS: usize = 30;

/// The whole drawing.
pub(crate) fn drawing(chart: &Chart) -> Markup {
    let plot = Plot { chart, top: TOP + NAMES[chart.marks.len().min(2)] };
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" aria-label=(format!("{}. {}", chart.title, chart.description))
            font-size="12" fill="var(--quiet)" {
            (plot.axes())
            @for (index, mark) in chart.marks.iter().enumerate() { (plot.mark(index, mark)) }
            @for series in &chart.series { (plot.series(series)) }
        }
    }
}

/// A chart and the upper edge of its lines.
struct Plot<'a> {
    chart: &'a Chart,
    top: f64,
}

impl Plot<'_> {
    fn across(&self, x: f64) -> f64 {
        LEFT + self.chart.x.part(x) * (WIDTH - LEFT - RIGHT)
    }

    fn up(&self, y: f64) -> f64 {
        HEIGHT - BOTTOM - self.chart.y.part(y) * (HEIGHT - self.top - BOTTOM)
    }

    fn axes(&self) -> Markup {
        let (floor, right) = (HEIGHT - BOTTOM, WIDTH - RIGHT);
        html! {
            @for y in self.chart.y.ticks() {
                line x1=(LEFT) x2=(right) y1=(place(self.up(y))) y2=(place(self.up(y))) stroke="var(--line)" stroke-width="0.75" {}
                text x=(LEFT - 6.0) y=(place(self.up(y) + 4.0)) text-anchor="end" { (number(y)) }
            }
            g stroke="var(--quiet)" {
                line x1=(LEFT) x2=(right) y1=(floor) y2=(floor) {}
                @for x in self.chart.x.ticks() {
                    line x1=(place(self.across(x))) x2=(place(self.across(x))) y1=(floor) y2=(floor + 4.0) {}
                }
            }
            @for x in self.chart.x.ticks() {
                text x=(place(self.across(x))) y=(floor + 17.0) text-anchor="middle" { (number(x)) }
            }
            text x=(place(f64::midpoint(LEFT, right))) y=(HEIGHT - 4.0) text-anchor="middle" { (self.chart.x.label) }
            text x="0" y="12" { (self.chart.y.label) }
        }
    }

    /// A line where something begins, named above; every other name is higher, so that short stages stay legible.
    fn mark(&self, index: usize, mark: &Mark) -> Markup {
        let x = self.across(mark.at);
        let y = if index.is_multiple_of(2) { self.top - 4.0 } else { self.top - 17.0 };
        html! {
            line x1=(place(x)) x2=(place(x)) y1=(self.top) y2=(HEIGHT - BOTTOM) stroke="var(--quiet)" stroke-dasharray="2 3" {}
            text x=(place(x + 2.0)) y=(y) { (mark.label) }
        }
    }

    fn series(&self, series: &Series) -> Markup {
        let points: Vec<_> = series.points.iter().map(|&(x, y)| (self.across(x), self.up(y))).collect();
        match &series.stroke {
            Stroke::Line => line(&points, &series.color, None),
            Stroke::Dashed => line(&points, &series.color, Some("6 4")),
            Stroke::Guide => guide(&points),
            Stroke::Gaps => gaps(&points, &series.color),
            Stroke::Dots { counts } => counted(&points, counts, &series.color),
            Stroke::Highlight => highlights(&points, &series.color),
        }
    }
}

fn line(points: &[(f64, f64)], color: &str, dashes: Option<&str>) -> Markup {
    html! {
        g fill=(color) {
            polyline points=(path(points)) fill="none" stroke=(color) stroke-width="2" stroke-linejoin="round" stroke-dasharray=[dashes] {}
            @if points.len() <= MOST_DOTS {
                @for (x, y) in points { circle cx=(place(*x)) cy=(place(*y)) r=(DOT) {} }
            }
        }
    }
}

fn guide(points: &[(f64, f64)]) -> Markup {
    html! { polyline points=(path(points)) fill="none" stroke="var(--quiet)" stroke-dasharray="4 4" {} }
}

fn gaps(points: &[(f64, f64)], color: &str) -> Markup {
    html! {
        g stroke=(color) {
            @for pair in points.chunks_exact(2) { polyline points=(path(pair)) {} }
        }
    }
}

fn counted(points: &[(f64, f64)], counts: &[u64], color: &str) -> Markup {
    let most = counts.iter().copied().max().unwrap_or(0);
    html! {
        g fill=(color) fill-opacity="0.8" {
            @for ((x, y), count) in points.iter().zip(counts) {
                circle cx=(place(*x)) cy=(place(*y)) r=(place(radius(*count, most))) {}
            }
        }
    }
}

/// A rim in the colour of the ground keeps them apart from a line of their own colour.
fn highlights(points: &[(f64, f64)], color: &str) -> Markup {
    html! {
        g fill=(color) stroke="var(--ground)" stroke-width="1.5" {
            @for (x, y) in points { circle cx=(place(*x)) cy=(place(*y)) r="6" {} }
        }
    }
}

/// A dot's area is its count; the smallest can still be seen.
fn radius(count: u64, most: u64) -> f64 {
    (WIDEST * (count as f64 / most.max(1) as f64).sqrt()).max(DOT)
}

fn path(points: &[(f64, f64)]) -> String {
    let places: Vec<String> = points.iter().map(|&(x, y)| format!("{},{}", place(x), place(y))).collect();
    places.join(" ")
}

/// A coordinate to a tenth of a unit.
fn place(value: f64) -> String {
    format!("{value:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Axis;

    fn series(stroke: Stroke, points: &[(f64, f64)]) -> Series {
        Series { name: "a & b".into(), color: "var(--accent)".into(), stroke, points: points.to_vec() }
    }

    fn chart(series: Series) -> Chart {
        Chart {
            title: "t".into(),
            description: "d < \"e\"".into(),
            x: Axis { label: "x", from: 0.0, to: 10.0, step: 1.0 },
            y: Axis { label: "y", from: 0.0, to: 1.0, step: 0.0 },
            series: vec![series],
            marks: Vec::new(),
        }
    }

    fn svg(stroke: Stroke, points: &[(f64, f64)]) -> String {
        chart(series(stroke, points)).svg().into_string()
    }

    #[test]
    fn the_ends_of_the_axes_are_the_corners_of_the_drawing() {
        let svg = svg(Stroke::Line, &[(0.0, 0.0), (10.0, 1.0)]);
        assert!(svg.contains("points=\"44.0,218.0 328.0,26.0\""), "{svg}");
    }

    #[test]
    fn names_are_escaped() {
        let mut chart = chart(series(Stroke::Line, &[]));
        chart.marks.push(Mark { at: 1.0, label: "<stage>".into() });
        let figure = chart.figure().into_string();
        assert!(figure.contains("aria-label=\"t. d &lt; &quot;e&quot;\""), "{figure}");
        assert!(figure.contains("a &amp; b") && figure.contains("&lt;stage&gt;"));
    }

    #[test]
    fn names_of_marks_have_room_above_the_lines() {
        let mut chart = chart(series(Stroke::Line, &[(0.0, 1.0)]));
        chart.marks = vec![Mark { at: 1.0, label: "head".into() }, Mark { at: 2.0, label: "all".into() }];
        let svg = chart.svg().into_string();
        assert!(svg.contains("y=\"44\">head") && svg.contains("y=\"31\">all"), "{svg}");
        assert!(svg.contains("cy=\"48.0\""), "the line is below them");
    }

    #[test]
    fn a_dot_of_a_quarter_of_the_slices_is_half_as_wide() {
        let counts = vec![100, 400, 0];
        let svg = svg(Stroke::Dots { counts }, &[(1.0, 0.1), (2.0, 0.2), (3.0, 0.3)]);
        assert!(["r=\"5.5\"", "r=\"11.0\"", "r=\"2.5\""].iter().all(|radius| svg.contains(radius)), "{svg}");
    }

    #[test]
    fn every_gap_joins_its_own_two_points() {
        let svg = svg(Stroke::Gaps, &[(0.0, 0.0), (0.0, 1.0), (10.0, 1.0), (10.0, 0.5)]);
        assert!(svg.contains("points=\"44.0,218.0 44.0,26.0\"") && svg.contains("points=\"328.0,26.0 328.0,122.0\""));
    }

    #[test]
    fn a_line_of_many_points_has_no_dots() {
        let points: Vec<_> = (0..40).map(|step| (f64::from(step) / 4.0, 0.5)).collect();
        assert!(!svg(Stroke::Line, &points).contains("<circle"));
        assert_eq!(svg(Stroke::Line, &points[..30]).matches("<circle").count(), 30);
    }

    #[test]
    fn a_drawing_needs_no_style_sheet() {
        let dots = Stroke::Dots { counts: vec![1] };
        for stroke in [Stroke::Line, Stroke::Dashed, Stroke::Guide, Stroke::Gaps, dots, Stroke::Highlight] {
            let figure = chart(series(stroke, &[(1.0, 0.1)])).figure().into_string();
            assert!(!figure.contains("style=") && !figure.contains("<style"), "{figure}");
        }
    }
}
