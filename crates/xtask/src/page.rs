//! The page in `dist/`: the Leptos program by Trunk, the two workers beside it, and the weights they load.
//!
//! ```text
//! dist/index.html, *.js, *.wasm, *.css, samples/   Trunk, from web/app
//! dist/worker-cpu/{worker.js, worker_bg.wasm}      web/worker
//! dist/worker-webgpu/{worker.js, worker_bg.wasm}   web/worker with its feature `webgpu`
//! dist/weights/                                    manifest.json, the files it names, reports/
//! ```

mod report_index;
pub mod sizes;
mod weights;
mod workers;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::setup::wasm_opt;
use crate::setup::wasm_target::Toolchain;
use crate::shell;
use crate::workspace::Workspace;

/// How much care a build of the page takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// As it is deployed: through wasm-opt, names of functions removed.
    Release,
    /// Sooner built: larger, with the names of functions in stack traces.
    Debug,
}

impl Style {
    /// The style that the flag `--debug` asks for.
    pub const fn from_debug(debug: bool) -> Self {
        if debug { Self::Debug } else { Self::Release }
    }
}

/// Builds the page into `dist/`.
///
/// # Errors
/// If a part can't be built; `dist/` is then incomplete.
pub fn build(workspace: &Workspace, style: Style) -> Result<()> {
    let toolchain = Toolchain::find(workspace)?;
    let style = if wasm_opt::is_present(workspace) { style } else { Style::Debug };
    // First, because Trunk empties dist/ and the page is whole again only when they are copied.
    let workers = workers::build(workspace, toolchain, style)?;
    build_app(workspace, toolchain, style)?;
    for (name, folder) in workers {
        copy_folder(&folder, &workspace.dist().join(name))?;
    }
    weights::copy(&workspace.root().join("weights"), &workspace.dist().join("weights"))
}

fn build_app(workspace: &Workspace, toolchain: Toolchain, style: Style) -> Result<()> {
    let mut trunk = toolchain.command(workspace, "trunk");
    // Trunk refuses the value 1 that other tools are given here.
    trunk.env_remove("NO_COLOR");
    shell::run(trunk.args(["build", "--cargo-profile", "wasm"]))?;
    if style == Style::Release {
        for module in
            files_in(&workspace.dist())?.iter().filter(|file| file.extension().is_some_and(|end| end == "wasm"))
        {
            wasm_opt::shrink(workspace, module)?;
        }
    }
    Ok(())
}

/// The files of a folder, those in its own folders left out, in the order of their names.
fn files_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.retain(|path| path.is_file());
    files.sort();
    Ok(files)
}

/// Copies the files of a folder into another.
fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    for file in files_in(from)? {
        copy_into(&file, to)?;
    }
    Ok(())
}

/// Copies a file into a folder, which is made where it is missing.
fn copy_into(file: &Path, folder: &Path) -> Result<()> {
    let name = file.file_name().with_context(|| format!("{} is not a file", file.display()))?;
    fs::create_dir_all(folder)?;
    fs::copy(file, folder.join(name)).with_context(|| format!("cannot copy {}", file.display()))?;
    Ok(())
}
