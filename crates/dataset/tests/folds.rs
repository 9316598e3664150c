//! What folds and subsets promise.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

mod made;

use std::collections::HashSet;
use std::sync::LazyLock;

use dataset::{Dataset, DatasetError, Fold, Shares, Split, SplitProtocol, SplitSpec, clusters, leakage, split};
use made::{dataset, hospital};

static HOSPITAL: LazyLock<Dataset> = LazyLock::new(|| dataset(&hospital()));

fn spec(protocol: SplitProtocol, seed: u64, number: usize, of: usize) -> SplitSpec {
    SplitSpec { protocol, shares: Shares { validation: 0.1, test: 0.0 }, seed, fold: Some(Fold { number, of }) }
}

/// All folds of one seed.
fn folds(dataset: &Dataset, seed: u64, of: usize) -> Vec<Split> {
    (1..=of).map(|number| split(dataset, &spec(SplitProtocol::Grouped, seed, number, of)).unwrap()).collect()
}

#[test]
fn every_record_is_tested_on_in_exactly_one_fold() {
    for of in [2, 3, 5] {
        let mut tested: Vec<usize> = folds(&HOSPITAL, 1, of).into_iter().flat_map(|split| split.test).collect();
        tested.sort_unstable();
        assert_eq!(tested, (0..HOSPITAL.records.len()).collect::<Vec<_>>());
    }
}

#[test]
fn no_patient_and_no_copy_is_in_two_parts_of_a_fold() {
    let clusters = clusters(&HOSPITAL);
    for seed in 0..10 {
        for split in folds(&HOSPITAL, seed, 5) {
            let of = |part: &[usize]| part.iter().map(|&index| clusters[index]).collect::<HashSet<_>>();
            let [train, validation, test] = [&split.train, &split.validation, &split.test].map(|part| of(part));
            assert!(train.is_disjoint(&validation) && train.is_disjoint(&test) && validation.is_disjoint(&test));
            let found = leakage(&HOSPITAL, &split);
            assert_eq!((found.test_with_patient_in_train, found.test_with_twin_in_train), (0, 0));
        }
    }
}

#[test]
fn every_fold_has_its_share_of_every_class() {
    for seed in 0..10 {
        for split in folds(&HOSPITAL, seed, 5) {
            for count in HOSPITAL.class_counts(&split.test) {
                // A fifth of 150; files that stand alone even out what whole patients left.
                assert!(count.abs_diff(30) <= 1, "seed {seed}: {count}");
            }
            assert!(HOSPITAL.class_counts(&split.validation).iter().all(|&count| count > 0));
        }
    }
}

#[test]
fn the_seed_decides_the_folds() {
    assert_eq!(folds(&HOSPITAL, 1, 3), folds(&HOSPITAL, 1, 3));
    assert_ne!(folds(&HOSPITAL, 1, 3), folds(&HOSPITAL, 2, 3));
}

#[test]
fn folds_by_chance_tear_patients_apart_and_are_called_leaky() {
    let split = split(&HOSPITAL, &spec(SplitProtocol::Random, 0, 1, 5)).unwrap();
    assert!(leakage(&HOSPITAL, &split).leaky);
}

#[test]
fn folds_that_cannot_be_are_refused_with_the_reason() {
    for (number, of) in [(0, 5), (6, 5), (1, 1), (1, 0)] {
        let error = split(&HOSPITAL, &spec(SplitProtocol::Grouped, 0, number, of)).unwrap_err();
        assert!(matches!(error, DatasetError::Fold { .. }), "{error}");
    }
    let error = split(&HOSPITAL, &spec(SplitProtocol::Official, 0, 1, 5)).unwrap_err();
    assert!(matches!(error, DatasetError::OfficialFolds), "{error}");
    let error = split(&HOSPITAL, &spec(SplitProtocol::Grouped, 0, 1, 400)).unwrap_err();
    assert!(matches!(error, DatasetError::TooFewGroups { needed: 400, .. }), "{error}");
}

#[test]
fn chosen_classes_are_counted_anew_in_their_order() {
    let names = ["pituitary", "glioma"].map(str::to_owned);
    let chosen = HOSPITAL.clone().of_classes(&names).unwrap();
    assert_eq!(chosen.classes, ["glioma", "pituitary"]);
    for record in &chosen.records {
        assert!(record.path.contains(&chosen.classes[record.label]), "{record:?}");
    }
    assert_eq!(chosen.records.len(), 300);
    let error = HOSPITAL.clone().of_classes(&["glioma".to_owned(), "knee".to_owned()]).unwrap_err();
    assert!(error.to_string().contains("knee") && error.to_string().contains("notumor"), "{error}");
    assert!(HOSPITAL.clone().of_classes(&names[..1]).is_err());
}

#[test]
fn known_patients_alone_remain_and_every_class_must_have_some() {
    let known = HOSPITAL.clone().of_known_patients().unwrap();
    assert!(known.records.len() < HOSPITAL.records.len());
    assert!(known.records.iter().all(|record| record.patient_group.is_some()));

    let mut rows = hospital();
    rows.iter_mut().filter(|row| row.0.contains("notumor")).for_each(|row| row.1.clear());
    let error = dataset(&rows).of_known_patients().unwrap_err();
    assert!(matches!(&error, DatasetError::NoKnownPatients { class } if class == "notumor"), "{error}");
}

#[test]
fn the_public_set_has_three_classes_of_known_patients() {
    let Some(data) = needs::shared("data") else { return };
    let all = Dataset::open(&data.join("brain-mri-7023")).unwrap().with_groups(&data.join("index.csv")).unwrap();
    let names = ["glioma", "meningioma", "pituitary"].map(str::to_owned);
    let known = all.of_classes(&names).unwrap().of_known_patients().unwrap();
    assert_eq!(known.records.len(), 4750, "the known patients of the set, all with a tumour");
    let total = known.class_counts(&(0..known.records.len()).collect::<Vec<_>>());
    for split in folds(&known, 1, 5) {
        for (count, total) in known.class_counts(&split.test).into_iter().zip(&total) {
            let share = count as f64 / *total as f64;
            assert!((share - 0.2).abs() < 0.01, "{share}");
        }
    }
}
