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
        if let Some(groups) = self.groups.clone().or_else(|| self.groups_beside()) {
            dataset = dataset.with_groups(&groups)?;
        }
        for file in &dataset.rejected {
            eprintln!("left out \"{}\": {}", file.path, file.reason);
        }
        Ok(dataset)
    }

    fn groups_beside(&self) -> Option<PathBuf> {
        [self.data.join("index.csv"), self.data.join("../index.csv")].into_iter().find(|path| path.exists())
    }
}
