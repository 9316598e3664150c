//! Folds, for what is fitted to some items and measured on others.

use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Parts that the items are divided into; each is measured with what was fitted to the others.
pub const FOLDS: usize = 5;

/// The fold of every item, from 0 to [`FOLDS`] - 1: clusters stay whole, and each class is spread evenly.
///
/// The largest clusters are placed first, each where its classes are rarest so far. Both lists have an entry an item.
#[must_use]
pub fn folds(labels: &[usize], clusters: &[usize]) -> Vec<usize> {
    let mut members = BTreeMap::<usize, Vec<usize>>::new();
    for (item, &cluster) in clusters.iter().enumerate() {
        members.entry(cluster).or_default().push(item);
    }
    let mut groups: Vec<Vec<usize>> = members.into_values().collect();
    groups.sort_by_key(|items| Reverse(items.len()));
    let classes = labels.iter().max().map_or(0, |last| last + 1);
    let mut placed = vec![[0_usize; FOLDS]; classes];
    let mut fold_of = vec![0; labels.len()];
    for items in groups {
        let alike = |fold: usize| items.iter().map(|&item| placed[labels[item]][fold]).sum::<usize>();
        let fold = (0..FOLDS).min_by_key(|&fold| alike(fold)).unwrap_or(0);
        for item in items {
            placed[labels[item]][fold] += 1;
            fold_of[item] = fold;
        }
    }
    fold_of
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cluster_is_torn_and_every_fold_has_its_fifth_of_each_class() {
        let labels: Vec<usize> = (0..600).map(|item| usize::from(item % 3 == 0)).collect();
        // Clusters of 6 items, both classes mixed, and single items.
        let clusters: Vec<usize> = (0..600).map(|item| if item < 300 { item / 6 } else { item }).collect();
        let folds = folds(&labels, &clusters);
        for fold in 0..FOLDS {
            for (label, expected) in [(0, 80), (1, 40)] {
                let found = (0..600).filter(|&item| folds[item] == fold && labels[item] == label).count();
                assert_eq!(found, expected, "class {label} in fold {fold}");
            }
        }
        let mut first_of = std::collections::HashMap::new();
        assert!((0..600).all(|item| *first_of.entry(clusters[item]).or_insert(folds[item]) == folds[item]));
    }
}
