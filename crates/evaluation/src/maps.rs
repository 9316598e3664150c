//! Maps of evidence as files: a PNG to look at, and a `NIfTI` volume of one slice for other programs.

use std::path::{Path, PathBuf};

use anyhow::Context;
use classifier::EvidenceMap;
use image::{GrayImage, ImageFormat};
use imaging::Rect;
use storage::write_whole;

/// A map in the pixels of the scan that it is about.
#[derive(Debug, Clone, PartialEq)]
pub struct ScanMap {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Row by row, 0 to 1; 0 outside of what the network was shown.
    pub values: Vec<f32>,
}

impl ScanMap {
    /// Of a map of the part `shown` of a scan.
    #[must_use]
    pub fn new(map: &EvidenceMap, shown: Rect, [width, height]: [u32; 2]) -> Self {
        let place = |index: u32, start: i32, length: u32| (index as f32 + 0.5 - start as f32) / length as f32;
        let value = |row: u32, column: u32| {
            let (x, y) = (place(column, shown.left, shown.width), place(row, shown.top, shown.height));
            let is_shown = (0.0..1.0).contains(&x) && (0.0..1.0).contains(&y);
            if is_shown { map.at(x, y) } else { 0.0 }
        };
        let values = (0..height).flat_map(|row| (0..width).map(move |column| value(row, column))).collect();
        Self { width, height, values }
    }

    /// Writes `NAME.png`, 8 bits of grey of which white is 1, and `NAME.nii`, 32-bit floats, into a folder; gives their paths.
    ///
    /// # Errors
    /// The disk refuses, or the scan is larger than NIfTI-1 can say.
    pub fn write(&self, folder: &Path, name: &str) -> anyhow::Result<[PathBuf; 2]> {
        let [png, nifti] = ["png", "nii"].map(|ending| folder.join(format!("{name}.{ending}")));
        write_whole(&png, &self.png()?)?;
        write_whole(&nifti, &self.nifti()?)?;
        Ok([png, nifti])
    }

    fn png(&self) -> anyhow::Result<Vec<u8>> {
        let bytes = self.values.iter().map(|value| (value * 255.0).round() as u8).collect();
        let image =
            GrayImage::from_raw(self.width, self.height, bytes).context("the map has another size than its scan")?;
        let mut file = std::io::Cursor::new(Vec::new());
        image.write_to(&mut file, ImageFormat::Png)?;
        Ok(file.into_inner())
    }

    /// NIfTI-1 (Cox et al. 2004): 348 bytes of header, four that say that nothing follows it, then values, the first row
    /// first. Neither orientation nor the size of pixels is known.
    fn nifti(&self) -> anyhow::Result<Vec<u8>> {
        let extent =
            |pixels: u32| i16::try_from(pixels).with_context(|| format!("{pixels} pixels are too many for NIfTI-1"));
        let mut file = vec![0_u8; HEADER];
        let mut put = |at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, &(348_i32).to_le_bytes());
        for (index, value) in [3, extent(self.width)?, extent(self.height)?, 1, 1, 1, 1, 1].into_iter().enumerate() {
            put(40 + 2 * index, &value.to_le_bytes());
        }
        put(70, &FLOAT32.to_le_bytes());
        put(72, &(32_i16).to_le_bytes());
        (0..8).for_each(|index| put(76 + 4 * index, &(1.0_f32).to_le_bytes()));
        put(108, &(HEADER as f32).to_le_bytes());
        put(112, &(1.0_f32).to_le_bytes());
        put(148, b"evidence of a tumour, 0 to 1, rows from the top");
        put(344, b"n+1\0");
        file.extend(self.values.iter().flat_map(|value| value.to_le_bytes()));
        Ok(file)
    }
}

/// Bytes before the values.
const HEADER: usize = 352;
/// `NIfTI`'s number for 32-bit floats.
const FLOAT32: i16 = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn map() -> ScanMap {
        let map = EvidenceMap { side: 2, values: vec![0.0, 1.0, 0.0, 0.0] };
        ScanMap::new(&map, Rect { left: 2, top: 0, width: 4, height: 4 }, [8, 4])
    }

    #[test]
    fn a_map_lies_over_the_part_of_the_scan_that_the_network_was_shown() {
        let map = map();
        assert_eq!(map.values.len(), 32);
        for (index, &value) in map.values.iter().enumerate() {
            let (row, column) = (index / 8, index % 8);
            assert_eq!(value > 0.0, row < 3 && (3..6).contains(&column), "row {row}, column {column}: {value}");
        }
        assert!((map.values[5] - 1.0).abs() < 1e-6);
    }

    #[test]
    fn a_map_comes_back_from_its_files() {
        let (folder, map) = (tempfile::tempdir().unwrap(), map());
        let [png, nifti] = map.write(folder.path(), "slice").unwrap();
        let image = image::open(png).unwrap().into_luma8();
        assert_eq!((image.width(), image.height(), image.get_pixel(5, 0).0), (8, 4, [255]));
        let bytes = std::fs::read(nifti).unwrap();
        assert_eq!((bytes.len(), &bytes[344..348]), (352 + 4 * 32, &b"n+1\0"[..]));
        assert_eq!(bytes[40..48], [3, 0, 8, 0, 4, 0, 1, 0]);
        let value = |index: usize| f32::from_le_bytes(*bytes[352 + 4 * index..].first_chunk().unwrap());
        assert!((0..32).all(|index| (value(index) - map.values[index]).abs() < 1e-9));
    }
}
