//! Dividing a data set into train, validation and test.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use model::SplitProtocol;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::{Dataset, DatasetError, Fold, Part, clusters};

/// How much goes where, as shares of the files; training gets the rest.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shares {
    /// From 0 up to 1: of all files, or of `Training` where the protocol is official.
    pub validation: f64,
    /// From 0 up to 1, of all files. The official protocol has its own test and ignores this.
    pub test: f64,
}

/// All that decides a split of a given data set.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitSpec {
    /// The rule.
    pub protocol: SplitProtocol,
    /// The sizes.
    pub shares: Shares,
    /// The same seed gives the same split.
    pub seed: u64,
    /// The fold that is the test in place of a share; `None` for a single split.
    pub fold: Option<Fold>,
}

/// Three parts of a data set, as ascending indices into [`Dataset::records`]. No index is in two of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// What the network learns from.
    pub train: Vec<usize>,
    /// What decides when it stops.
    pub validation: Vec<usize>,
    /// What it is measured on.
    pub test: Vec<usize>,
}

/// Divides every record of a data set.
///
/// Each class is divided by itself, and is in every part whose share is above zero. The test depends on the seed and
/// its own share alone, so changing the validation share leaves it as it was.
///
/// # Errors
/// [`DatasetError::Shares`], [`DatasetError::Fold`], [`DatasetError::OfficialFolds`], [`DatasetError::NoOfficialParts`]
/// or [`DatasetError::TooFewGroups`] where the data can't be divided as asked.
pub fn split(dataset: &Dataset, spec: &SplitSpec) -> Result<Split, DatasetError> {
    let Shares { validation, test } = spec.shares;
    let test = match (spec.protocol, spec.fold) {
        (SplitProtocol::Official, Some(_)) => return Err(DatasetError::OfficialFolds),
        (SplitProtocol::Official, None) => 0.0,
        (_, Some(fold)) => fold.check().map(|()| fold.share())?,
        (_, None) => test,
    };
    if !(validation >= 0.0 && test >= 0.0 && validation + test < 1.0) {
        return Err(DatasetError::Shares { validation, test });
    }
    let clusters = match spec.protocol {
        SplitProtocol::Random => (0..dataset.records.len()).collect(),
        SplitProtocol::Official | SplitProtocol::Grouped | SplitProtocol::LeaveSourceOut => clusters(dataset),
    };
    let mut draw = Draw { dataset, clusters, random: ChaCha8Rng::seed_from_u64(spec.seed) };
    let (test_files, rest) = match (spec.protocol, spec.fold) {
        (SplitProtocol::Official, _) => official(dataset)?,
        (_, Some(fold)) => draw.fold(fold)?,
        (_, None) => {
            let parts_after = if validation > 0.0 { 2 } else { 1 };
            draw.hold_out((0..dataset.records.len()).collect(), test, parts_after)?
        }
    };
    let (validation, train) = draw.hold_out(rest, validation / (1.0 - test), 1)?;
    Ok(Split { train, validation, test: test_files })
}

/// The published parts: `Testing`, then `Training`.
fn official(dataset: &Dataset) -> Result<(Vec<usize>, Vec<usize>), DatasetError> {
    let of = |part| (0..dataset.records.len()).filter(|&i| dataset.records[i].part == Some(part)).collect();
    let (testing, training): (Vec<usize>, Vec<usize>) = (of(Part::Testing), of(Part::Training));
    if testing.is_empty() || training.is_empty() {
        return Err(DatasetError::NoOfficialParts { root: dataset.root.clone() });
    }
    Ok((testing, training))
}

/// A division in the making.
pub(crate) struct Draw<'a> {
    pub(crate) dataset: &'a Dataset,
    /// For every record the cluster that must not be torn.
    clusters: Vec<usize>,
    pub(crate) random: ChaCha8Rng,
}

impl Draw<'_> {
    /// Divides `pool` into a held-out share and the rest, both ascending, leaving every class at least `parts_after`
    /// clusters in the rest.
    fn hold_out(
        &mut self,
        pool: Vec<usize>,
        share: f64,
        parts_after: usize,
    ) -> Result<(Vec<usize>, Vec<usize>), DatasetError> {
        if share == 0.0 {
            return Ok((Vec::new(), pool));
        }
        let (mut held, mut rest) = (Vec::new(), Vec::new());
        for (label, groups) in self.groups_by_class(&pool).into_iter().enumerate() {
            let (found, needed) = (groups.len(), parts_after + 1);
            if found < needed {
                let class = self.dataset.classes[label].clone();
                return Err(DatasetError::TooFewGroups { class, found, needed });
            }
            let (class_held, class_rest) = self.divide(groups, share, parts_after);
            held.extend(class_held.into_iter().flatten());
            rest.extend(class_rest.into_iter().flatten());
        }
        held.sort_unstable();
        rest.sort_unstable();
        Ok((held, rest))
    }

    /// The clusters within `pool` under the class most of their files have (the first of equals).
    pub(crate) fn groups_by_class(&self, pool: &[usize]) -> Vec<Vec<Vec<usize>>> {
        let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for &index in pool {
            groups.entry(self.clusters[index]).or_default().push(index);
        }
        let mut by_class = vec![Vec::new(); self.dataset.classes.len()];
        for group in groups.into_values() {
            let counts = self.dataset.class_counts(&group);
            let label = (0..counts.len()).max_by_key(|&label| (counts[label], Reverse(label))).unwrap_or(0);
            by_class[label].push(group);
        }
        by_class
    }

    /// Divides one class's groups, the largest first, so that the small ones even out what the large ones left.
    ///
    /// A group is held out with the probability `owed / left`: files still owed to the held-out side over files still
    /// to divide. Its expectation never changes, so groups of every size have the same chance.
    fn divide(&mut self, mut groups: Vec<Vec<usize>>, share: f64, keep: usize) -> (Vec<Vec<usize>>, Vec<Vec<usize>>) {
        groups.sort_by_cached_key(|group| (Reverse(group.len()), self.random.random::<u64>()));
        let (mut held, mut rest) = (Vec::new(), Vec::new());
        let mut left = groups.iter().map(Vec::len).sum::<usize>() as f64;
        let mut owed = share * left;
        for group in groups {
            let size = group.len() as f64;
            if self.random.random::<f64>() * left < owed {
                owed -= size;
                held.push(group);
            } else {
                rest.push(group);
            }
            left -= size;
        }
        if held.is_empty() {
            held.extend(rest.pop());
        }
        while rest.len() < keep {
            rest.extend(held.pop());
        }
        (held, rest)
    }
}
