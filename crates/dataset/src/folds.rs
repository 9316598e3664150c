//! Folds: every file is tested on once, by a network that saw nothing of its patient.

use std::cmp::Reverse;

use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::DatasetError;
use crate::split::Draw;

/// One fold of a cross-validation, which is the test of its split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fold {
    /// Which one, counted from 1.
    pub number: usize,
    /// How many there are, 2 or more.
    pub of: usize,
}

impl Fold {
    /// The share of the files that is tested on.
    pub(crate) fn share(self) -> f64 {
        1.0 / self.of as f64
    }

    pub(crate) fn check(self) -> Result<(), DatasetError> {
        let Self { number, of } = self;
        if of >= 2 && (1..=of).contains(&number) { Ok(()) } else { Err(DatasetError::Fold { number, of }) }
    }
}

impl Draw<'_> {
    /// Divides every record into a fold and the rest, both ascending. Draws the same folds for every number.
    ///
    /// Class by class the largest cluster left goes to the fold that has the fewest files of the class, so folds differ
    /// by the size of a cluster at most, and small clusters even out what large ones left.
    pub(crate) fn fold(&mut self, fold: Fold) -> Result<(Vec<usize>, Vec<usize>), DatasetError> {
        let all: Vec<usize> = (0..self.dataset.records.len()).collect();
        let mut folds = vec![Vec::new(); fold.of];
        for (label, mut groups) in self.groups_by_class(&all).into_iter().enumerate() {
            if groups.len() < fold.of {
                let class = self.dataset.classes[label].clone();
                return Err(DatasetError::TooFewGroups { class, found: groups.len(), needed: fold.of });
            }
            groups.sort_by_cached_key(|group| (Reverse(group.len()), self.random.random::<u64>()));
            let mut of_class = vec![0; fold.of];
            for group in groups {
                let fewest = (0..fold.of).min_by_key(|&index| (of_class[index], folds[index].len())).unwrap_or(0);
                of_class[fewest] += group.len();
                folds[fewest].extend(group);
            }
        }
        let mut held = folds.swap_remove(fold.number - 1);
        let mut rest = folds.concat();
        held.sort_unstable();
        rest.sort_unstable();
        Ok((held, rest))
    }
}
