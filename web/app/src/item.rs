//! One row of the list: a file, and what is known of it.

use std::sync::Arc;

use protocol::{Picture, PlacedMap};

use crate::answer::Answer;
use crate::wording;

/// Why a row has no answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// What was found.
    pub message: String,
    /// What to do next; may be empty.
    pub hint: String,
    /// Whether trying the same file again can help: the engine failed, not the file.
    pub engine_fault: bool,
}

impl Failure {
    /// A file that the browser could not read.
    pub fn unread(message: impl Into<String>) -> Self {
        let hint = "it may have been moved or changed since; drop it again".into();
        Self { message: message.into(), hint, engine_fault: false }
    }

    /// A file that is longer than any engine takes.
    pub fn too_large(bytes: f64, limit: f64) -> Self {
        let (bytes, limit) = (wording::megabytes(bytes), wording::megabytes(limit));
        let hint = "export the slice alone, at its acquired size".into();
        Self { message: format!("the file has {bytes}; the limit is {limit}"), hint, engine_fault: false }
    }
}

/// Where a row stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Status {
    /// In the queue.
    Waiting,
    /// A worker has it.
    Working,
    /// Classified.
    Answered(Answer),
    /// Not classified, with the reason.
    Failed(Failure),
    /// Taken out of the queue by the reader.
    Cancelled,
}

impl Status {
    /// The answer, where there is one.
    pub fn into_answer(self) -> Option<Answer> {
        if let Self::Answered(answer) = self { Some(answer) } else { None }
    }
}

/// A small grey square, shared and compared by identity.
#[derive(Clone, Debug)]
pub struct Thumbnail(pub Arc<Vec<u8>>);

impl PartialEq for Thumbnail {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// One row.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Ascending in the order of the list.
    pub id: u32,
    /// The file's name.
    pub name: String,
    /// The class its source gives it, for the page's own samples.
    pub label: Option<String>,
    /// Where it stands.
    pub status: Status,
    /// What other models have answered.
    pub others: Vec<Answer>,
    /// What was decoded.
    pub picture: Option<Picture>,
    /// What was decoded, small.
    pub thumbnail: Option<Thumbnail>,
    /// Why its slice can't be looked at any more.
    pub unseen: Option<String>,
}

impl Item {
    /// Its state in a word or two, as the list shows it and the filter finds it.
    pub fn summary(&self) -> String {
        match &self.status {
            Status::Waiting => "waiting".into(),
            Status::Working => "working".into(),
            Status::Cancelled => "cancelled".into(),
            Status::Failed(failure) if failure.engine_fault => "engine failed".into(),
            Status::Failed(_) => "unreadable".into(),
            Status::Answered(answer) => wording::verdict_name(answer).into(),
        }
    }

    /// What a screen reader says of it.
    pub fn spoken(&self) -> String {
        match &self.status {
            Status::Answered(answer) => wording::verdict(&self.name, answer),
            _ => format!("{}: {}", self.name, self.summary()),
        }
    }

    /// The map that may be shown over it.
    pub fn map(&self) -> Option<&Arc<PlacedMap>> {
        if let Status::Answered(answer) = &self.status { answer.shown_map() } else { None }
    }

    /// Whether its name or summary contains this, which is in lower case.
    pub fn matches(&self, needle: &str) -> bool {
        self.name.to_lowercase().contains(needle) || self.summary().contains(needle)
    }
}
