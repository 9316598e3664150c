//! Where answers go.

use batch::{AnswerFile, Earlier};
use serde::Serialize;

use crate::arguments::ClassifyArguments;

/// Where answers go, and in which form.
pub enum Output {
    /// Sentences on standard output, refusals on standard error.
    Words,
    /// JSON Lines on standard output.
    Lines,
    /// JSON Lines in a file.
    File(AnswerFile),
}

impl Output {
    /// What the arguments ask for, and what is answered already.
    ///
    /// # Errors
    /// The file can't be written, or not be gone on with.
    pub fn open(arguments: &ClassifyArguments, weights: &str) -> anyhow::Result<(Self, Earlier)> {
        Ok(match &arguments.out {
            Some(path) if arguments.resume => {
                let (file, earlier) = AnswerFile::resume(path, weights)?;
                (Self::File(file), earlier)
            }
            Some(path) => (Self::File(AnswerFile::create(path)?), Earlier::default()),
            None if arguments.json => (Self::Lines, Earlier::default()),
            None => (Self::Words, Earlier::default()),
        })
    }

    /// Writes a line of JSON.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn write(&mut self, line: &impl Serialize) -> anyhow::Result<()> {
        match self {
            Self::File(file) => file.append(line),
            Self::Lines | Self::Words => {
                println!("{}", serde_json::to_string(line)?);
                Ok(())
            }
        }
    }

    /// Brings everything to the disk.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn finish(self) -> anyhow::Result<()> {
        match self {
            Self::File(file) => file.finish(),
            Self::Lines | Self::Words => Ok(()),
        }
    }
}
