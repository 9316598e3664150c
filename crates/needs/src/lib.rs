//! What a test needs and a machine may lack: a graphics adapter, Python with packages, data beside the clone.
//!
//! A test without what it needs can only end early and pass. [`Need::met`] is the one way to do so, and it is never
//! silent: the skip goes to the list that `cargo xtask test` prints at its end, and where `SULCUS_REQUIRE` names the
//! need, as in continuous integration, the test fails.
//!
//! ```
//! use needs::Need;
//!
//! let adapter: Result<&str, &str> = Ok("lavapipe");
//! let Some(adapter) = Need::Gpu.met(adapter) else { return };
//! assert_eq!(adapter, "lavapipe");
//! ```

mod list;
mod places;
mod python;

use std::env;
use std::fmt::Display;
use std::panic::Location;
use std::path::Path;
use std::thread;

pub use list::LIST;
pub use places::{cache, shared};
pub use python::{PYTHON, environment, interpreter, named_interpreter};

use list::Skip;

/// The variable that names the needs whose absence is a failure, separated by commas.
pub const REQUIRE: &str = "SULCUS_REQUIRE";

/// Something that a test needs and a machine may lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// A graphics adapter over Vulkan, Metal or Direct3D 12; one in software will do.
    Gpu,
    /// Python with the packages of `tests/python/requirements.txt`.
    Python,
    /// ONNX Runtime among these packages, which not every system has.
    OnnxRuntime,
    /// The folder `shared` beside the clone.
    Data,
}

impl Need {
    /// Every need.
    pub const ALL: [Self; 4] = [Self::Gpu, Self::Python, Self::OnnxRuntime, Self::Data];

    /// Its word in `SULCUS_REQUIRE`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Gpu => "gpu",
            Self::Python => "python",
            Self::OnnxRuntime => "onnxruntime",
            Self::Data => "data",
        }
    }

    /// What was found; `None` where it is an error, which makes the running test a skipped one.
    ///
    /// # Panics
    /// Where `SULCUS_REQUIRE` names this need and it is not met, where it has an unknown word, and where the list of skips
    /// can't be written.
    #[track_caller]
    pub fn met<T>(self, found: Result<T, impl Display>) -> Option<T> {
        let reason = match found {
            Ok(found) => return Some(found),
            Err(reason) => reason.to_string(),
        };
        let skip = Skip { test: running_test(Location::caller().file()), need: self, reason };
        let list = env::var_os(LIST);
        let settled = required().and_then(|required| skip.settle(&required, list.as_ref().map(Path::new)));
        settled.map_or_else(|failure| panic!("{failure}"), |()| None)
    }
}

/// The needs that `SULCUS_REQUIRE` names.
///
/// # Errors
/// A word of it is not known; the error names those that are.
pub fn required() -> Result<Vec<Need>, String> {
    words(&env::var(REQUIRE).unwrap_or_default())
}

fn words(text: &str) -> Result<Vec<Need>, String> {
    let known = |word: &str| {
        let need = Need::ALL.into_iter().find(|need| need.word() == word);
        need.ok_or_else(|| format!("{REQUIRE} has \"{word}\"; accepted are {}", Need::ALL.map(Need::word).join(", ")))
    };
    text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(known).collect()
}

/// The file and the name of the test that runs: the test harness names a thread after each.
fn running_test(file: &str) -> String {
    format!("{file}, {}", thread::current().name().unwrap_or("a thread without a name"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_need_has_a_word() {
        let all = Need::ALL.map(Need::word).join(",");
        assert_eq!(words(&all).unwrap(), Need::ALL);
        assert_eq!(words(" gpu , data,").unwrap(), [Need::Gpu, Need::Data]);
        assert_eq!(words("").unwrap(), []);
    }

    #[test]
    fn an_unknown_word_is_an_error_that_names_the_accepted_ones() {
        let error = words("gpu,vulkan").unwrap_err();
        assert!(error.contains("\"vulkan\"") && error.contains("gpu, python, onnxruntime, data"), "{error}");
    }

    #[test]
    fn a_test_is_known_by_its_file_and_name() {
        let name = running_test(file!());
        assert!(name.ends_with("lib.rs, tests::a_test_is_known_by_its_file_and_name"), "{name}");
    }

    #[test]
    fn what_is_found_is_given_on() {
        assert_eq!(Need::Gpu.met(Ok::<_, String>(7)), Some(7));
    }
}
