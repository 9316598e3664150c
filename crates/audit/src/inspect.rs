//! What one file is found to be.

use std::path::Path;

use dataset::{Dataset, Thumbnail};
use imaging::{Crop, Format, InputSpec, Intensity, Slice};
use indicatif::ParallelProgressIterator;
use rayon::prelude::*;
use scans::{decode, progress_bar, read_scan};

use scans::told;

use crate::acquisition_features::{AcquisitionFeatures, range};
use crate::jpeg::{self, Compression};

/// Bins of the histogram of a slice.
pub const BINS: usize = 32;

/// What one file was found to be.
pub struct Inspected {
    pub format: Format,
    /// Width and height, in pixels.
    pub size: (u32, u32),
    /// How pixels are stored, as `YCbCr, 8 bit`.
    pub mode: String,
    /// How a JPEG was compressed; `None` for other formats.
    pub compression: Option<Compression>,
    /// The identifier in a DICOM header.
    pub patient: Option<String>,
    /// SHA-256 of the file.
    pub digest: String,
    pub thumbnail: Option<Thumbnail>,
    /// Share of the pixels in each of 32 equal bins between the slice's smallest and largest value.
    pub intensities: [f64; BINS],
    /// What the slice tells besides anatomy.
    pub features: AcquisitionFeatures,
    /// What the network's input made of it still tells.
    pub prepared: AcquisitionFeatures,
}

/// The input that the recipes train on.
pub fn network_input() -> InputSpec {
    InputSpec { size: 128, crop: Crop::Head, margin: 0.02, intensity: Intensity { low: 0.5, high: 99.5 } }
}

/// Decodes every file on every core; in the place of what can't be decoded stands the reason.
pub fn inspect_all(dataset: &Dataset) -> Vec<Result<Inspected, String>> {
    let bar = progress_bar(dataset.records.len(), "reading scans");
    dataset.records.par_iter().progress_with(bar).map(|record| inspect_file(&dataset.file(record))).collect()
}

fn inspect_file(path: &Path) -> Result<Inspected, String> {
    let bytes = read_scan(path).map_err(|error| told(&error))?;
    let study = decode(&bytes).map_err(|error| told(&error))?;
    let slice = study.slices.first().ok_or("the file holds no slice")?;
    let input = imaging::prepare(slice, &network_input());
    let input = Slice::new(input.size(), input.size(), input.pixels().to_vec()).map_err(|error| error.to_string())?;
    Ok(Inspected {
        compression: (study.source.format == Format::Jpeg).then(|| jpeg::compression(&bytes)).flatten(),
        format: study.source.format,
        size: (slice.width(), slice.height()),
        mode: study.source.mode.to_string(),
        patient: study.source.patient_id,
        digest: weights::sha256(&bytes),
        thumbnail: Thumbnail::of(slice),
        intensities: intensities(slice),
        features: AcquisitionFeatures::of(slice),
        prepared: AcquisitionFeatures::of(&input),
    })
}

fn intensities(slice: &Slice) -> [f64; BINS] {
    let (low, high) = range(slice);
    let scale = if high > low { BINS as f32 / (high - low) } else { 0.0 };
    let mut counts = [0_u32; BINS];
    for value in slice.pixels() {
        counts[(((value - low) * scale) as usize).min(BINS - 1)] += 1;
    }
    counts.map(|count| f64::from(count) / slice.pixels().len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_spans_the_slices_own_range() {
        let slice = Slice::new(4, 1, vec![100.0, 100.0, 150.1, 200.0]).unwrap();
        let bins = intensities(&slice);
        assert!((bins[0] - 0.5).abs() < 1e-12 && (bins[16] - 0.25).abs() < 1e-12 && (bins[31] - 0.25).abs() < 1e-12);
        let flat = intensities(&Slice::new(2, 1, vec![7.0, 7.0]).unwrap());
        assert!((flat[0] - 1.0).abs() < 1e-12);
    }
}
