//! Which slices and pairs a page shows of all that were found.

use std::collections::BTreeSet;

use dataset::Dataset;

use crate::findings::Audit;
use crate::inspect::Inspected;
use crate::pairs::{Pair, by_relation};
use crate::patients::SharedPatient;

/// Slices of each class.
const SAMPLES: usize = 12;
/// Pairs of each relation.
const OF_RELATION: usize = 4;
/// Pairs across Training and Testing.
const ACROSS: usize = 12;
/// Patients on both sides.
const PATIENTS: usize = 8;

/// What is shown. Conflicting pairs are all shown, and so stay with the findings.
pub struct Shown<'a> {
    /// Different pictures of each class, spread over it.
    pub samples: Vec<Vec<usize>>,
    /// Each relation with the number of its pairs and some of them.
    pub relations: Vec<(&'static str, usize, Vec<&'a Pair>)>,
    /// The number of pairs across Training and Testing, and some of them.
    pub across: (usize, Vec<&'a Pair>),
    /// Some of the patients on both sides.
    pub patients: Vec<&'a SharedPatient>,
}

impl<'a> Shown<'a> {
    /// Chooses examples spread evenly, so that they are not all of one patient.
    pub fn new(dataset: &Dataset, seen: &[Result<Inspected, String>], audit: &'a Audit) -> Self {
        let readable: Vec<usize> = (0..seen.len()).filter(|&index| seen[index].is_ok()).collect();
        let unique = dataset::unique(dataset, &readable);
        let of_class = |label| unique.iter().copied().filter(|&index| dataset.records[index].label == label).collect();
        let samples = (0..dataset.classes.len()).map(|label| spread(of_class(label), SAMPLES)).collect();
        let relations = by_relation(&audit.pairs);
        let relations = relations.into_iter().map(|(name, pairs)| (name, pairs.len(), spread(pairs, OF_RELATION)));
        let across: Vec<&Pair> = audit.pairs.iter().filter(|pair| pair.crosses_parts(dataset)).collect();
        Self {
            samples,
            relations: relations.collect(),
            across: (across.len(), spread(across, ACROSS)),
            patients: spread(audit.patients.on_both_sides.iter().collect(), PATIENTS),
        }
    }

    /// Every record that is shown, those of `conflicting` pairs included.
    pub fn records(&self, conflicting: &[Pair]) -> BTreeSet<usize> {
        let pairs =
            self.relations.iter().flat_map(|(_, _, pairs)| pairs).chain(&self.across.1).copied().chain(conflicting);
        let patients = self.patients.iter().flat_map(|patient| patient.examples);
        self.samples.iter().flatten().copied().chain(pairs.flat_map(|pair| pair.records)).chain(patients).collect()
    }
}

/// At most `count` of the values, at even distances.
fn spread<T>(values: Vec<T>, count: usize) -> Vec<T> {
    let (found, wanted) = (values.len(), count.min(values.len()));
    let chosen: BTreeSet<usize> = (0..wanted).map(|place| place * found / wanted).collect();
    values.into_iter().enumerate().filter(|(index, _)| chosen.contains(index)).map(|(_, value)| value).collect()
}

#[cfg(test)]
mod tests {
    use super::spread;

    #[test]
    fn examples_are_spread_over_the_whole_and_never_repeated() {
        assert_eq!(spread((0..100).collect(), 4), [0, 25, 50, 75]);
        assert_eq!(spread(vec![1, 2], 4), [1, 2]);
        assert_eq!(spread(Vec::<i32>::new(), 4), [0; 0]);
    }
}
