//! What a test shares with training.

use serde::{Deserialize, Serialize};

/// What test and train share. Train means train and validation together, since both shape the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leakage {
    /// Test files with an identical or mirrored copy in train.
    pub test_with_twin_in_train: usize,
    /// Test files whose patient is in train.
    pub test_with_patient_in_train: usize,
    /// Test files whose patient is not known: they are held apart from train by copies alone.
    #[serde(default)]
    pub test_without_patient: usize,
    /// Test files of which neither patient nor copies are known.
    pub test_without_groups: usize,
    /// Duplicate groups, anywhere in the split, whose files carry different labels.
    pub conflicting_twins: usize,
    /// Whether a figure measured on the test flatters: something is shared, or nothing at all is known of the test.
    pub leaky: bool,
}
