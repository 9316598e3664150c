//! `predictions.csv`: what the network of a run said of every slice it was not trained on.

use std::path::Path;

use anyhow::{Context, ensure};
use dataset::Dataset;
use serde::{Deserialize, Serialize};
use training::largest;

/// The columns before those of the classes, each of which is `probability_CLASS`.
const COLUMNS: [&str; 4] = ["path", "part", "truth", "verdict"];

/// A part of the data that the network was not trained on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HeldOut {
    /// What decided which epoch is kept.
    Validation,
    /// What decided nothing.
    Test,
}

impl HeldOut {
    /// As the file and the reports spell it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }
}

/// Records of one part with a row of probabilities each.
pub struct Part {
    /// Which part.
    pub held_out: HeldOut,
    /// Indices into [`Dataset::records`].
    pub indices: Vec<usize>,
    /// One value a class.
    pub probabilities: Vec<Vec<f32>>,
}

/// The file's bytes.
///
/// # Errors
/// Never for rows as long as the list of classes.
pub fn to_csv(dataset: &Dataset, parts: &[&Part]) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(columns(dataset))?;
    for part in parts {
        for (&index, probabilities) in part.indices.iter().zip(&part.probabilities) {
            let record = &dataset.records[index];
            let (truth, verdict) = (&dataset.classes[record.label], &dataset.classes[largest(probabilities)]);
            let row = [&record.path, part.held_out.name(), truth, verdict].map(str::to_owned).into_iter();
            writer.write_record(row.chain(probabilities.iter().map(f32::to_string)))?;
        }
    }
    writer.into_inner().context("cannot write the predictions")
}

fn columns(dataset: &Dataset) -> Vec<String> {
    let classes = dataset.classes.iter().map(|class| format!("probability_{class}"));
    COLUMNS.map(str::to_owned).into_iter().chain(classes).collect()
}

/// The rows of one part of a file.
///
/// # Errors
/// The file can't be read, or is about other scans or classes.
pub fn read(path: &Path, dataset: &Dataset, wanted: HeldOut) -> anyhow::Result<Part> {
    let open = || format!("cannot read the predictions \"{}\"", path.display());
    let mut reader = csv::Reader::from_path(path).with_context(open)?;
    let header = reader.headers().with_context(open)?;
    ensure!(
        header.iter().eq(columns(dataset).iter().map(String::as_str)),
        "\"{}\" is about other classes: it has the columns {}",
        path.display(),
        header.iter().collect::<Vec<_>>().join(", ")
    );
    let mut part = Part { held_out: wanted, indices: Vec::new(), probabilities: Vec::new() };
    for row in reader.records() {
        let row = row.with_context(open)?;
        if row.get(1) != Some(wanted.name()) {
            continue;
        }
        let file = row.get(0).unwrap_or_default();
        let found = dataset.records.binary_search_by(|record| record.path.as_str().cmp(file));
        part.indices.push(found.ok().with_context(|| format!("{}: there is no scan \"{file}\"", open()))?);
        let values: Result<Vec<f32>, _> = row.iter().skip(COLUMNS.len()).map(str::parse).collect();
        part.probabilities.push(values.with_context(open)?);
    }
    Ok(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_to_the_last_bit() {
        let folder = tempfile::tempdir().unwrap();
        for class in ["glioma", "no, tumour"] {
            std::fs::create_dir(folder.path().join(class)).unwrap();
            for file in ["1 \"a\".png", "2.png"] {
                std::fs::write(folder.path().join(class).join(file), b"\x89PNG\r\n\x1a\n").unwrap();
            }
        }
        let dataset = Dataset::open(folder.path()).unwrap();
        let rows = |n: usize| (0..n).map(|row| vec![0.1 + row as f32 / 3.0, 1e-9]).collect::<Vec<_>>();
        let parts = [
            Part { held_out: HeldOut::Validation, indices: vec![1], probabilities: rows(1) },
            Part { held_out: HeldOut::Test, indices: vec![0, 3], probabilities: rows(2) },
        ];
        let file = folder.path().join("predictions.csv");
        std::fs::write(&file, to_csv(&dataset, &parts.each_ref()).unwrap()).unwrap();
        for part in &parts {
            let got = read(&file, &dataset, part.held_out).unwrap();
            assert_eq!((got.indices, &got.probabilities), (part.indices.clone(), &part.probabilities));
        }
    }
}
