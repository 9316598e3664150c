//! Charts of lines and dots as SVG text: no script, legible from a telephone to a printout.
//!
//! Reports and the page draw with it. All looks are attributes of the drawing, since the page's Content-Security-Policy forbids
//! `style`; the document around it defines the colours `--line`, `--quiet` and `--ground`, and those that its series name.
//!
//! ```
//! use charts::{Axis, Chart, Series, Stroke};
//!
//! let loss = Series {
//!     name: "validation".into(),
//!     color: "var(--accent)".into(),
//!     stroke: Stroke::Line,
//!     points: vec![(1.0, 0.9), (2.0, 0.4)],
//! };
//! let chart = Chart {
//!     title: "Loss".into(),
//!     description: "validation 0.4 after the last epoch".into(),
//!     x: Axis { label: "epoch", from: 0.5, to: 2.5, step: 1.0 },
//!     y: Axis { label: "mean loss", from: 0.0, to: 1.0, step: 0.0 },
//!     series: vec![loss],
//!     marks: Vec::new(),
//! };
//! assert!(chart.svg().into_string().starts_with("<svg"));
//! ```

mod axis;
mod drawing;
mod legend;

use maud::{Markup, html};

pub use axis::Axis;

/// How a series is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stroke {
    /// A line, with a dot at every point where there is room for dots.
    Line,
    /// A broken line, with dots likewise.
    Dashed,
    /// A thin quiet broken line to compare with, absent from the legend.
    Guide,
    /// Thin lines from the first point to the second, the third to the fourth and so on, absent from the legend.
    Gaps,
    /// Dots alone. The area of each is its count.
    Dots {
        /// One for each point.
        counts: Vec<u64>,
    },
    /// Dots that stand out from the lines below them.
    Highlight,
}

/// One line of a chart, or one set of dots.
#[derive(Debug, Clone, PartialEq)]
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
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// Where, in the axis's unit.
    pub at: f64,
    /// What begins.
    pub label: String,
}

/// A chart of lines and dots.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// What it shows.
    pub title: String,
    /// What there is to see, for those who can't.
    pub description: String,
    /// Across.
    pub x: Axis,
    /// Up.
    pub y: Axis,
    /// What is drawn, the first lowest.
    pub series: Vec<Series>,
    /// What begins where.
    pub marks: Vec<Mark>,
}

impl Chart {
    /// The drawing below its title and above its legend.
    #[must_use]
    pub fn figure(&self) -> Markup {
        html! {
            figure.chart {
                h3 { (self.title) }
                (self.svg())
                (legend::legend(&self.series))
            }
        }
    }

    /// The drawing alone, an image named by title and description.
    #[must_use]
    pub fn svg(&self) -> Markup {
        drawing::drawing(self)
    }
}
