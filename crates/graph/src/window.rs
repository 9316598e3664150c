//! A window that moves over a picture, and the one rule for what lies around the picture.

use serde::{Deserialize, Serialize};

/// What lies around a picture along both axes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Padding {
    /// Nothing: a window stays inside.
    Valid,
    /// As TensorFlow pads: `ceil(extent / stride)` windows, and what is odd of the padding comes after the picture.
    Same,
    /// So many pixels before and after.
    Explicit {
        /// Rows above, columns to the left.
        before: usize,
        /// Rows below, columns to the right.
        after: usize,
    },
}

/// A square window, the distance between two, and what it meets at the border.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Height and width.
    pub size: usize,
    /// Pixels from one window to the next.
    pub stride: usize,
    /// At the border.
    pub padding: Padding,
}

/// A [`Window`] along one axis of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// Pixels of padding before the picture.
    pub before: usize,
    /// Pixels of padding after it.
    pub after: usize,
    /// Windows: the extent of the output.
    pub count: usize,
}

impl Window {
    /// A window that stays inside, one pixel from the next.
    #[must_use]
    pub const fn valid(size: usize) -> Self {
        Self { size, stride: 1, padding: Padding::Valid }
    }

    /// A window around every pixel.
    #[must_use]
    pub const fn same(size: usize) -> Self {
        Self { size, stride: 1, padding: Padding::Same }
    }

    /// The same window, so many pixels from one to the next.
    #[must_use]
    pub const fn stride(self, stride: usize) -> Self {
        Self { stride, ..self }
    }

    /// Whether it is one pixel that visits all pixels.
    #[must_use]
    pub fn is_pointwise(self) -> bool {
        matches!(self, Self { size: 1, stride: 1, padding: Padding::Valid | Padding::Same })
    }

    /// Where the window lies along `extent` pixels; `None` where no window fits, or sizes overflow.
    #[must_use]
    pub fn on(self, extent: usize) -> Option<Placed> {
        let Self { size, stride, padding } = self;
        if size == 0 || stride == 0 || extent == 0 {
            return None;
        }
        let (before, after) = match padding {
            Padding::Valid => (0, 0),
            Padding::Explicit { before, after } => (before, after),
            Padding::Same => {
                let reach = (extent.div_ceil(stride) - 1).checked_mul(stride)?.checked_add(size)?;
                let total = reach.saturating_sub(extent);
                (total / 2, total - total / 2)
            }
        };
        let room = extent.checked_add(before)?.checked_add(after)?.checked_sub(size)?;
        Some(Placed { before, after, count: room / stride + 1 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(window: Window, extent: usize) -> (usize, usize, usize) {
        let Placed { before, after, count } = window.on(extent).unwrap();
        (before, after, count)
    }

    /// TensorFlow's documentation of "SAME": `ceil(extent / stride)` outputs, the odd pixel at the end.
    #[test]
    fn same_padding_is_that_of_tensorflow() {
        assert_eq!(placed(Window::same(3), 10), (1, 1, 10));
        assert_eq!(placed(Window::same(3).stride(2), 10), (0, 1, 5));
        assert_eq!(placed(Window::same(3).stride(2), 11), (1, 1, 6));
        assert_eq!(placed(Window::same(5).stride(2), 14), (1, 2, 7));
        assert_eq!(placed(Window::same(1).stride(2), 7), (0, 0, 4));
    }

    #[test]
    fn without_padding_what_does_not_fit_is_left_out() {
        assert_eq!(placed(Window::valid(3).stride(2), 299), (0, 0, 149));
        assert_eq!(placed(Window::valid(2).stride(2), 37), (0, 0, 18));
        assert_eq!(Window::valid(3).on(2), None);
    }

    #[test]
    fn explicit_padding_is_counted_on_both_sides() {
        let window = Window { size: 3, stride: 2, padding: Padding::Explicit { before: 1, after: 0 } };
        assert_eq!(placed(window, 8), (1, 0, 4));
    }

    #[test]
    fn sizes_that_overflow_are_no_window() {
        let huge = Padding::Explicit { before: usize::MAX, after: 1 };
        assert_eq!(Window { size: 3, stride: 1, padding: huge }.on(8), None);
        assert_eq!(Window::same(usize::MAX).stride(2).on(8), None);
        assert_eq!(Window::valid(0).on(8), None);
        assert_eq!(Window::valid(3).stride(0).on(8), None);
    }
}
