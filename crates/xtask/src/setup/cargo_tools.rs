//! Programs that `cargo install` builds: Trunk and wasm-bindgen.

use std::fs;

use anyhow::Result;

use super::{State, Step, compare};
use crate::hint::told;
use crate::lockfile;
use crate::shell;
use crate::workspace::Workspace;

/// Builds the page; 0.22 needs a newer compiler than the workspace does.
pub const TRUNK: Step = Step {
    name: "trunk",
    why: "builds the page",
    find: |workspace| compare(version(workspace, "trunk"), TRUNK_VERSION),
    install: |workspace| {
        // Without its default features it does not ask the network for a newer version of itself.
        let features = ["--locked", "--no-default-features", "--features", "rustls"];
        install(workspace, "trunk", TRUNK_VERSION, "0", &features)
    },
    without_it: None,
};

/// Writes the JavaScript around a WebAssembly module, and runs its tests.
pub const WASM_BINDGEN: Step = Step {
    name: "wasm-bindgen",
    why: "joins WebAssembly to JavaScript and runs its tests",
    find: find_wasm_bindgen,
    // It reads and writes tens of megabytes a build, so it is worth some optimisation.
    install: |workspace| install(workspace, "wasm-bindgen-cli", &wasm_bindgen_version(workspace)?, "1", &[]),
    without_it: None,
};

const TRUNK_VERSION: &str = "0.21.14";

fn find_wasm_bindgen(workspace: &Workspace) -> State {
    let wanted = match wasm_bindgen_version(workspace) {
        Ok(version) => version,
        Err(error) => return State::Missing(told(&error)),
    };
    match compare(version(workspace, "wasm-bindgen"), &wanted) {
        State::Present(_) => compare(version(workspace, "wasm-bindgen-test-runner"), &wanted),
        missing @ State::Missing(_) => missing,
    }
}

/// The version that the workspace is locked to: the program refuses a module made with any other.
fn wasm_bindgen_version(workspace: &Workspace) -> Result<String> {
    lockfile::version_of(&workspace.root().join("Cargo.lock"), "wasm-bindgen")
}

/// The version a program gives, `None` where it is not there.
fn version(workspace: &Workspace, program: &str) -> Option<String> {
    shell::stdout_of(workspace.command(program).arg("--version")).and_then(|line| version_in(&line))
}

/// The version in a line such as `wasm-bindgen 0.2.130 (dfc5c8c 2026-01-01)`.
fn version_in(line: &str) -> Option<String> {
    line.split_whitespace().nth(1).map(str::to_owned)
}

/// Builds a program for its quick build, not for its own speed: it runs for seconds, and was minutes in the making.
fn install(workspace: &Workspace, package: &str, version: &str, opt_level: &str, options: &[&str]) -> Result<()> {
    let build = workspace.cache().join("tools-build");
    shell::run(
        workspace
            .command("cargo")
            .env("CARGO_TARGET_DIR", &build)
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", opt_level)
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_DEBUG", "false")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
            .args(["install", "--quiet", package, "--version", version, "--force", "--root"])
            .arg(workspace.tools())
            .args(options),
    )?;
    Ok(fs::remove_dir_all(build)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_the_word_after_the_name() {
        assert_eq!(version_in("trunk 0.21.14").as_deref(), Some("0.21.14"));
        assert_eq!(version_in("wasm-bindgen 0.2.130 (dfc5c8c 2026-01-01)").as_deref(), Some("0.2.130"));
        assert_eq!(version_in("trunk"), None);
    }
}
