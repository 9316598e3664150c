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
    fn a_map_of_logits_is_one_of_probabilities_with_its_peak() {
        let map = EvidenceMap::from_logits(&[-3.0, 0.0, 2.0, -1.0]);
        assert_eq!(map.side, 2);
        let (row, column, value) = map.peak().unwrap();
        assert_eq!((row, column), (1, 0));
        // 1 / (1 + exp(-2))
        assert!((value - 0.880_797).abs() < 1e-6 && (map.values[1] - 0.5).abs() < 1e-6);
    }
}
