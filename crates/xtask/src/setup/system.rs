//! Debian's package manager, and doing what only root may do.

use std::process::Command;

use anyhow::{Result, bail};

use crate::shell;
use crate::workspace::Workspace;

/// Installs packages with `apt-get`, as root or through `sudo` where that asks for no password.
///
/// # Errors
/// If there is no `apt-get` or no right to use it, with the command that a person can type; or if it fails.
pub fn install(workspace: &Workspace, packages: &[&str]) -> Result<()> {
    if !shell::succeeds(workspace.command("apt-get").arg("--version")) {
        bail!(
            "this system has no apt-get.\nhint: install what Debian calls {} with its package manager",
            packages.join(", ")
        );
    }
    // The lists of a fresh container are empty, and those of an old one name packages that are gone.
    shell::run(as_root(workspace, "apt-get")?.args(["update", "--quiet=2"]))?;
    let options = ["install", "--yes", "--quiet=2", "--no-install-recommends"];
    shell::run(as_root(workspace, "apt-get")?.args(options).args(packages))
}

/// A command that runs as root.
///
/// # Errors
/// If this is not root and `sudo` would ask for a password.
pub fn as_root(workspace: &Workspace, program: &str) -> Result<Command> {
    if shell::stdout_of(workspace.command("id").arg("-u")).as_deref() == Some("0") {
        let mut command = workspace.command(program);
        command.env("DEBIAN_FRONTEND", "noninteractive");
        return Ok(command);
    }
    if shell::succeeds(workspace.command("sudo").args(["-n", "true"])) {
        let mut command = workspace.command("sudo");
        command.args(["-n", "DEBIAN_FRONTEND=noninteractive", program]);
        return Ok(command);
    }
    bail!("`{program}` needs root, and sudo asks for a password.\nhint: run `sudo -v`, then `cargo xtask setup` again")
}
