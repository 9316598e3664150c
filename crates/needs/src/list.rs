//! The list of skips.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use crate::{Need, REQUIRE};

/// The variable that names the list's file; `cargo xtask test` sets it, and prints the file at its end.
pub const LIST: &str = "SULCUS_SKIPS";

/// A test that lacks what it needs.
#[derive(Debug)]
pub(crate) struct Skip {
    /// Its file and name.
    pub(crate) test: String,
    /// What it lacks.
    pub(crate) need: Need,
    /// Why it is not there.
    pub(crate) reason: String,
}

impl Skip {
    /// Enters the skip into the list, where there is one.
    ///
    /// # Errors
    /// What the test lacks is required, or the list can't be written.
    pub(crate) fn settle(&self, required: &[Need], list: Option<&Path>) -> Result<(), String> {
        let (word, reason) = (self.need.word(), &self.reason);
        if required.contains(&self.need) {
            return Err(format!("{REQUIRE} names {word}, and this test lacks it: {reason}"));
        }
        let Some(list) = list else {
            println!("skipped: {reason}");
            return Ok(());
        };
        append(list, &self.line()).map_err(|error| format!("cannot write \"{}\": {error}", list.display()))
    }

    /// One line, whatever the reason has: the list is read by lines.
    fn line(&self) -> String {
        let reason = self.reason.split_whitespace().collect::<Vec<_>>().join(" ");
        format!("{}: {reason} ({REQUIRE}={} makes this a failure)\n", self.test, self.need.word())
    }
}

/// In one write, so that lines of tests that run side by side don't mix.
fn append(list: &Path, line: &str) -> std::io::Result<()> {
    OpenOptions::new().create(true).append(true).open(list)?.write_all(line.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skip(need: Need) -> Skip {
        Skip { test: "parity.rs, same_answers".into(), need, reason: "no adapter\nhint: install a driver".into() }
    }

    #[test]
    fn every_skip_is_a_line_with_test_reason_and_word() {
        let folder = tempfile::tempdir().unwrap();
        let list = folder.path().join("skips");
        for need in [Need::Gpu, Need::Data] {
            skip(need).settle(&[Need::Python], Some(&list)).unwrap();
        }
        let line = |word: &str| {
            format!(
                "parity.rs, same_answers: no adapter hint: install a driver (SULCUS_REQUIRE={word} makes this a failure)\n"
            )
        };
        assert_eq!(std::fs::read_to_string(list).unwrap(), line("gpu") + &line("data"));
    }

    #[test]
    fn a_skip_of_what_is_required_is_a_failure_with_the_reason() {
        let error = skip(Need::Gpu).settle(&[Need::Gpu], None).unwrap_err();
        assert!(error.contains("gpu") && error.contains("no adapter"), "{error}");
        skip(Need::Gpu).settle(&[Need::Data], None).unwrap();
    }

    #[test]
    fn a_skip_that_cannot_be_listed_is_a_failure() {
        let error = skip(Need::Gpu).settle(&[], Some(Path::new("/no/such/folder/skips"))).unwrap_err();
        assert!(error.contains("/no/such/folder"), "{error}");
    }
}
