//! `cargo xtask bench`: Sulcus beside what others use, each with the same network on the same machine.
//!
//! What is measured in the browser, and how, lies in `tests/bench`. This builds what takes part, serves it with the headers of
//! `cargo xtask serve`, and starts the script.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;

use crate::cli::BrowserBenchOptions;
use crate::page::{self, Style};
use crate::server::{self, Folder};
use crate::setup;
use crate::shell;
use crate::workspace::Workspace;

pub use train::{TrainBenchOptions, train};

mod gpu;
mod train;

/// Runs the benchmark in a browser.
///
/// # Errors
/// If something can't be installed or built, or a contender answered otherwise than `sulcus classify`.
pub fn browser(workspace: &Workspace, options: &BrowserBenchOptions) -> Result<ExitCode> {
    setup::install(workspace, setup::BENCH).result()?;
    if !options.no_build {
        // A profile needs the names of functions, which wasm-opt takes away.
        page::build(workspace, Style::from_debug(options.profile))?;
    }
    let sulcus = build_command(workspace)?;
    let made = workspace.target().join("bench");
    std::fs::create_dir_all(&made)?;
    write_graph(workspace, &made.join("graph.json"))?;
    let address = server::serve_beside(&served(workspace, &made))?;
    let chromium = setup::find_chromium()?;
    let mut node = workspace.command("node");
    node.env("SULCUS_CHROMIUM", chromium).arg(workspace.benchmark().join("bench.js"));
    node.arg("--address").arg(format!("http://{address}")).arg("--made").arg(made).arg("--sulcus").arg(sulcus);
    node.arg("--dist").arg(workspace.dist());
    node.arg("--weights").arg(workspace.root().join("weights/xception.safetensors"));
    shell::run(node.args(options.words(workspace)))?;
    Ok(ExitCode::SUCCESS)
}

/// What the server gives out beside the page: the contenders' pages, their packages, the model and the slices as they
/// are made for the benchmark, and the page's own way of starting a worker.
fn served(workspace: &Workspace, made: &Path) -> [Folder; 5] {
    let folder = |address, path| Folder { address, path };
    [
        folder("/", workspace.dist()),
        folder("/bench", workspace.benchmark().join("page")),
        folder("/packages", workspace.benchmark().join("node_modules")),
        folder("/made", made.to_path_buf()),
        folder("/app", workspace.root().join("web/app/src")),
    ]
}

/// Writes the network as JSON, for the contender that is made of its operations.
fn write_graph(workspace: &Workspace, path: &Path) -> Result<()> {
    let example = ["run", "--quiet", "--package", "graph", "--example", "json", "--", "xception", "4"];
    shell::run(workspace.command("cargo").args(example).arg(path))
}

/// Builds the `sulcus` command as the tests do, dev-dependencies' features included, so that Burn is not compiled a
/// second time: with a test of the command comes the command.
fn build_command(workspace: &Workspace) -> Result<PathBuf> {
    let packages = ["--workspace", "--exclude", "app", "--exclude", "xtask"];
    shell::run(
        workspace.command("cargo").args(["test", "--quiet", "--no-run"]).args(packages).args(["--test", "command"]),
    )?;
    workspace.sulcus()
}
