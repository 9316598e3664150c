//! What was found, and what to do next.

/// An error that comes with what to do next, for what a command finds wrong itself.
///
/// Errors of the libraries have a method `hint` instead. A hint is never part of the message, so that whoever shows an
/// error decides where the hint stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Hinted {
    /// What was found and what would be accepted.
    pub message: String,
    /// What to do next.
    pub hint: String,
}

impl Hinted {
    /// An error of both.
    pub fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into() }
    }
}
