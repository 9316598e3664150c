//! Grey values to what the screen shows: thumbnails, window and level.

/// The side of a thumbnail in pixels.
pub const THUMBNAIL: u32 = 48;

/// The part of the grey range that the screen shows, as radiologists set it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Windowing {
    /// The grey value in the middle of the range, 0 to 255: lower is brighter.
    pub level: f32,
    /// The width of the range, 1 to 510: narrower has more contrast.
    pub width: f32,
}

impl Default for Windowing {
    fn default() -> Self {
        Self { level: 127.5, width: 255.0 }
    }
}

impl Windowing {
    /// What each grey value becomes on the screen.
    pub fn table(self) -> [u8; 256] {
        let low = self.level - self.width / 2.0;
        std::array::from_fn(|value| {
            ((value as f32 - low) / self.width.max(1.0) * 255.0).round().clamp(0.0, 255.0) as u8
        })
    }
}

/// Grey values to the canvas's red, green, blue and opacity.
pub fn to_rgba(grey: &[u8], windowing: Windowing) -> Vec<u8> {
    let table = windowing.table();
    grey.iter()
        .flat_map(|value| {
            let shown = table[usize::from(*value)];
            [shown, shown, shown, 255]
        })
        .collect()
}

/// A slice as a [`THUMBNAIL`] square, keeping its shape on black: each pixel is the mean of those it covers.
pub fn thumbnail(grey: &[u8], width: u32, height: u32) -> Vec<u8> {
    let side = THUMBNAIL as usize;
    let mut square = vec![0; side * side];
    let (width, height) = (width as usize, height as usize);
    if width == 0 || height == 0 || grey.len() != width * height {
        return square;
    }
    let longer = width.max(height);
    let (columns, rows) = ((width * side / longer).max(1), (height * side / longer).max(1));
    let (left, top) = ((side - columns) / 2, (side - rows) / 2);
    for row in 0..rows {
        for column in 0..columns {
            let xs = covered(column, columns, width);
            let ys = covered(row, rows, height);
            square[(top + row) * side + left + column] = mean(grey, width, &xs, &ys);
        }
    }
    square
}

/// The source pixels under one of `count` equal parts; at least one.
fn covered(part: usize, count: usize, source: usize) -> std::ops::Range<usize> {
    let start = part * source / count;
    start..((part + 1) * source / count).max(start + 1)
}

fn mean(grey: &[u8], width: usize, xs: &std::ops::Range<usize>, ys: &std::ops::Range<usize>) -> u8 {
    let rows = ys.clone().map(|y| &grey[y * width + xs.start..y * width + xs.end]);
    let sum: u64 = rows.flatten().map(|value| u64::from(*value)).sum();
    (sum / (xs.len() * ys.len()) as u64) as u8
}

#[cfg(test)]
#[allow(clippy::naive_bytecount, reason = "clear beats fast in a test")]
mod tests {
    use super::*;

    #[test]
    fn the_default_window_changes_nothing() {
        let grey: Vec<u8> = (0..=255).collect();
        let shown: Vec<u8> = to_rgba(&grey, Windowing::default()).chunks(4).map(|pixel| pixel[0]).collect();
        assert_eq!(shown, grey);
    }

    #[test]
    fn a_narrow_window_is_black_below_and_white_above() {
        let table = Windowing { level: 100.0, width: 10.0 }.table();
        assert_eq!((table[94], table[100], table[106]), (0, 128, 255));
    }

    #[test]
    fn a_thumbnail_keeps_the_shape_on_black() {
        let square = thumbnail(&vec![200; 96 * 48], 96, 48);
        assert_eq!(square[0], 0);
        assert_eq!(square[24 * 48], 200);
        assert_eq!(square.iter().filter(|value| **value == 200).count(), 48 * 24);
    }

    #[test]
    fn tiny_and_extreme_slices_have_thumbnails_too() {
        assert!(thumbnail(&[90], 1, 1).iter().all(|value| *value == 90));
        assert_eq!(thumbnail(&[90; 5000], 5000, 1).iter().filter(|value| **value == 90).count(), 48);
        assert!(thumbnail(&[], 0, 0).iter().all(|value| *value == 0));
    }
}
