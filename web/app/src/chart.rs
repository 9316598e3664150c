//! Two small charts, drawn from a report: whether a probability means what it says, and what "unsure" buys.
//!
//! Each has the same numbers as a table below it, for those who can't see it and those who want to know exactly.

use leptos::prelude::*;

use crate::wording;
use reports::{Abstention, Bin};

/// Size of a drawing in its own units.
const WIDTH: f64 = 320.0;
const HEIGHT: f64 = 248.0;
/// Room for numbers and names of the axes.
const LEFT: f64 = 44.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 40.0;

/// One axis: from where to where, and how many steps have a number.
#[derive(Clone, Copy, Debug)]
struct Axis {
    name: &'static str,
    from: f64,
    to: f64,
    steps: u32,
}

impl Axis {
    fn ticks(self) -> impl Iterator<Item = f64> {
        (0..=self.steps).map(move |step| self.from + (self.to - self.from) * f64::from(step) / f64::from(self.steps))
    }

    /// 0 at its lower end, 1 at its upper.
    fn part(self, value: f64) -> f64 {
        (value - self.from) / (self.to - self.from)
    }
}

/// Both axes.
#[derive(Clone, Copy, Debug)]
struct Frame {
    x: Axis,
    y: Axis,
}

impl Frame {
    fn x(self, value: f64) -> String {
        place(LEFT + self.x.part(value) * (WIDTH - LEFT - RIGHT))
    }

    fn y(self, value: f64) -> String {
        place(HEIGHT - BOTTOM - self.y.part(value) * (HEIGHT - TOP - BOTTOM))
    }

    /// Rules, numbers and names.
    fn view(self) -> impl IntoView {
        let (floor, right) = (place(HEIGHT - BOTTOM), place(WIDTH - RIGHT));
        let percent = |value: f64| format!("{:.0}", 100.0 * value);
        let up = self.y.ticks().map(|value| {
            view! {
                <line class="rule" x1=place(LEFT) x2=right.clone() y1=self.y(value) y2=self.y(value) />
                <text x=place(LEFT - 6.0) y=self.y(value) dy="4" text-anchor="end">{percent(value)}</text>
            }
        });
        let across = self.x.ticks().map(|value| {
            view! { <text x=self.x(value) y=floor.clone() dy="16" text-anchor="middle">{percent(value)}</text> }
        });
        let middle = place(f64::midpoint(TOP, HEIGHT - BOTTOM));
        view! {
            {up.collect_view()}
            {across.collect_view()}
            <text x=place(f64::midpoint(LEFT, WIDTH - RIGHT)) y=place(HEIGHT - 6.0) text-anchor="middle">{self.x.name}</text>
            <text transform=format!("translate(11 {middle}) rotate(-90)") text-anchor="middle">{self.y.name}</text>
        }
    }
}

/// A coordinate to a tenth of a unit.
fn place(value: f64) -> String {
    format!("{value:.1}")
}

/// A dot's area is the number of its slices.
fn radius(count: u64, most: u64) -> f64 {
    (11.0 * (count as f64 / most.max(1) as f64).sqrt()).max(2.0)
}

/// The reliability diagram.
#[component]
pub fn Reliability(
    /// The bins of the report.
    bins: Vec<Bin>,
) -> impl IntoView {
    let bins: Vec<Bin> = bins.into_iter().filter(|bin| bin.count > 0).collect();
    let frame = Frame {
        x: Axis { name: "what it said (probability, %)", from: 0.2, to: 1.0, steps: 4 },
        y: Axis { name: "how often it was right (%)", from: 0.0, to: 1.0, steps: 5 },
    };
    let most = bins.iter().map(|bin| bin.count).max().unwrap_or(1);
    let dots = bins.iter().map(|bin| {
        let (x, y) = (frame.x(bin.confidence), frame.y(bin.accuracy));
        let r = place(radius(bin.count, most));
        view! {
            <line class="gap" x1=x.clone() x2=x.clone() y1=frame.y(bin.confidence) y2=y.clone() />
            <circle cx=x cy=y r=r />
        }
    });
    let said = description(&bins);
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
            <svg viewBox=format!("0 0 {WIDTH} {HEIGHT}") role="img" aria-label=said>
                {frame.view()}
                <line class="guide" x1=frame.x(0.2) y1=frame.y(0.2) x2=frame.x(1.0) y2=frame.y(1.0) />
                {dots.collect_view()}
            </svg>
            <figcaption>"On the broken line a probability means what it says; below it the model is too sure. The larger a dot, the more slices."</figcaption>
            <Numbers heads=["probability", "slices", "said on average", "right"] rows=rows.collect_view().into_any() />
        </figure>
    }
}

/// What there is to see, in a sentence.
fn description(bins: &[Bin]) -> String {
    let apart = |bin: &Bin| bin.confidence - bin.accuracy;
    let Some(sure) = bins.last() else { return "Reliability diagram without slices.".into() };
    let total: u64 = bins.iter().map(|bin| bin.count).sum();
    let below: u64 = bins.iter().filter(|bin| apart(bin) > 0.0).map(|bin| bin.count).sum();
    format!(
        "Reliability diagram. Of {} slices, {} have a probability above {:.2}: said {:.2} on average, right {:.2}. The \
         model is too sure for {} slices. The table below has all bins.",
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
    let Abstention { coverage, risk, curve, .. } = rule;
    let highest = curve.iter().map(|point| point.risk).fold(risk, f64::max);
    // The next 5 % above, so that the axis has round numbers.
    let steps = (highest * 20.0 + 0.2).ceil().max(1.0);
    let frame = Frame {
        x: Axis { name: "slices that get a class (%)", from: 0.0, to: 1.0, steps: 5 },
        y: Axis { name: "of these, wrong (%)", from: 0.0, to: steps / 20.0, steps: steps as u32 },
    };
    let points: Vec<String> =
        curve.iter().map(|point| format!("{},{}", frame.x(point.coverage), frame.y(point.risk))).collect();
    let said = format!(
        "Curve of wrong answers against answered slices. The model answers {} of the slices, of these {} are wrong; it \
         says unsure about the rest. The table below has other rules.",
        wording::percent(coverage),
        wording::percent(risk)
    );
    let rows = curve.iter().map(|point| {
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
            <svg viewBox=format!("0 0 {WIDTH} {HEIGHT}") role="img" aria-label=said>
                {frame.view()}
                <polyline class="curve" points=points.join(" ") />
                <circle class="here" cx=frame.x(coverage) cy=frame.y(risk) r="5" />
            </svg>
            <figcaption>"The dot is the rule that the page follows. Naming a class less often, the model would err less."</figcaption>
            <Numbers heads=["named from", "get a class", "of these, wrong"] rows=rows.collect_view().into_any() />
        </figure>
    }
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

    const FRAME: Frame = Frame {
        x: Axis { name: "x", from: 0.5, to: 1.0, steps: 5 },
        y: Axis { name: "y", from: 0.0, to: 1.0, steps: 4 },
    };

    #[test]
    fn the_ends_of_the_axes_are_the_corners_of_the_drawing() {
        assert_eq!([FRAME.x(0.5), FRAME.y(0.0)], ["44.0", "208.0"]);
        assert_eq!([FRAME.x(1.0), FRAME.y(1.0)], ["308.0", "12.0"]);
        assert_eq!(FRAME.y.ticks().collect::<Vec<_>>(), [0.0, 0.25, 0.5, 0.75, 1.0]);
    }

    #[test]
    fn a_dot_of_a_quarter_of_the_slices_is_half_as_wide() {
        assert!((radius(100, 400) * 2.0 - radius(400, 400)).abs() < 1e-9);
    }

    #[test]
    fn the_description_says_where_the_model_is_too_sure() {
        let bin = |from: f64, count, confidence, accuracy| Bin { from, to: from + 0.1, count, confidence, accuracy };
        let said = description(&[bin(0.5, 40, 0.56, 0.28), bin(0.9, 900, 0.96, 0.99)]);
        assert!(said.contains("Of 940 slices, 900 have a probability above 0.90: said 0.96 on average, right 0.99"));
        assert!(said.contains("too sure for 40 slices"), "{said}");
    }
}
