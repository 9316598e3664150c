//! Where a network sees evidence of a tumour, and in which part of the slice.

use model::EvidenceMap;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The most rows of a map; an input of 512 x 512 pixels has maps of 64.
const MOST_ROWS: usize = 512;

/// A map of evidence with the part of the slice that it is of.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(try_from = "Unchecked")]
pub struct PlacedMap {
    evidence: EvidenceMap,
    shown: Square,
}

/// A square in the pixels of a file's slice. It reaches beyond the slice where the network's input was padded.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Square {
    /// Its first column.
    pub left: i32,
    /// Its first row.
    pub top: i32,
    /// Columns and rows.
    pub side: u32,
}

/// A map that can't be shown.
#[derive(Error, Clone, Debug, PartialEq)]
pub enum MapError {
    /// It has no rows, or too many.
    #[error("a map of evidence has {0} rows; accepted are 1 to {MOST_ROWS}")]
    Rows(usize),
    /// It is no square.
    #[error("a map of evidence of {rows} rows has {found} values; accepted are {}", rows * rows)]
    Values {
        /// Its rows.
        rows: usize,
        /// Its values.
        found: usize,
    },
    /// A value is no probability.
    #[error("a map of evidence has the value {0}; accepted are 0 to 1")]
    Value(f32),
    /// It is of no part of the slice.
    #[error("a map of evidence is of 0 pixels of its slice")]
    Nowhere,
}

/// A map as a message has it.
#[derive(Deserialize)]
struct Unchecked {
    evidence: EvidenceMap,
    shown: Square,
}

impl PlacedMap {
    /// A map of the part `shown` of a slice.
    ///
    /// # Errors
    /// The map is no square of probabilities, is too large, or is of nothing.
    pub fn new(evidence: EvidenceMap, shown: Square) -> Result<Self, MapError> {
        let EvidenceMap { side: rows, ref values } = evidence;
        if !(1..=MOST_ROWS).contains(&rows) {
            return Err(MapError::Rows(rows));
        }
        if values.len() != rows * rows {
            return Err(MapError::Values { rows, found: values.len() });
        }
        if let Some(value) = values.iter().find(|value| !(0.0..=1.0).contains(*value)) {
            return Err(MapError::Value(*value));
        }
        if shown.side == 0 {
            return Err(MapError::Nowhere);
        }
        Ok(Self { evidence, shown })
    }

    /// The map: at least one row, as many columns, values from 0 to 1.
    #[must_use]
    pub fn evidence(&self) -> &EvidenceMap {
        &self.evidence
    }

    /// What the network was shown of the slice; at least one pixel.
    #[must_use]
    pub fn shown(&self) -> Square {
        self.shown
    }
}

impl TryFrom<Unchecked> for PlacedMap {
    type Error = MapError;

    fn try_from(Unchecked { evidence, shown }: Unchecked) -> Result<Self, MapError> {
        Self::new(evidence, shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOWN: Square = Square { left: -8, top: 3, side: 96 };

    fn refused(side: usize, values: Vec<f32>) -> MapError {
        PlacedMap::new(EvidenceMap { side, values }, SHOWN).unwrap_err()
    }

    #[test]
    fn a_map_survives_the_journey_to_the_last_bit() {
        let values = vec![0.0, 1.0e-7, 0.899_999_9, 1.0];
        let map = PlacedMap::new(EvidenceMap { side: 2, values }, SHOWN).unwrap();
        let text = serde_json::to_string(&map).unwrap();
        assert_eq!(serde_json::from_str::<PlacedMap>(&text).unwrap(), map);
    }

    #[test]
    fn a_map_is_a_square_of_probabilities_over_some_part_of_its_slice() {
        assert_eq!(refused(0, vec![]), MapError::Rows(0));
        assert_eq!(refused(usize::MAX, vec![]), MapError::Rows(usize::MAX));
        assert_eq!(refused(2, vec![0.5; 3]), MapError::Values { rows: 2, found: 3 });
        assert_eq!(refused(1, vec![1.1]), MapError::Value(1.1));
        assert!(matches!(refused(1, vec![f32::NAN]), MapError::Value(value) if value.is_nan()));
        let nothing = PlacedMap::new(EvidenceMap { side: 1, values: vec![0.5] }, Square { side: 0, ..SHOWN });
        assert_eq!(nothing.unwrap_err(), MapError::Nowhere);
    }

    #[test]
    fn a_text_is_no_way_around_the_checks() {
        let text = |rows: &str, values: &str, side: &str| {
            let (evidence, shown) =
                (format!(r#""side":{rows},"values":[{values}]"#), format!(r#""left":0,"top":0,"side":{side}"#));
            format!(r#"{{"evidence":{{{evidence}}},"shown":{{{shown}}}}}"#)
        };
        let is_map = |text: &str| serde_json::from_str::<PlacedMap>(text).is_ok();
        assert!(is_map(&text("1", "0.5", "9")));
        let hostile = [
            text("2", "0.5", "9"),
            text("-1", "", "9"),
            text("18446744073709551615", "", "9"),
            text("1", "null", "9"),
            text("1", "-0.1", "9"),
            text("1", "1e40", "9"),
            text("1", "0.5", "-9"),
            text("1", "0.5", "0"),
        ];
        assert!(!hostile.iter().any(|text| is_map(text)), "{hostile:?}");
    }
}
