//! Chromium or Chrome, in which the browser suite runs.

use std::env;
use std::path::PathBuf;

use super::{State, Step, system};
use crate::workspace::Workspace;

/// The step that `setup` takes.
pub const STEP: Step = Step {
    name: "chromium",
    why: "opens the page in the browser suite",
    find: |_| match find_chromium() {
        Some(path) => State::Present(path.display().to_string()),
        None => State::Missing("no Chromium or Chrome on PATH or in SULCUS_CHROMIUM".into()),
    },
    install: |workspace: &Workspace| system::install(workspace, &["chromium"]),
    without_it: None,
};

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
const MAC: &str = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";

/// The browser to test in: the one that `SULCUS_CHROMIUM` names, else the first on `PATH`.
pub fn find_chromium() -> Option<PathBuf> {
    if let Some(path) = env::var_os("SULCUS_CHROMIUM") {
        return Some(PathBuf::from(path)).filter(|path| path.is_file());
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let on_path = NAMES
        .iter()
        .find_map(|name| env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file()));
    on_path.or_else(|| Some(PathBuf::from(MAC)).filter(|file| file.is_file()))
}
