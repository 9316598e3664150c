//! What numbers can't be measured.

/// Why predictions were refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MetricsError {
    /// There is nothing to measure.
    #[error("cannot measure: there are no predictions.")]
    Empty,

    /// The columns are not equally long.
    #[error("cannot measure: {truth} labels and {found} {column}; there must be one for each label.")]
    Length {
        /// How many labels there are.
        truth: usize,
        /// What there should be as many of.
        column: &'static str,
        /// How many there are.
        found: usize,
    },

    /// A label without a class.
    #[error("cannot measure: item {item} has label {label}; there are {classes} classes, counted from 0.")]
    UnknownLabel {
        /// Which item, from 0.
        item: usize,
        /// Its label.
        label: usize,
        /// How many classes there are.
        classes: usize,
    },

    /// Two sets of predictions that are not of the same items.
    #[error("cannot compare: the two sets of predictions are of different items, or in another order.")]
    Unpaired,

    /// A row of probabilities of the wrong length, with a value that is no probability, or that doesn't sum to 1.
    #[error("cannot measure: item {item} has probabilities {row:?}; {classes} from 0 to 1 that sum to 1 are needed.")]
    NoDistribution {
        /// Which item, from 0.
        item: usize,
        /// Its probabilities.
        row: Vec<f32>,
        /// How many classes there are.
        classes: usize,
    },
}
