//! The flags that name a folder of scans.

use std::path::PathBuf;

use clap::Args;
use scans::ScansConfig;

/// A folder of labelled scans.
#[derive(Debug, Clone, Args)]
pub struct DataArguments {
    /// Folder of scans: DIR/Training/CLASS/FILE and DIR/Testing/CLASS/FILE, or DIR/CLASS/FILE, or files that a CSV labels
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// CSV of labels with the columns path and label; without this option, folders name the classes, else the CSV in DIR
    #[arg(long, value_name = "FILE")]
    pub labels: Option<PathBuf>,
    /// CSV of patients and copies; without this option, DIR/index.csv or DIR/../index.csv where there is one
    #[arg(long, value_name = "FILE")]
    pub groups: Option<PathBuf>,
    /// Folder for prepared slices and the like, which later runs read instead of the scans [default: the user's cache
    /// folder]
    #[arg(long, value_name = "DIR")]
    pub cache: Option<PathBuf>,
}

impl DataArguments {
    /// As the libraries take it.
    #[must_use]
    pub fn config(&self) -> ScansConfig {
        let Self { data, labels, groups, cache } = self.clone();
        ScansConfig { folder: data, labels, one_class: false, groups, cache }
    }
}
