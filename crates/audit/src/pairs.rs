//! Every two files that show the same picture.

use std::collections::BTreeMap;

use dataset::{Copies, Dataset, Orientation};
use serde::Serialize;

use crate::inspect::Inspected;

/// Two files that show the same picture.
#[derive(Serialize, Clone)]
pub struct Pair {
    pub a: String,
    pub b: String,
    /// What makes one of the other: `identical`, `altered`, `rescaled`, `mirrored`, `turned-90` and so on.
    pub relation: &'static str,
    /// Of their values at 48 x 48 pixels, 0.99 to 1.
    pub correlation: f32,
    /// Which records they are.
    #[serde(skip)]
    pub records: [usize; 2],
}

impl Pair {
    /// Whether the two lie in different class folders.
    pub fn is_conflicting(&self, dataset: &Dataset) -> bool {
        let [a, b] = self.records.map(|index| dataset.records[index].label);
        a != b
    }

    /// Whether one lies in Training and the other in Testing.
    pub fn crosses_parts(&self, dataset: &Dataset) -> bool {
        let [a, b] = self.records.map(|index| dataset.records[index].part);
        a != b
    }
}

/// The copies found, with what relates them.
pub fn pairs(dataset: &Dataset, seen: &[Result<Inspected, String>], found: &[Copies]) -> Vec<Pair> {
    let path = |index: usize| dataset.records[index].path.clone();
    let pair = |copies: &Copies| {
        let (Ok(a), Ok(b)) = (&seen[copies.a], &seen[copies.b]) else { return None };
        Some(Pair {
            a: path(copies.a),
            b: path(copies.b),
            relation: relation(a, b, copies.orientation),
            correlation: copies.correlation,
            records: [copies.a, copies.b],
        })
    };
    found.iter().filter_map(pair).collect()
}

fn relation(a: &Inspected, b: &Inspected, orientation: Orientation) -> &'static str {
    match orientation {
        Orientation::Same if a.digest == b.digest => "identical",
        Orientation::Same if a.size != b.size => "rescaled",
        Orientation::Same => "altered",
        Orientation::Mirrored => "mirrored",
        Orientation::UpsideDown => "upside-down",
        Orientation::Turned90 => "turned-90",
        Orientation::Turned180 => "turned-180",
        Orientation::Turned270 => "turned-270",
        Orientation::Transposed => "transposed",
        Orientation::TransposedTurned180 => "transposed-turned-180",
    }
}

/// The pairs of each relation, in the order of their names.
pub fn by_relation(pairs: &[Pair]) -> BTreeMap<&'static str, Vec<&Pair>> {
    let mut relations: BTreeMap<&str, Vec<&Pair>> = BTreeMap::new();
    for pair in pairs {
        relations.entry(pair.relation).or_default().push(pair);
    }
    relations
}

/// What a relation means, in words.
pub fn meaning(relation: &str) -> &'static str {
    match relation {
        "identical" => "the same bytes",
        "rescaled" => "the same picture at another size",
        "altered" => "the same picture and size in other bytes: recompressed, brightened or edited",
        "mirrored" => "left and right changed",
        "upside-down" => "top and bottom changed",
        "turned-90" => "the first, turned clockwise by 90 degrees, is the second",
        "turned-180" => "turned by 180 degrees",
        "turned-270" => "the first, turned clockwise by 270 degrees, is the second",
        "transposed" => "rows and columns changed",
        _ => "rows and columns changed, then turned by 180 degrees",
    }
}
