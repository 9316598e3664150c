//! A sheet of slices as training sees them: whoever changes a recipe should look before a run, not after it.

use std::path::Path;

use anyhow::Context;
use image::{GrayImage, Luma, imageops};

use crate::batches::Batch;

/// Slices in a row.
const COLUMNS: usize = 12;
/// Rows of slices.
const ROWS: usize = 6;
/// Brightness of a class's mark at the upper left, a bar as long as the class's number, counted from 1.
const MARK: Luma<u8> = Luma([255]);
/// Height of that bar, and its length a class, in pixels.
const BAR: (u32, u32) = (4, 10);

/// Writes the first slices of `batches` as one PNG; the bar on a slice is as long as its class's number in `classes`.
///
/// # Errors
/// The file can't be written.
pub fn write_sheet(file: &Path, batches: impl Iterator<Item = Batch>, classes: &[String]) -> anyhow::Result<()> {
    let slices: Vec<(GrayImage, usize)> = batches.flat_map(|batch| batch.pictures()).take(COLUMNS * ROWS).collect();
    let side = slices.first().map_or(1, |(slice, _)| slice.width());
    let mut sheet = GrayImage::new(side * COLUMNS as u32, side * slices.len().div_ceil(COLUMNS).max(1) as u32);
    for (place, (mut slice, label)) in slices.into_iter().enumerate() {
        let bar = GrayImage::from_pixel(BAR.1 * (label as u32 + 1), BAR.0, MARK);
        imageops::replace(&mut slice, &bar, 0, 0);
        let (column, row) = ((place % COLUMNS) as i64, (place / COLUMNS) as i64);
        imageops::replace(&mut sheet, &slice, column * i64::from(side), row * i64::from(side));
    }
    sheet.save(file).with_context(|| format!("cannot write \"{}\"", file.display()))?;
    let numbered: Vec<String> = (1..).zip(classes).map(|(number, class)| format!("{number} {class}")).collect();
    log::info!("wrote \"{}\"; the bars on the slices tell the class: {}", file.display(), numbered.join(", "));
    Ok(())
}
