//! Chromium or Chrome, in which the browser suite runs.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Result, ensure};
use model::Hinted;

use super::{State, Step, system};
use crate::hint::told;
use crate::workspace::Workspace;

/// The step that `setup` takes.
pub const STEP: Step = Step {
    name: "chromium",
    why: "opens the page in the browser suite",
    find: |_| match find_chromium() {
        Ok(path) => State::Present(path.display().to_string()),
        Err(error) => State::Missing(told(&error)),
    },
    install: |workspace: &Workspace| {
        // Another one, installed, would not be taken.
        named(env::var_os(VARIABLE))?;
        system::install(workspace, &["chromium"])
    },
    without_it: None,
};

/// Names the browser to test in.
const VARIABLE: &str = "SULCUS_CHROMIUM";
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
const MAC: &str = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";

/// The browser to test in: the one that `SULCUS_CHROMIUM` names, else the first on `PATH`.
///
/// # Errors
/// If `SULCUS_CHROMIUM` names no file, or none is found.
pub fn find_chromium() -> Result<PathBuf> {
    if let Some(path) = named(env::var_os(VARIABLE))? {
        return Ok(path);
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let on_path = NAMES
        .iter()
        .find_map(|name| env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file()));
    on_path
        .or_else(|| Some(PathBuf::from(MAC)).filter(|file| file.is_file()))
        .ok_or_else(|| Hinted::new("no Chromium or Chrome on PATH.", format!("name one in {VARIABLE}")).into())
}

/// The browser that the variable names; `None` where it is not set.
fn named(value: Option<OsString>) -> Result<Option<PathBuf>> {
    let Some(path) = value.map(PathBuf::from) else { return Ok(None) };
    ensure!(path.is_file(), "{VARIABLE} names \"{}\", which is no file", path.display());
    Ok(Some(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_that_is_named_and_not_there_is_an_error() {
        let error = named(Some("/no/such/browser".into())).unwrap_err().to_string();
        assert!(error.contains("/no/such/browser") && error.contains(VARIABLE), "{error}");
        assert_eq!(named(None).unwrap(), None);
    }
}
