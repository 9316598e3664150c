//! Where a network sees evidence of a tumour.

use serde::{Deserialize, Serialize};

/// For every place of a prepared slice, how likely there is a tumour: a square grid over it, coarser than its pixels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EvidenceMap {
    /// Rows and columns of the grid.
    pub side: usize,
    /// Row by row, 0 to 1.
    pub values: Vec<f32>,
}

impl EvidenceMap {
    /// From a network's logits, row by row.
    #[must_use]
    pub fn from_logits(logits: &[f32]) -> Self {
        let values = logits.iter().map(|logit| 1.0 / (1.0 + (-logit).exp())).collect();
        Self { side: logits.len().isqrt(), values }
    }

    /// The value at a place, from 0 at the left or upper border to 1 at the other: bilinear between the cells' middles.
    #[must_use]
    pub fn at(&self, x: f32, y: f32) -> f32 {
        if self.side == 0 {
            return 0.0;
        }
        let last = (self.side - 1) as f32;
        let [x, y] = [x, y].map(|place| (place * self.side as f32 - 0.5).clamp(0.0, last));
        let [left, top] = [x, y].map(|place| place as usize);
        let [right, bottom] = [left, top].map(|index| (index + 1).min(self.side - 1));
        let row = |row: usize| {
            let [a, b] = [left, right].map(|column| self.values[row * self.side + column]);
            a + (x - left as f32) * (b - a)
        };
        let [above, below] = [row(top), row(bottom)];
        above + (y - top as f32) * (below - above)
    }

    /// Row and column of the largest value, and the value; `None` for an empty map.
    #[must_use]
    pub fn peak(&self) -> Option<(usize, usize, f32)> {
        let largest = self.values.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1))?;
        Some((largest.0 / self.side, largest.0 % self.side, *largest.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn between_cells_a_map_is_bilinear_and_flat_beyond_the_outer_ones() {
        let map = EvidenceMap { side: 2, values: vec![0.0, 1.0, 0.5, 0.0] };
        let close = |x, y, expected: f32| assert!((map.at(x, y) - expected).abs() < 1e-6, "{}", map.at(x, y));
        close(0.25, 0.25, 0.0);
        close(0.75, 0.25, 1.0);
        close(0.5, 0.25, 0.5);
        close(0.5, 0.5, 0.375);
        close(0.0, 1.0, 0.5);
        close(1.0, 0.0, 1.0);
    }

    #[test]
    fn a_map_of_logits_is_one_of_probabilities_with_its_peak() {
        let map = EvidenceMap::from_logits(&[-3.0, 0.0, 2.0, -1.0]);
        assert_eq!(map.side, 2);
        let (row, column, value) = map.peak().unwrap();
        assert_eq!((row, column), (1, 0));
        // 1 / (1 + exp(-2))
        assert!((value - 0.880_797).abs() < 1e-6 && (map.values[1] - 0.5).abs() < 1e-6);
    }
}
