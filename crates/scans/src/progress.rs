//! How far a long work is.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar for `length` steps of a long work.
#[must_use]
pub fn progress_bar(length: usize, what: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length as u64).with_style(style).with_message(what)
}
