//! The lines of `metrics.jsonl`.

use std::fmt;

use metrics::Average;
use serde::{Deserialize, Serialize};

/// What an epoch came to: one line of `metrics.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpochLog {
    /// Counted from 1 over all stages.
    pub epoch: usize,
    /// Name of the stage it belongs to.
    pub stage: String,
    /// Mean loss on the way, dropout and augmentation included.
    pub train_loss: f64,
    /// Accuracy on the way.
    pub train_accuracy: f64,
    /// Mean loss after the epoch.
    pub validation_loss: f64,
    /// Accuracy after the epoch.
    pub validation_accuracy: f64,
    /// Macro precision, recall and F1 after the epoch.
    pub validation: Average,
    /// Rows are the truth, columns the verdict.
    pub validation_confusion: Vec<Vec<u64>>,
    /// The learning rate at the epoch's end.
    pub learning_rate: f64,
    /// How long it took.
    pub seconds: f64,
    /// When it ended, in seconds since 1970 (UTC); 0 in run folders that are older than this field.
    #[serde(default)]
    pub ended: u64,
}

/// As a line on the terminal.
impl fmt::Display for EpochLog {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { epoch, stage, train_loss, train_accuracy, .. } = self;
        let Self { validation_loss, validation_accuracy, validation, seconds, .. } = self;
        let Average { precision, recall, .. } = validation;
        write!(
            to,
            "epoch {epoch:3} {stage:<10} loss {train_loss:.4} accuracy {train_accuracy:.4} | validation loss \
             {validation_loss:.4} accuracy {validation_accuracy:.4} precision {precision:.4} recall {recall:.4} | \
             {seconds:.0} s"
        )
    }
}

#[cfg(test)]
pub mod made {
    use super::{Average, EpochLog};

    /// A run of as many epochs as there are losses, a tenth of a day apart.
    pub fn epochs(losses: &[f64]) -> Vec<EpochLog> {
        let epoch = |(index, &loss): (usize, &f64)| EpochLog {
            epoch: index + 1,
            stage: if index == 0 { "head".into() } else { "fine".into() },
            train_loss: loss,
            train_accuracy: 1.0 - loss / 2.0,
            validation_loss: loss + 0.125,
            validation_accuracy: 0.75 - loss / 4.0,
            validation: Average { precision: 0.5, recall: 0.5, f1: 0.75 - loss / 2.0 },
            validation_confusion: vec![vec![3, 1], vec![0, 4]],
            learning_rate: 0.001,
            seconds: 8640.0,
            ended: 1_700_000_000 + 8640 * (index as u64 + 1),
        };
        losses.iter().enumerate().map(epoch).collect()
    }
}
