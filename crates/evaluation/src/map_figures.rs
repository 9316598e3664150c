//! How well a map of evidence points at tumours whose outline is known.

use dataset::Dataset;
use metrics::{Bootstrap, mean_interval};
use scans::Slices;
use serde::Serialize;
use training::{MapTargets, TumourMasks};

/// What a map is worth on tumours that were held out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MapFigures {
    /// Tumours with an outline.
    pub n: usize,
    /// Share of them whose brightest cell lies in the outline or beside it (pointing game, Zhang et al. 2018).
    pub pointing: f64,
    /// 95 % interval over patients.
    pub pointing_ci95: [f64; 2],
    /// Mean overlap of the cells above the threshold with the outline: 0 for none, 1 for the same cells (Dice).
    pub dice: f64,
    /// 95 % interval over patients.
    pub dice_ci95: [f64; 2],
    /// The threshold, which was chosen on the validation part.
    pub threshold: f32,
}

/// The maps of some records: each row by row, 0 to 1.
#[derive(Debug, Clone, Copy)]
pub struct Maps<'a> {
    /// Indices of the records.
    pub indices: &'a [usize],
    /// One a record.
    pub maps: &'a [Vec<f32>],
}

/// A map with what it should be.
struct Pair<'a> {
    index: usize,
    map: &'a [f32],
    /// Share of each cell that the outline covers.
    covered: Vec<f32>,
}

impl MapFigures {
    /// Measures the maps of `held_out`, with a threshold that suits those of `validation` best; `None` where no tumour of
    /// both has an outline.
    #[must_use]
    pub fn of(
        dataset: &Dataset,
        slices: &Slices,
        outlines: &TumourMasks,
        validation: Maps<'_>,
        held_out: Maps<'_>,
    ) -> Option<Self> {
        let [validation, held_out] = [validation, held_out].map(|maps| pairs(dataset, slices, outlines, maps));
        let threshold = best_threshold(&validation)?;
        let all_clusters = dataset::clusters(dataset);
        let clusters: Vec<usize> = held_out.iter().map(|pair| all_clusters[pair.index]).collect();
        let mean = |value: &dyn Fn(&Pair<'_>) -> f64| {
            let values: Vec<f64> = held_out.iter().map(value).collect();
            mean_interval(&values, &clusters, Bootstrap::default())
        };
        let (pointing, pointing_ci95) = mean(&|pair| f64::from(u8::from(pair.points())))?;
        let (dice, dice_ci95) = mean(&|pair| pair.dice(threshold))?;
        Some(Self { n: held_out.len(), pointing, pointing_ci95, dice, dice_ci95, threshold })
    }
}

fn pairs<'a>(dataset: &Dataset, slices: &Slices, outlines: &TumourMasks, maps: Maps<'a>) -> Vec<Pair<'a>> {
    let pair = |(&index, map): (&usize, &'a Vec<f32>)| {
        let outline = outlines.outline(&dataset.records[index].path, slices.get(index)?)?;
        let covered = MapTargets::of_outline(outline, map.len().isqrt());
        // A crop may have left the tumour out.
        covered.iter().any(|share| *share > 0.0).then_some(Pair { index, map, covered })
    };
    maps.indices.iter().zip(maps.maps).filter_map(pair).collect()
}

/// Of the thresholds from 0.05 to 0.95, the one with the greatest mean overlap.
fn best_threshold(pairs: &[Pair<'_>]) -> Option<f32> {
    let mean = |threshold: f32| pairs.iter().map(|pair| pair.dice(threshold)).sum::<f64>();
    let thresholds = (1..20).map(|step| 0.05 * step as f32);
    thresholds.max_by(|a, b| mean(*a).total_cmp(&mean(*b))).filter(|_| !pairs.is_empty())
}

impl Pair<'_> {
    /// Whether the brightest cell is covered, or one of its eight neighbours.
    fn points(&self) -> bool {
        let side = self.map.len().isqrt();
        let brightest = (0..self.map.len()).max_by(|&a, &b| self.map[a].total_cmp(&self.map[b]));
        let Some((row, column)) = brightest.map(|cell| (cell / side, cell % side)) else { return false };
        let near = |place: usize| place.saturating_sub(1)..(place + 2).min(side);
        near(row).any(|row| near(column).any(|column| self.covered[row * side + column] > 0.0))
    }

    fn dice(&self, threshold: f32) -> f64 {
        let most = self.covered.iter().copied().fold(0.0, f32::max);
        // Cells that are covered by half or more; of a small tumour those that are covered most.
        let is_covered = |share: f32| share >= most.min(0.5);
        let (mut both, mut either) = (0, 0);
        for (&value, &share) in self.map.iter().zip(&self.covered) {
            let (found, covered) = (value >= threshold, is_covered(share));
            both += usize::from(found && covered);
            either += usize::from(found) + usize::from(covered);
        }
        2.0 * both as f64 / either.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(map: &[f32], covered: [f32; 9]) -> Pair<'_> {
        Pair { index: 0, map, covered: covered.to_vec() }
    }

    const CORNER: [f32; 9] = [1.0, 0.6, 0.0, 0.4, 0.0, 0.0, 0.0, 0.0, 0.0];

    #[test]
    fn a_map_points_at_a_tumour_in_or_beside_its_brightest_cell() {
        let bright = |cell: usize| -> Vec<f32> { (0..9).map(|index| if index == cell { 0.9 } else { 0.1 }).collect() };
        for (cell, points) in [(0, true), (4, true), (2, true), (8, false)] {
            assert_eq!(pair(&bright(cell), CORNER).points(), points, "cell {cell}");
        }
    }

    #[test]
    fn overlap_is_twice_the_common_cells_over_all() {
        let map = [0.9, 0.2, 0.8, 0.7, 0.0, 0.0, 0.0, 0.0, 0.0];
        // Found are cells 0, 2 and 3; covered by half are 0 and 1.
        assert!((pair(&map, CORNER).dice(0.5) - 2.0 / 5.0).abs() < 1e-9);
        let small = [0.2, 0.1, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        assert!((pair(&map, small).dice(0.85) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn the_threshold_is_the_one_that_overlaps_most() {
        let map = [0.62, 0.58, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3];
        let threshold = best_threshold(&[pair(&map, CORNER)]).unwrap();
        assert!(threshold > 0.3 && threshold < 0.58, "{threshold}");
        assert_eq!(best_threshold(&[]), None);
    }
}
