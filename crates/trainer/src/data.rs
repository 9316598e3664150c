//! The folder of scans that a command line names.

use std::path::PathBuf;

use dataset::Dataset;

use crate::cli::DataArguments;

impl DataArguments {
    /// Reads the folder and its groups, and lists what it had to leave out.
    ///
    /// # Errors
    /// The folder holds no labelled scans, or the CSV of groups can't be used.
    pub fn open(&self) -> anyhow::Result<Dataset> {
        let mut dataset = Dataset::open(&self.data)?;
        if let Some(groups) = self.groups.clone().or_else(|| self.beside("index.csv")) {
            dataset = dataset.with_groups(&groups)?;
        }
        for file in &dataset.rejected {
            eprintln!("left out \"{}\": {}", file.path, file.reason);
        }
        Ok(dataset)
    }

    /// A file in the folder of scans or in the one above it.
    #[must_use]
    pub fn beside(&self, name: &str) -> Option<PathBuf> {
        [self.data.join(name), self.data.join("..").join(name)].into_iter().find(|path| path.exists())
    }
}
