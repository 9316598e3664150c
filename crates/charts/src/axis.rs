//! An axis and the numbers on it.

/// One of the two axes.
#[derive(Debug, Clone, PartialEq)]
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

impl Axis {
    /// Where a value lies: 0 at the lower end, 1 at the upper.
    pub(crate) fn part(&self, value: f64) -> f64 {
        (value - self.from) / (self.to - self.from)
    }

    /// Round numbers inside the axis, five or so, ascending.
    pub(crate) fn ticks(&self) -> Vec<f64> {
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
pub(crate) fn number(value: f64) -> String {
    if value != 0.0 && value.abs() < 0.005 {
        let text = format!("{value:.1e}");
        return text.replace(".0e", "e");
    }
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
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
        assert_eq!(shown(axis(20.0, 100.0, 0.0)), ["20", "40", "60", "80", "100"]);
        assert_eq!(shown(axis(0.0, 15.0, 0.0)), ["0", "5", "10", "15"]);
    }
}
