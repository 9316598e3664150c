//! One grey image with its unit kept.

use std::sync::Arc;

/// What makes pixels unfit to be a [`Slice`].
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SliceError {
    /// A side is zero.
    #[error("a slice of {width} x {height} pixels has no pixels; both sides must be at least 1")]
    Empty {
        /// Declared width in pixels.
        width: u32,
        /// Declared height in pixels.
        height: u32,
    },
    /// The number of pixels is not width times height.
    #[error("{found} pixels were given for {width} x {height}; {expected} are needed")]
    Length {
        /// Declared width in pixels.
        width: u32,
        /// Declared height in pixels.
        height: u32,
        /// Width times height.
        expected: u64,
        /// Pixels given.
        found: usize,
    },
    /// A pixel is NaN or infinite.
    #[error("pixel {index} is {value}; every pixel must be a finite number")]
    NotFinite {
        /// Row-major index of the first such pixel.
        index: usize,
        /// Its value.
        value: f32,
    },
}

/// The values a display maps to black and white: `center - width / 2` is black, `center + width / 2` is white.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    /// Middle of the window, in the slice's unit.
    pub center: f32,
    /// Extent of the window, in the slice's unit, above zero.
    pub width: f32,
}

impl Window {
    /// The window from `low` (black) to `high` (white), at least a hair wide.
    #[must_use]
    pub fn between(low: f32, high: f32) -> Self {
        let (low, high) = (f64::from(low), f64::from(high));
        let width = ((high - low) as f32).clamp(f32::MIN_POSITIVE, f32::MAX);
        Self { center: f64::midpoint(low, high) as f32, width }
    }
}

/// How a display goes from black to white.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Curve {
    /// Along the window.
    Linear,
    /// Softly in and out of the window, which is its tangent (DICOM's SIGMOID).
    Sigmoid,
    /// As a table says.
    Table(Arc<GreyTable>),
}

/// What whole numbers are displayed as.
#[derive(Debug, PartialEq)]
pub(crate) struct GreyTable {
    /// The value of the first entry.
    pub(crate) first: f64,
    /// At least one.
    pub(crate) grey: Vec<u8>,
}

impl GreyTable {
    /// The window over all values that have an entry.
    pub(crate) fn window(&self) -> Window {
        Window::between(self.first as f32, (self.first + (self.grey.len() - 1) as f64) as f32)
    }

    fn entry(&self, value: f64) -> u8 {
        let index = (value - self.first).round().max(0.0) as usize;
        self.grey[index.min(self.grey.len() - 1)]
    }
}

/// One grey image: at least one pixel, every pixel finite.
///
/// Pixels are row-major and keep the unit of their file: `0..=255` for 8 bits, `0..=65535` for 16 bits,
/// modality units (after rescale slope and intercept) for DICOM.
#[derive(Debug, Clone, PartialEq)]
pub struct Slice {
    width: u32,
    height: u32,
    pixels: Vec<f32>,
    window: Window,
    curve: Curve,
}

impl Slice {
    /// A slice of `width * height` row-major pixels, displayed from its smallest to its largest value.
    ///
    /// # Errors
    /// When a side is zero, the length is not `width * height`, or a pixel is not finite.
    pub fn new(width: u32, height: u32, pixels: Vec<f32>) -> Result<Self, SliceError> {
        if width == 0 || height == 0 {
            return Err(SliceError::Empty { width, height });
        }
        let expected = u64::from(width) * u64::from(height);
        if pixels.len() as u64 != expected {
            return Err(SliceError::Length { width, height, expected, found: pixels.len() });
        }
        if let Some(index) = pixels.iter().position(|value| !value.is_finite()) {
            return Err(SliceError::NotFinite { index, value: pixels[index] });
        }
        let (low, high) = range(&pixels);
        Ok(Self { width, height, pixels, window: Window::between(low, high), curve: Curve::Linear })
    }

    /// The same slice, displayed with another window.
    #[must_use]
    pub fn with_window(self, window: Window) -> Self {
        self.with_curve(window, Curve::Linear)
    }

    pub(crate) fn with_curve(self, window: Window, curve: Curve) -> Self {
        Self { window, curve, ..self }
    }

    /// Width in pixels, at least 1.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels, at least 1.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Row-major pixels in the slice's own unit, `width * height` of them, all finite.
    #[must_use]
    pub fn pixels(&self) -> &[f32] {
        &self.pixels
    }

    /// The window to display the slice with.
    #[must_use]
    pub fn window(&self) -> Window {
        self.window
    }

    /// Row-major bytes for display: the window's low end is 0, its high end 255, unless the file asks for a curve.
    #[must_use]
    pub fn to_grey8(&self) -> Vec<u8> {
        let (center, width) = (f64::from(self.window.center), f64::from(self.window.width));
        let byte = |share: f64| (share * 255.0).round().clamp(0.0, 255.0) as u8;
        let low = center - width / 2.0;
        let grey = |value: f64| match &self.curve {
            Curve::Linear => byte((value - low) / width),
            Curve::Sigmoid => byte(1.0 / (1.0 + (-4.0 * (value - center) / width).exp())),
            Curve::Table(table) => table.entry(value),
        };
        self.pixels.iter().map(|&value| grey(value.into())).collect()
    }

    /// Pixel at column `x` of row `y`; the caller keeps both inside.
    pub(crate) fn row(&self, y: usize) -> &[f32] {
        let width = self.width as usize;
        &self.pixels[y * width..(y + 1) * width]
    }
}

/// Smallest and largest of finite values; `(inf, -inf)` for none.
pub(crate) fn range(values: &[f32]) -> (f32, f32) {
    values.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &value| (low.min(value), high.max(value)))
}
