//! What a split promises.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

mod made;

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use dataset::{Dataset, DatasetError, Part, Shares, Split, SplitProtocol, SplitSpec, clusters, leakage, split};
use made::{Row, dataset, hospital};

/// One folder for all tests that ask no more of it than to be one.
static HOSPITAL: LazyLock<Dataset> = LazyLock::new(|| dataset(&hospital()));

const PROTOCOLS: [SplitProtocol; 3] = [SplitProtocol::Official, SplitProtocol::Random, SplitProtocol::Grouped];

fn spec(protocol: SplitProtocol, seed: u64) -> SplitSpec {
    SplitSpec { protocol, shares: Shares { validation: 0.1, test: 0.2 }, seed, fold: None }
}

fn parts(split: &Split) -> [&Vec<usize>; 3] {
    [&split.train, &split.validation, &split.test]
}

fn rows(rows: &[(&str, &str, &str)]) -> Vec<Row> {
    rows.iter().map(|(a, b, c)| ((*a).to_owned(), (*b).to_owned(), (*c).to_owned())).collect()
}

/// The side each record is on: train, validation or test.
fn sides(dataset: &Dataset, split: &Split) -> Vec<usize> {
    let mut sides = vec![usize::MAX; dataset.records.len()];
    for (side, part) in parts(split).into_iter().enumerate() {
        for &index in part {
            assert_eq!(sides[index], usize::MAX, "record {index} is in two parts");
            sides[index] = side;
        }
    }
    sides
}

#[test]
fn every_record_is_in_exactly_one_part() {
    let dataset = &*HOSPITAL;
    for protocol in PROTOCOLS {
        let split = split(dataset, &spec(protocol, 1)).unwrap();
        assert!(!sides(dataset, &split).contains(&usize::MAX));
        assert!(parts(&split).iter().all(|part| part.is_sorted()));
    }
}

#[test]
fn mirrored_copies_land_in_the_same_fold() {
    let dataset = &*HOSPITAL;
    for seed in 0..20 {
        let sides = sides(dataset, &split(dataset, &spec(SplitProtocol::Grouped, seed)).unwrap());
        for (i, a) in dataset.records.iter().enumerate() {
            for (j, b) in dataset.records.iter().enumerate().skip(i) {
                if a.dup_group.is_some() && a.dup_group == b.dup_group {
                    assert_eq!(sides[i], sides[j], "seed {seed}: {} and {}", a.path, b.path);
                }
            }
        }
    }
}

#[test]
fn a_patient_is_on_one_side_only() {
    let dataset = &*HOSPITAL;
    for seed in 0..20 {
        let split = split(dataset, &spec(SplitProtocol::Grouped, seed)).unwrap();
        let patients = parts(&split).map(|part| {
            part.iter().filter_map(|&i| dataset.records[i].patient_group.as_deref()).collect::<HashSet<_>>()
        });
        assert!(patients[0].is_disjoint(&patients[1]));
        assert!(patients[0].is_disjoint(&patients[2]));
        assert!(patients[1].is_disjoint(&patients[2]));
    }
}

#[test]
fn patients_that_share_a_copy_hang_together() {
    let dataset = dataset(&rows(&[
        ("a/1.png", "p", "1"),
        ("a/2.png", "q", "1"),
        ("a/3.png", "q", ""),
        ("a/4.png", "", ""),
        ("b/1.png", "", "9"),
        ("b/2.png", "", "9"),
    ]));
    assert_eq!(clusters(&dataset), [0, 0, 0, 3, 4, 4]);
}

#[test]
fn the_same_seed_gives_the_same_split_and_another_seed_another() {
    let dataset = &*HOSPITAL;
    for protocol in PROTOCOLS {
        let first = split(dataset, &spec(protocol, 1)).unwrap();
        assert_eq!(first, split(dataset, &spec(protocol, 1)).unwrap());
        assert_ne!(first, split(dataset, &spec(protocol, 2)).unwrap());
    }
}

#[test]
fn the_validation_share_leaves_the_test_as_it_was() {
    let dataset = &*HOSPITAL;
    let mut spec = spec(SplitProtocol::Grouped, 5);
    let first = split(dataset, &spec).unwrap();
    spec.shares.validation = 0.3;
    let second = split(dataset, &spec).unwrap();
    assert_eq!(first.test, second.test);
    assert!(second.validation.len() > first.validation.len());
}

#[test]
fn every_class_has_its_share_in_every_part() {
    let dataset = &*HOSPITAL;
    // Whole patients can miss a share by half the largest, which has 10 slices.
    for (protocol, tolerance) in [(SplitProtocol::Random, 1), (SplitProtocol::Grouped, 5)] {
        for seed in 0..20 {
            let split = split(dataset, &spec(protocol, seed)).unwrap();
            for (part, share) in parts(&split).into_iter().zip([0.7, 0.1, 0.2]) {
                for count in dataset.class_counts(part) {
                    let expected = (share * 150.0) as usize;
                    assert!(count.abs_diff(expected) <= tolerance, "{protocol:?} {seed}: {count}");
                }
            }
        }
    }
}

#[test]
fn patients_of_every_size_are_tested_on_equally_often() {
    let dataset = &*HOSPITAL;
    let mut counts = HashMap::new();
    for seed in 0..300 {
        let split = split(dataset, &spec(SplitProtocol::Grouped, seed)).unwrap();
        let patient = |&i: &usize| dataset.records[i].patient_group.as_deref();
        for patient in split.test.iter().filter_map(patient).collect::<HashSet<_>>() {
            *counts.entry(patient).or_insert(0) += 1;
        }
    }
    assert_eq!(counts.len(), 80, "a patient was never tested on");
    for (patient, count) in counts {
        // A fifth of 300 seeds is 60; 32 and 88 lie four standard deviations away.
        assert!((32..=88).contains(&count), "{patient}: {count} of 300");
    }
}

#[test]
fn official_keeps_testing_and_validates_on_whole_groups_of_training() {
    let dataset = &*HOSPITAL;
    let split = split(dataset, &spec(SplitProtocol::Official, 3)).unwrap();
    let testing = |i: &usize| dataset.records[*i].part == Some(Part::Testing);
    assert!(split.test.iter().all(testing));
    assert!(!split.train.iter().chain(&split.validation).any(testing));

    let clusters = clusters(dataset);
    let trained: HashSet<usize> = split.train.iter().map(|&i| clusters[i]).collect();
    assert!(!split.validation.is_empty());
    assert!(split.validation.iter().all(|&i| !trained.contains(&clusters[i])));
}

#[test]
fn a_share_of_nothing_gives_an_empty_part() {
    let dataset = &*HOSPITAL;
    let shares = Shares { validation: 0.0, test: 0.0 };
    for protocol in [SplitProtocol::Random, SplitProtocol::Grouped] {
        let split = split(dataset, &SplitSpec { protocol, shares, seed: 0, fold: None }).unwrap();
        assert_eq!(split.train.len(), 600);
        assert!(split.validation.is_empty() && split.test.is_empty());
    }
}

#[test]
fn small_classes_still_reach_every_part() {
    let dataset = dataset(&rows(&[
        ("a/1.png", "1", ""),
        ("a/2.png", "2", ""),
        ("a/3.png", "3", ""),
        ("b/1.png", "4", ""),
        ("b/2.png", "5", ""),
        ("b/3.png", "6", ""),
    ]));
    for seed in 0..50 {
        let split = split(&dataset, &spec(SplitProtocol::Grouped, seed)).unwrap();
        for part in parts(&split) {
            assert_eq!(dataset.class_counts(part), [1, 1]);
        }
    }
}

#[test]
fn what_cannot_be_divided_is_refused_with_the_reason() {
    let dataset = dataset(&rows(&[
        ("a/1.png", "1", ""),
        ("a/2.png", "1", ""),
        ("b/1.png", "", ""),
        ("b/2.png", "", ""),
        ("b/3.png", "", ""),
    ]));
    let error = split(&dataset, &spec(SplitProtocol::Grouped, 0)).unwrap_err();
    assert!(matches!(&error, DatasetError::TooFewGroups { class, found: 1, needed: 3 } if class == "a"), "{error}");
    let error = split(&dataset, &spec(SplitProtocol::Official, 0)).unwrap_err();
    assert!(matches!(error, DatasetError::NoOfficialParts { .. }), "{error}");
    for (validation, test) in [(0.5, 0.5), (-0.1, 0.2), (f64::NAN, 0.2), (0.1, f64::NAN)] {
        let spec = SplitSpec { shares: Shares { validation, test }, ..spec(SplitProtocol::Random, 0) };
        let error = split(&dataset, &spec).unwrap_err();
        assert!(matches!(error, DatasetError::Shares { .. }), "{error}");
    }
}

#[test]
fn leakage_counts_twins_patients_contradictions_and_the_unknown() {
    let dataset = dataset(&rows(&[
        ("Testing/a/1.png", "p", "1"),
        ("Testing/a/2.png", "q", "2"),
        ("Testing/b/1.png", "", ""),
        ("Training/a/1.png", "p", "1"),
        ("Training/b/1.png", "r", "2"),
        ("Training/b/2.png", "p", "3"),
    ]));
    let split = Split { test: vec![0, 1, 2], train: vec![3, 5], validation: vec![4] };
    let found = leakage(&dataset, &split);
    assert_eq!(found.test_with_twin_in_train, 2, "a twin in validation counts");
    assert_eq!(found.test_with_patient_in_train, 1);
    assert_eq!(found.test_without_groups, 1);
    assert_eq!(found.conflicting_twins, 1);
    assert!(found.leaky);
}

#[test]
fn a_grouped_split_is_clean_and_a_random_one_is_leaky() {
    let dataset = &*HOSPITAL;
    let grouped = leakage(dataset, &split(dataset, &spec(SplitProtocol::Grouped, 0)).unwrap());
    assert_eq!((grouped.test_with_twin_in_train, grouped.test_with_patient_in_train), (0, 0));
    assert!(!grouped.leaky);
    assert!(leakage(dataset, &split(dataset, &spec(SplitProtocol::Random, 0)).unwrap()).leaky);
}

#[test]
fn a_test_of_which_nothing_is_known_is_called_leaky() {
    let nothing: Vec<Row> = hospital().into_iter().map(|(path, _, _)| (path, String::new(), String::new())).collect();
    let dataset = dataset(&nothing);
    let found = leakage(&dataset, &split(&dataset, &spec(SplitProtocol::Grouped, 0)).unwrap());
    assert!(found.leaky && found.test_without_groups > 0, "{found:?}");
}
