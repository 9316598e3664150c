//! Debian's package manager, and doing what only root may do.

use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use model::Hinted;

use crate::shell;
use crate::workspace::Workspace;

/// How long another program may hold a lock of apt's: an unattended upgrade takes minutes.
const PATIENCE: Duration = Duration::from_mins(10);
/// The same for the one lock that apt can wait for by itself.
const WAIT: [&str; 2] = ["-o", "DPkg::Lock::Timeout=600"];

/// Installs packages with `apt-get`, as root or through `sudo` where that asks for no password.
///
/// # Errors
/// If there is no `apt-get` or no right to use it, with the command that a person can type; or if it fails.
pub fn install(workspace: &Workspace, packages: &[&str]) -> Result<()> {
    if !shell::succeeds(workspace.command("apt-get").arg("--version")) {
        let hint = format!("install what Debian calls {} with its package manager", packages.join(", "));
        bail!(Hinted::new("this system has no apt-get.", hint));
    }
    // The lists of a fresh container are empty, and those of an old one name packages that are gone.
    patiently(PATIENCE, || shell::run_quoting(as_root(workspace, "apt-get")?.args(["update", "--quiet=2"])))?;
    let options = ["install", "--yes", "--quiet=2", "--no-install-recommends"];
    patiently(PATIENCE, || shell::run_quoting(as_root(workspace, "apt-get")?.args(options).args(WAIT).args(packages)))
}

/// Runs `apt` until no other program holds a lock that it needs; `apt-get update` has no option that waits.
fn patiently(limit: Duration, mut apt: impl FnMut() -> Result<()>) -> Result<()> {
    let start = Instant::now();
    loop {
        match apt() {
            Err(error) if error.to_string().contains("Could not get lock") && start.elapsed() < limit => {
                println!("  another program holds apt's lock; trying again");
                thread::sleep(limit / 200);
            }
            outcome => return outcome,
        }
    }
}

/// No questions, and English, in which a lock is recognised.
const QUIET: [(&str, &str); 2] = [("DEBIAN_FRONTEND", "noninteractive"), ("LC_ALL", "C")];

/// A command that runs as root.
///
/// # Errors
/// If this is not root and `sudo` would ask for a password.
pub fn as_root(workspace: &Workspace, program: &str) -> Result<Command> {
    if shell::stdout_of(workspace.command("id").arg("-u")).as_deref() == Some("0") {
        let mut command = workspace.command(program);
        command.envs(QUIET);
        return Ok(command);
    }
    if shell::succeeds(workspace.command("sudo").args(["-n", "true"])) {
        let mut command = workspace.command("sudo");
        command.arg("-n").args(QUIET.map(|(name, value)| format!("{name}={value}"))).arg(program);
        return Ok(command);
    }
    let hint = "run `sudo -v`, then `cargo xtask setup` again";
    bail!(Hinted::new(format!("`{program}` needs root, and sudo asks for a password."), hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often apt was started, and how it ended, where its first runs end as given and the rest well.
    fn starts(limit: Duration, complaints: &[&str]) -> (usize, Result<()>) {
        let mut starts = 0;
        let outcome = patiently(limit, || {
            starts += 1;
            complaints.get(starts - 1).map_or(Ok(()), |complaint| bail!("apt-get ended with 100\n{complaint}"))
        });
        (starts, outcome)
    }

    const LOCKED: &str = "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt-get)";

    #[test]
    fn setup_waits_for_apts_lock_but_not_for_ever() {
        let (starts_in_time, outcome) = starts(Duration::from_secs(2), &[LOCKED; 3]);
        assert!(starts_in_time == 4 && outcome.is_ok());
        let (_, outcome) = starts(Duration::from_millis(20), &[LOCKED; 1000]);
        assert!(outcome.unwrap_err().to_string().contains("held by process 7"));
    }

    #[test]
    fn what_waiting_does_not_mend_fails_at_once() {
        let (starts, outcome) = starts(Duration::from_mins(1), &["E: Unable to locate package nodejs"]);
        assert!(starts == 1 && outcome.unwrap_err().to_string().contains("nodejs"));
    }
}
