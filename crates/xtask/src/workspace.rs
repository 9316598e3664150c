//! Where things lie: the repository, cargo's target folder, the page, and the tools that setup installs.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{self, Command};

use anyhow::{Context, Result, ensure};
use model::Hinted;

/// The folders that every task works with.
#[derive(Debug)]
pub struct Workspace {
    root: PathBuf,
    target: PathBuf,
    cache: PathBuf,
}

impl Workspace {
    /// The workspace this command was started from.
    ///
    /// # Errors
    /// If the home folder, and so the cache folder, is unknown.
    pub fn find() -> Result<Self> {
        // Cargo sets it at run time too, so that a binary from a shared target folder serves the clone it was called in.
        let crate_folder =
            env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
        let root = crate_folder.ancestors().nth(2).context("crates/xtask does not lie in a workspace")?.to_path_buf();
        let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |folder| root.join(folder));
        let homeless = "cannot tell where to install tools: neither XDG_CACHE_HOME nor HOME is set.";
        let cache = needs::cache().ok_or_else(|| Hinted::new(homeless, "set HOME"))?;
        Ok(Self { root, target, cache })
    }

    /// The repository.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Cargo's target folder, `CARGO_TARGET_DIR` respected.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// The built page, ready to be served.
    pub fn dist(&self) -> PathBuf {
        self.root.join("dist")
    }

    /// The built `sulcus` command.
    ///
    /// # Errors
    /// If it is not there.
    pub fn sulcus(&self) -> Result<PathBuf> {
        let program = self.target.join("debug").join(format!("sulcus{}", env::consts::EXE_SUFFIX));
        ensure!(program.is_file(), "cargo built no {}", program.display());
        Ok(program)
    }

    /// The browser suite.
    pub fn browser_suite(&self) -> PathBuf {
        self.root.join("tests/browser")
    }

    /// The benchmark in a browser.
    pub fn benchmark(&self) -> PathBuf {
        self.root.join("tests/bench")
    }

    /// Where the tests of this run list what they skip.
    pub fn skip_list(&self) -> PathBuf {
        self.target.join(format!("skips-{}.txt", process::id()))
    }

    /// Where setup builds and installs, outside the clone, so that every clone shares it.
    pub fn cache(&self) -> &Path {
        &self.cache
    }

    /// What `cargo install --root` is given; the programs lie in `bin` below.
    pub fn tools(&self) -> PathBuf {
        self.cache.join("tools")
    }

    /// A command that starts in the repository and finds the tools before anything else of the same name.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root).env("PATH", self.path());
        command
    }

    fn path(&self) -> OsString {
        let tools = [self.tools().join("bin"), self.tools().join("npm/node_modules/.bin")];
        let inherited = env::var_os("PATH").unwrap_or_default();
        let folders: Vec<PathBuf> = tools.into_iter().chain(env::split_paths(&inherited)).collect();
        // Only a folder with a separator in its name can't be joined: then the tools are found where the user put them.
        env::join_paths(folders).unwrap_or(inherited)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_holds_the_lock_file() {
        assert!(Workspace::find().unwrap().root().join("Cargo.lock").is_file());
    }

    #[test]
    fn tools_come_before_the_inherited_path() {
        let workspace = Workspace::find().unwrap();
        let first = env::split_paths(&workspace.path()).next();
        assert_eq!(first, Some(workspace.tools().join("bin")));
    }
}
