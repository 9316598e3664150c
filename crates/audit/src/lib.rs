//! What a folder of scans holds, which files are copies of which, what a test on it would leak, and what tells its classes
//! apart besides anatomy.
//!
//! [`audit`] reads every file and compares every two; what it found can be printed, written as JSON and shown as a page.
//! [`probe`] asks what a recipe's preparation leaves of what is no anatomy.

mod acquisition_features;
mod charts;
mod classes;
mod findings;
mod inspect;
mod jpeg;
mod linear_probe;
mod logistic;
mod numbers;
mod page;
mod pairs;
mod patients;
mod pictures;
mod probe;
mod shortcuts;
mod shown;
mod text;

use std::path::Path;

use dataset::Dataset;
use scans::ScansConfig;

pub use findings::Audit;
use inspect::Inspected;
pub use probe::{ProbeConfig, ProbeFindings, probe};

/// A folder that was looked at.
pub struct Audited {
    dataset: Dataset,
    seen: Vec<Result<Inspected, String>>,
    /// What was found.
    pub findings: Audit,
}

/// Reads every file of a folder of scans, and compares every two.
///
/// # Errors
/// The folder holds no labelled scans, or the CSV of groups can't be used.
pub fn audit(folder: &ScansConfig) -> anyhow::Result<Audited> {
    let dataset = folder.open()?;
    let seen = inspect::inspect_all(&dataset);
    let thumbnails: Vec<_> =
        seen.iter().map(|seen| seen.as_ref().ok().and_then(|seen| seen.thumbnail.clone())).collect();
    let found = dataset::copies(&thumbnails);
    let dataset = patients::with_patients(dataset.with_copies(&found), &seen);
    let findings = Audit::new(&dataset, &seen, &found);
    Ok(Audited { dataset, seen, findings })
}

impl Audited {
    /// The findings as one HTML page with pictures, which needs no other file.
    ///
    /// # Errors
    /// A slice that could be read before can't be read now.
    pub fn page(&self) -> anyhow::Result<String> {
        page::audit_page(&self.dataset, &self.seen, &self.findings)
    }

    /// Writes the copies found, and the patients known, as a CSV.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn write_groups(&self, file: &Path) -> anyhow::Result<()> {
        Ok(self.dataset.write_groups(file)?)
    }
}
