//! Slices at a size that screens have.

/// No screen shows more of a slice than this at once; memory and transfer stay small.
const LONGEST_SIDE: u32 = 2048;

/// A slice with no side longer than [`LONGEST_SIDE`]: where it has to shrink, by a whole number, each pixel being the
/// mean of those it replaces. Gives the new width, height and `width * height` grey values.
pub fn shrink(grey: Vec<u8>, width: u32, height: u32) -> (u32, u32, Vec<u8>) {
    let factor = width.max(height).div_ceil(LONGEST_SIDE).max(1);
    if factor == 1 {
        return (width, height, grey);
    }
    let (columns, rows) = (width.div_ceil(factor), height.div_ceil(factor));
    let values = (0..rows).flat_map(|row| (0..columns).map(move |column| (row * factor, column * factor)));
    let shrunk = values.map(|(top, left)| {
        let (bottom, right) = ((top + factor).min(height), (left + factor).min(width));
        mean(&grey, width as usize, top as usize..bottom as usize, left as usize..right as usize)
    });
    (columns, rows, shrunk.collect())
}

fn mean(grey: &[u8], width: usize, rows: std::ops::Range<usize>, columns: std::ops::Range<usize>) -> u8 {
    let count = rows.len() * columns.len();
    let row = |row: usize| &grey[row * width + columns.start..row * width + columns.end];
    let sum: usize = rows.flat_map(row).map(|value| usize::from(*value)).sum();
    (sum / count) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_that_fits_stays_as_it_is() {
        let grey: Vec<u8> = (0..6).collect();
        assert_eq!(shrink(grey.clone(), 3, 2), (3, 2, grey));
    }

    #[test]
    fn a_larger_slice_shrinks_to_means_and_keeps_its_odd_edge() {
        let (width, height) = (4097_u32, 3_u32);
        let grey: Vec<u8> =
            (0..height).flat_map(|row| (0..width).map(move |_| if row < 2 { 30 } else { 60 })).collect();
        let (columns, rows, shrunk) = shrink(grey, width, height);
        assert_eq!((columns, rows), (1366, 1));
        assert_eq!(shrunk.len(), 1366);
        assert!(shrunk.iter().all(|value| *value == 40));
    }
}
