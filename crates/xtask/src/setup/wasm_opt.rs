//! wasm-opt, which makes a WebAssembly module smaller and faster, from npm's `binaryen`.

use std::path::Path;

use anyhow::{Result, bail};
use model::Hinted;

use super::{State, Step};
use crate::shell;
use crate::workspace::Workspace;

/// The step that `setup` takes.
pub const STEP: Step = Step {
    name: "wasm-opt",
    why: "makes the page's downloads smaller and faster",
    find,
    install,
    without_it: Some("the page works, and its downloads are larger"),
};

const VERSION: u32 = 132;

/// What every browser of the last years can run. `--all-features` writes imports that Chromium refuses.
const FEATURES: [&str; 7] = [
    "--enable-simd",
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
];

fn find(workspace: &Workspace) -> State {
    let line = shell::stdout_of(workspace.command("wasm-opt").arg("--version")).unwrap_or_default();
    match version_in(&line) {
        Some(version) if version >= VERSION => State::Present(version.to_string()),
        // Debian 12's 108 writes modules that fail in `Table.set()`.
        Some(version) => State::Missing(format!("{version} found, {VERSION} or newer needed")),
        None => State::Missing(format!("{VERSION} or newer needed")),
    }
}

/// The version in a line such as `wasm-opt version 132 (version_132)`.
fn version_in(line: &str) -> Option<u32> {
    line.strip_prefix("wasm-opt version ")?.split_whitespace().next()?.parse().ok()
}

fn install(workspace: &Workspace) -> Result<()> {
    if !shell::succeeds(workspace.command("npm").arg("--version")) {
        bail!(Hinted::new("npm, which brings it, is not here.", "install Node.js 18 or newer"));
    }
    let folder = workspace.tools().join("npm");
    let package = format!("binaryen@{VERSION}.0.0");
    shell::run(
        workspace.command("npm").args(["install", "--no-audit", "--no-fund", "--prefix"]).arg(folder).arg(package),
    )
}

/// Whether modules can be made smaller here.
pub fn is_present(workspace: &Workspace) -> bool {
    matches!(find(workspace), State::Present(_))
}

/// Makes a module smaller, in place. Names of functions go with the debug information, here and not in the compiler:
/// `strip = true` in a profile hides from wasm-bindgen which features of WebAssembly the module uses.
///
/// # Errors
/// If wasm-opt fails.
pub fn shrink(workspace: &Workspace, module: &Path) -> Result<()> {
    shell::run(
        workspace
            .command("wasm-opt")
            .args(["-O2", "--strip-debug", "--strip-producers"])
            .args(FEATURES)
            .arg(module)
            .arg("-o")
            .arg(module),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_a_number_of_its_own_line() {
        assert_eq!(version_in("wasm-opt version 132 (version_132)"), Some(132));
        assert_eq!(version_in("wasm-opt version 108"), Some(108));
        assert_eq!(version_in(""), None);
    }
}
