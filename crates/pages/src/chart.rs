//! Line charts as SVG inside a page: no script, legible from a telephone to a printout.

use maud::{Markup, html};

/// Size of the drawing in its own units; a page scales it. A letter is 12 high.
const WIDTH: f64 = 360.0;
const HEIGHT: f64 = 262.0;
/// Room for the numbers and names of the axes, and for the names of stages.
const LEFT: f64 = 46.0;
const RIGHT: f64 = 10.0;
const TOP: f64 = 42.0;
const BOTTOM: f64 = 38.0;

/// One of the two axes.
pub struct Axis {
    /// What it measures.
    pub label: &'static str,
    /// Its lower end.
    pub from: f64,
    /// Its upper end, above the lower.
    pub to: f64,
    /// The smallest step between two numbers on it: 1 where there is nothing between whole numbers.
    pub step: f64,
}

/// How a series is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stroke {
    /// A line, with a dot at every point where there is room for dots.
    Line,
    /// A broken line.
    Dashed,
    /// A thin quiet line to compare with, absent from the legend.
    Guide,
    /// Dots alone.
    Dots,
}

/// One line of a chart.
pub struct Series {
    /// What the legend calls it.
    pub name: String,
    /// A CSS colour.
    pub color: String,
    /// How it is drawn.
    pub stroke: Stroke,
    /// In the units of the axes.
    pub points: Vec<(f64, f64)>,
}

/// A place on the x axis where something begins.
pub struct Mark {
    /// Where, in the axis's unit.
    pub at: f64,
    /// What begins.
    pub label: String,
}

/// A chart of lines.
pub struct Chart {
    /// What it shows; stands above it.
    pub title: String,
    /// What there is to see, for those who can't.
    pub description: String,
    /// Across.
    pub x: Axis,
    /// Up.
    pub y: Axis,
    /// What is drawn.
    pub series: Vec<Series>,
    /// What begins where.
    pub marks: Vec<Mark>,
}

impl Axis {
    /// Round numbers inside the axis, five or so, ascending.
    fn ticks(&self) -> Vec<f64> {
        let rough = (self.to - self.from) / 5.0;
        let power = 10_f64.powf(rough.log10().floor());
        let round = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|step| *step >= rough * 0.999);
        let step = round.unwrap_or(rough).max(self.step);
        let first = (self.from / step - 1e-9).ceil() as i64;
        let last = (self.to / step + 1e-9).floor() as i64;
        (first..=last).map(|tick| tick as f64 * step).collect()
    }
}

/// A number as an axis shows it: `0.25`, `12`, `5e-4`.
fn number(value: f64) -> String {
    if value != 0.0 && value.abs() < 0.005 {
        let text = format!("{value:.1e}");
        return text.replace(".0e", "e");
    }
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl Chart {
    /// The chart with its title and legend.
    #[must_use]
    pub fn figure(&self) -> Markup {
        html! {
            figure.chart {
                h3 { (self.title) }
                (self.drawing())
                (self.legend())
            }
        }
    }

    fn drawing(&self) -> Markup {
        html! {
            svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" aria-label=(format!("{}. {}", self.title, self.description)) {
                (self.axes())
                @for (index, mark) in self.marks.iter().enumerate() { (self.mark(index, mark)) }
                @for series in &self.series { (self.line(series)) }
            }
        }
    }

    fn across(&self, x: f64) -> f64 {
        LEFT + (x - self.x.from) / (self.x.to - self.x.from) * (WIDTH - LEFT - RIGHT)
    }

    fn up(&self, y: f64) -> f64 {
        HEIGHT - BOTTOM - (y - self.y.from) / (self.y.to - self.y.from) * (HEIGHT - TOP - BOTTOM)
    }

    fn axes(&self) -> Markup {
        let (floor, right) = (HEIGHT - BOTTOM, WIDTH - RIGHT);
        html! {
            @for y in self.y.ticks() {
                line.rule x1=(LEFT) x2=(right) y1=(place(self.up(y))) y2=(place(self.up(y))) {}
                text x=(LEFT - 6.0) y=(place(self.up(y) + 4.0)) text-anchor="end" { (number(y)) }
            }
            @for x in self.x.ticks() {
                line.axis x1=(place(self.across(x))) x2=(place(self.across(x))) y1=(floor) y2=(floor + 4.0) {}
                text x=(place(self.across(x))) y=(floor + 17.0) text-anchor="middle" { (number(x)) }
            }
            line.axis x1=(LEFT) x2=(right) y1=(floor) y2=(floor) {}
            text x=(place(f64::midpoint(LEFT, right))) y=(HEIGHT - 4.0) text-anchor="middle" { (self.x.label) }
            text x="2" y="12" { (self.y.label) }
        }
    }

    /// A line where something begins, named above; every other name is higher, so that short stages stay legible.
    fn mark(&self, index: usize, mark: &Mark) -> Markup {
        let x = self.across(mark.at);
        let y = if index.is_multiple_of(2) { TOP - 4.0 } else { TOP - 17.0 };
        html! {
            line.mark x1=(place(x)) x2=(place(x)) y1=(TOP) y2=(HEIGHT - BOTTOM) {}
            text x=(place(x + 2.0)) y=(y) { (mark.label) }
        }
    }

    fn line(&self, series: &Series) -> Markup {
        let points: Vec<(f64, f64)> = series.points.iter().map(|&(x, y)| (self.across(x), self.up(y))).collect();
        let path: Vec<String> = points.iter().map(|&(x, y)| format!("{},{}", place(x), place(y))).collect();
        let has_dots = series.stroke == Stroke::Dots || (series.stroke != Stroke::Guide && points.len() <= 30);
        html! {
            g style=(format!("--color: {}", series.color)) {
                @if series.stroke != Stroke::Dots {
                    polyline class=(class(series.stroke)) points=(path.join(" ")) {}
                }
                @if has_dots {
                    @for (x, y) in points { circle cx=(place(x)) cy=(place(y)) r="2.5" {} }
                }
            }
        }
    }

    fn legend(&self) -> Markup {
        html! {
            ul.legend {
                @for series in self.series.iter().filter(|series| series.stroke != Stroke::Guide) {
                    li {
                        svg viewBox="0 0 24 8" width="24" height="8" aria-hidden="true" {
                            g style=(format!("--color: {}", series.color)) {
                                @if series.stroke == Stroke::Dots { circle cx="12" cy="4" r="3" {} }
                                @else { line class=(class(series.stroke)) x1="0" x2="24" y1="4" y2="4" {} }
                            }
                        }
                        (series.name)
                    }
                }
            }
        }
    }
}

fn class(stroke: Stroke) -> &'static str {
    match stroke {
        Stroke::Line | Stroke::Dots => "line",
        Stroke::Dashed => "line dashed",
        Stroke::Guide => "guide",
    }
}

/// A coordinate to a tenth of a unit.
fn place(value: f64) -> String {
    format!("{value:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(from: f64, to: f64, step: f64) -> Axis {
        Axis { label: "x", from, to, step }
    }

    #[test]
    fn numbers_on_an_axis_are_round() {
        let shown = |axis: Axis| axis.ticks().into_iter().map(number).collect::<Vec<_>>();
        assert_eq!(shown(axis(0.0, 1.0, 0.0)), ["0", "0.2", "0.4", "0.6", "0.8", "1"]);
        assert_eq!(shown(axis(0.0, 0.003, 0.0)), ["0", "1e-3", "2e-3", "3e-3"]);
        assert_eq!(shown(axis(1.0, 3.0, 1.0)), ["1", "2", "3"], "there is no epoch 1.5");
        assert_eq!(shown(axis(0.72, 0.97, 0.0)), ["0.75", "0.8", "0.85", "0.9", "0.95"]);
    }

    #[test]
    fn the_ends_of_the_axes_are_the_corners_of_the_drawing() {
        let line = Series {
            name: "a & b".into(),
            color: "red".into(),
            stroke: Stroke::Line,
            points: vec![(0.0, 0.0), (10.0, 1.0)],
        };
        let chart = Chart {
            title: "t".into(),
            description: "d".into(),
            x: axis(0.0, 10.0, 1.0),
            y: axis(0.0, 1.0, 0.0),
            series: vec![line],
            marks: Vec::new(),
        };
        let svg = chart.figure().into_string();
        assert!(svg.contains("points=\"46.0,224.0 350.0,42.0\""), "{svg}");
        assert!(svg.contains("aria-label=\"t. d\"") && svg.contains("a &amp; b"));
    }
}
