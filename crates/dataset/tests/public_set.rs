//! The promises on the public set of 7,023 slices, where a copy lies beside the workspace.
//!
//! The expected numbers were counted once with other code, from the set's `index.csv`.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

use std::time::Instant;

use dataset::{Dataset, Shares, SplitProtocol, SplitSpec, clusters, fingerprint, leakage, split, unique};

fn public_set() -> Option<Dataset> {
    let data = needs::shared("data")?;
    let dataset = Dataset::open(&data.join("brain-mri-7023")).unwrap();
    Some(dataset.with_groups(&data.join("index.csv")).unwrap())
}

fn spec(protocol: SplitProtocol) -> SplitSpec {
    SplitSpec { protocol, shares: Shares { validation: 0.1, test: 0.2 }, seed: 1, fold: None }
}

#[test]
fn the_public_set_is_read_whole() {
    let Some(dataset) = public_set() else { return };
    assert_eq!(dataset.classes, ["glioma", "meningioma", "notumor", "pituitary"]);
    let all: Vec<usize> = (0..dataset.records.len()).collect();
    assert_eq!(dataset.class_counts(&all), [1621, 1645, 2000, 1757]);
    assert_eq!(dataset.rejected, []);
    let known = dataset.records.iter().filter(|record| record.patient_group.is_some()).count();
    assert_eq!(known, 4750);
    let mut clusters = clusters(&dataset);
    clusters.sort_unstable();
    clusters.dedup();
    assert_eq!(clusters.len(), 930);
    assert_eq!(unique(&dataset, &all).len(), 3785 - 4, "four images carry two labels");
}

#[test]
fn the_official_split_is_as_leaky_as_measured() {
    let Some(dataset) = public_set() else { return };
    let split = split(&dataset, &spec(SplitProtocol::Official)).unwrap();
    assert_eq!((split.test.len(), split.train.len() + split.validation.len()), (1311, 5712));
    let found = leakage(&dataset, &split);
    assert_eq!(found.test_with_twin_in_train, 980);
    assert_eq!(found.test_with_patient_in_train, 788);
    assert_eq!(found.conflicting_twins, 4);
    assert!(found.leaky);
}

#[test]
fn the_grouped_split_shares_no_group_and_keeps_its_shares() {
    let Some(dataset) = public_set() else { return };
    for seed in 0..20 {
        let split = split(&dataset, &SplitSpec { seed, ..spec(SplitProtocol::Grouped) }).unwrap();
        let found = leakage(&dataset, &split);
        assert_eq!((found.test_with_twin_in_train, found.test_with_patient_in_train), (0, 0));
        assert!(!found.leaky);
        let total = dataset.class_counts(&(0..dataset.records.len()).collect::<Vec<_>>());
        for (part, share) in [(&split.train, 0.7), (&split.validation, 0.1), (&split.test, 0.2)] {
            for (count, total) in dataset.class_counts(part).into_iter().zip(&total) {
                let got = count as f64 / *total as f64;
                assert!((got - share).abs() < 0.01, "seed {seed}: {got} instead of {share}");
            }
        }
    }
}

#[test]
fn the_fingerprint_takes_seconds() {
    let Some(dataset) = public_set() else { return };
    let start = Instant::now();
    let name = fingerprint(&dataset).unwrap();
    println!("{name} in {:?}", start.elapsed());
    assert!(start.elapsed().as_secs() < 10);
}
