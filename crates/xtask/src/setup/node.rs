//! Node.js, which runs WebAssembly tests, and the packages of the browser suite and of the benchmark.

use std::path::Path;

use anyhow::Result;

use super::{State, Step, system};
use crate::shell;
use crate::workspace::Workspace;

/// Node.js with npm.
pub const NODE: Step = Step {
    name: "node",
    why: "runs the WebAssembly tests and drives the browser",
    find: find_node,
    install: |workspace| system::install(workspace, &["nodejs", "npm"]),
    without_it: None,
};

/// Playwright and axe, in the versions of the suite's lock file.
pub const PACKAGES: Step = Step {
    name: "node packages",
    why: "drive the browser (Playwright) and look for barriers on the page (axe)",
    find: |workspace| find_packages(workspace, &workspace.browser_suite()),
    install: |workspace| install_packages(workspace, &workspace.browser_suite()),
    without_it: None,
};

/// The other runtimes, in the versions of the benchmark's lock file.
pub const BENCHMARK_PACKAGES: Step = Step {
    name: "other runtimes",
    why: "are what the benchmark compares with (onnxruntime-web, TensorFlow.js)",
    find: |workspace| find_packages(workspace, &workspace.benchmark()),
    install: |workspace| install_packages(workspace, &workspace.benchmark()),
    without_it: None,
};

const OLDEST: u32 = 18;

fn find_node(workspace: &Workspace) -> State {
    let node = shell::stdout_of(workspace.command("node").arg("--version"));
    let npm = shell::succeeds(workspace.command("npm").arg("--version"));
    match node {
        Some(version) if !npm => State::Missing(format!("node {version} found, without npm")),
        Some(version) if major(&version) >= Some(OLDEST) => State::Present(version),
        Some(version) => State::Missing(format!("{version} found, v{OLDEST} or newer needed")),
        None => State::Missing(format!("v{OLDEST} or newer needed")),
    }
}

/// The first number of a version such as `v20.20.2`.
fn major(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

fn find_packages(workspace: &Workspace, folder: &Path) -> State {
    let mut list = workspace.command("npm");
    // `npm ls` fails where a package is missing or is not the version that package.json asks for.
    if shell::succeeds(list.args(["ls", "--prefix"]).arg(folder)) {
        State::Present(format!("in {}", shown(workspace, folder)))
    } else {
        State::Missing(format!("not as {}/package.json asks for", shown(workspace, folder)))
    }
}

fn install_packages(workspace: &Workspace, folder: &Path) -> Result<()> {
    // The browser is a step of its own; Playwright would download another. onnxruntime-web's packages may bring
    // programs for Node.js, which nothing here runs.
    let mut npm = workspace.command("npm");
    npm.env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix"]);
    shell::run(npm.arg(folder))
}

/// A folder as seen from the repository.
fn shown(workspace: &Workspace, folder: &Path) -> String {
    folder.strip_prefix(workspace.root()).unwrap_or(folder).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_the_first_number() {
        assert_eq!(major("v20.20.2"), Some(20));
        assert_eq!(major("20"), None);
        assert!(major("not a version") < Some(OLDEST));
    }
}
