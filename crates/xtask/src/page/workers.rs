//! The two builds of `web/worker`: a small one for the CPU, and one with WebGPU in it.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::Style;
use crate::setup::wasm_opt;
use crate::setup::wasm_target::{TARGET, Toolchain};
use crate::shell;
use crate::workspace::Workspace;

/// The builds: the folder in `dist/`, and the features that cargo is given.
const BUILDS: [(&str, &[&str]); 2] = [("worker-cpu", &[]), ("worker-webgpu", &["--features", "webgpu"])];

/// Builds the workers and returns, by their names in `dist/`, the folders that hold their files.
pub fn build(workspace: &Workspace, toolchain: Toolchain, style: Style) -> Result<Vec<(&'static str, PathBuf)>> {
    BUILDS
        .into_iter()
        .map(|(name, features)| Ok((name, build_one(workspace, toolchain, style, name, features)?)))
        .collect()
}

fn build_one(
    workspace: &Workspace,
    toolchain: Toolchain,
    style: Style,
    name: &str,
    features: &[&str],
) -> Result<PathBuf> {
    let profile = ["build", "--package", "worker", "--profile", "wasm", "--target", TARGET];
    shell::run(toolchain.command(workspace, "cargo").args(profile).args(features))?;
    let compiled = workspace.target().join(TARGET).join("wasm/worker.wasm");
    let folder = workspace.target().join("page").join(format!("{name}-{style:?}").to_lowercase());
    let stamp = Stamp::of(&compiled, &folder)?;
    let joined = folder.join("joined");
    if stamp.is_current() {
        println!("  {name} is up to date");
        return Ok(joined);
    }
    stamp.remove()?;
    shell::run(
        workspace
            .command("wasm-bindgen")
            .args(["--target", "web", "--out-name", "worker", "--no-typescript", "--out-dir"])
            .args([&joined, &compiled]),
    )?;
    if style == Style::Release {
        wasm_opt::shrink(workspace, &joined.join("worker_bg.wasm"))?;
    }
    stamp.write()?;
    Ok(joined)
}

/// The compiler's output that a folder was last made from. wasm-opt takes a minute on what has not changed,
/// and times say nothing here, because the two builds take turns at one path.
struct Stamp {
    path: PathBuf,
    compiled: Vec<u8>,
}

impl Stamp {
    fn of(compiled: &Path, folder: &Path) -> Result<Self> {
        let bytes = fs::read(compiled).with_context(|| format!("cannot read {}", compiled.display()))?;
        Ok(Self { path: folder.join("compiled.wasm"), compiled: bytes })
    }

    fn is_current(&self) -> bool {
        fs::read(&self.path).is_ok_and(|before| before == self.compiled)
    }

    /// Before the folder changes: what stops half way must not look made.
    fn remove(&self) -> Result<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(error).with_context(|| format!("cannot remove {}", self.path.display()))
            }
            _ => Ok(()),
        }
    }

    fn write(&self) -> Result<()> {
        fs::write(&self.path, &self.compiled).with_context(|| format!("cannot write {}", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_current_until_the_compiled_bytes_change() {
        let folder = tempfile::tempdir().unwrap();
        let compiled = folder.path().join("worker.wasm");
        fs::write(&compiled, b"first").unwrap();
        let stamp = Stamp::of(&compiled, folder.path()).unwrap();
        assert!(!stamp.is_current(), "nothing was made yet");
        stamp.write().unwrap();
        assert!(Stamp::of(&compiled, folder.path()).unwrap().is_current());
        fs::write(&compiled, b"other").unwrap();
        assert!(!Stamp::of(&compiled, folder.path()).unwrap().is_current());
    }

    #[test]
    fn a_build_that_stopped_half_way_is_not_current() {
        let folder = tempfile::tempdir().unwrap();
        let compiled = folder.path().join("worker.wasm");
        fs::write(&compiled, b"first").unwrap();
        let stamp = Stamp::of(&compiled, folder.path()).unwrap();
        stamp.remove().unwrap();
        stamp.write().unwrap();
        stamp.remove().unwrap();
        assert!(!stamp.is_current());
    }
}
