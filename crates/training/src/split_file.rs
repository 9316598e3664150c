//! `split.json` of a run folder: which slices it was trained, validated and tested on, by path.

use std::collections::{HashMap, HashSet};

use anyhow::Context;
use dataset::{Dataset, Split};
use model::Hinted;
use serde::{Deserialize, Serialize};

/// Paths relative to the folder of scans.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitFile {
    /// What the network learned from.
    pub train: Vec<String>,
    /// What decided when to stop.
    pub validation: Vec<String>,
    /// What was held out.
    pub test: Vec<String>,
}

impl SplitFile {
    /// The paths of a split.
    #[must_use]
    pub fn of(dataset: &Dataset, split: &Split) -> Self {
        let paths = |indices: &[usize]| indices.iter().map(|&index| dataset.records[index].path.clone()).collect();
        Self { train: paths(&split.train), validation: paths(&split.validation), test: paths(&split.test) }
    }

    /// The split as indices into a data set.
    ///
    /// # Errors
    /// The data set lacks one of the slices.
    pub fn find_in(&self, dataset: &Dataset) -> anyhow::Result<Split> {
        let index_of: HashMap<&str, usize> =
            dataset.records.iter().enumerate().map(|(index, record)| (record.path.as_str(), index)).collect();
        let find = |path: &String| {
            index_of.get(path.as_str()).copied().with_context(|| {
                Hinted::new(
                    format!("\"{path}\" is in the run's split and not among the scans."),
                    "--data names the folder that the run was trained on",
                )
            })
        };
        let all = |paths: &[String]| paths.iter().map(find).collect::<anyhow::Result<Vec<usize>>>();
        Ok(Split { train: all(&self.train)?, validation: all(&self.validation)?, test: all(&self.test)? })
    }

    /// Whether a run with this split, from which slices that can't be read are left out, goes on with `other`.
    #[must_use]
    pub fn goes_on_with(&self, other: &Self) -> bool {
        let within = |some: &[String], all: &[String]| {
            let all: HashSet<&String> = all.iter().collect();
            some.iter().all(|path| all.contains(path))
        };
        self.test == other.test && within(&self.train, &other.train) && within(&self.validation, &other.validation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_that_was_trained_on_must_not_be_held_out_later() {
        let split = |train: &[&str], test: &[&str]| {
            let own = |paths: &[&str]| paths.iter().map(|&path| path.to_owned()).collect();
            SplitFile { train: own(train), validation: Vec::new(), test: own(test) }
        };
        let begun = split(&["a", "b"], &["d"]);
        assert!(begun.goes_on_with(&split(&["a", "b", "unreadable"], &["d"])));
        assert!(!begun.goes_on_with(&split(&["a", "c"], &["d"])));
        assert!(!begun.goes_on_with(&split(&["a", "b"], &["c", "d"])));
    }
}
