//! How far the test of a split has been seen before.

use std::collections::HashSet;

use model::Leakage;

use crate::groups::{conflicting, patient_of, twin_of};
use crate::{Dataset, Record, Split};

/// Counts what test and train of a split share.
#[must_use]
pub fn leakage(dataset: &Dataset, split: &Split) -> Leakage {
    let records = |indices: &[usize]| indices.iter().map(|&i| &dataset.records[i]).collect::<Vec<&Record>>();
    let (test, train) = (records(&split.test), records(&[&split.train[..], &split.validation].concat()));
    let shared = |group: fn(&Record) -> Option<&str>| {
        let seen: HashSet<&str> = train.iter().filter_map(|record| group(record)).collect();
        test.iter().filter(|record| group(record).is_some_and(|group| seen.contains(group))).count()
    };
    let (twins, patients) = (shared(twin_of), shared(patient_of));
    let unknown = test.iter().filter(|record| patient_of(record).is_none() && twin_of(record).is_none()).count();
    Leakage {
        test_with_twin_in_train: twins,
        test_with_patient_in_train: patients,
        test_without_patient: test.iter().filter(|record| patient_of(record).is_none()).count(),
        test_without_groups: unknown,
        conflicting_twins: conflicting(train.iter().chain(&test).copied()).len(),
        leaky: twins > 0 || patients > 0 || (unknown > 0 && unknown == test.len()),
    }
}
