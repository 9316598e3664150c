//! Running other programs: shown before they run, and a failure says what ran and how it ended.

use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// Runs a command with its output on the terminal.
///
/// # Errors
/// If it can't be started or ends with a status other than 0.
pub fn run(command: &mut Command) -> Result<()> {
    let shown = describe(command);
    println!("  $ {shown}");
    let status = command.status().with_context(|| format!("cannot start `{shown}`"))?;
    if !status.success() {
        bail!("`{shown}` ended with {status}");
    }
    Ok(())
}

/// Runs a command as [`run`] does; what it says of its errors is part of the error.
///
/// # Errors
/// As [`run`].
pub fn run_quoting(command: &mut Command) -> Result<()> {
    let shown = describe(command);
    println!("  $ {shown}");
    let output = command.stdout(Stdio::inherit()).output().with_context(|| format!("cannot start `{shown}`"))?;
    if !output.status.success() {
        bail!("`{shown}` ended with {}\n{}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

/// Runs a command as [`run`] does, and ends it when `limit` has passed.
///
/// # Errors
/// As [`run`], and if the time was not enough.
pub fn run_within(command: &mut Command, limit: Duration) -> Result<()> {
    let shown = describe(command);
    println!("  $ {shown}");
    let mut child = command.spawn().with_context(|| format!("cannot start `{shown}`"))?;
    let start = Instant::now();
    loop {
        match child.try_wait()? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => bail!("`{shown}` ended with {status}"),
            None if start.elapsed() > limit => {
                child.kill()?;
                child.wait()?;
                bail!("`{shown}` was stopped after {} s", limit.as_secs());
            }
            None => thread::sleep(Duration::from_millis(50)),
        }
    }
}

/// What a command writes to standard output, `None` where it can't be started or fails.
pub fn stdout_of(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// What a command writes to standard output; what it says of its errors goes to the terminal.
///
/// # Errors
/// As [`run`].
pub fn output_of(command: &mut Command) -> Result<String> {
    let shown = describe(command);
    println!("  $ {shown}");
    let output = command.stderr(Stdio::inherit()).output().with_context(|| format!("cannot start `{shown}`"))?;
    if !output.status.success() {
        bail!("`{shown}` ended with {}", output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether a command can be started and ends with status 0; it writes nothing.
pub fn succeeds(command: &mut Command) -> bool {
    stdout_of(command).is_some()
}

/// The command as a person would type it.
fn describe(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_command_and_its_status() {
        let error = run(Command::new("sh").args(["-c", "exit 3"])).unwrap_err().to_string();
        assert!(error.contains("sh -c exit 3") && error.contains('3'), "{error}");
    }

    #[test]
    fn a_quoted_failure_has_the_commands_own_words() {
        let error = run_quoting(Command::new("sh").args(["-c", "echo no lock >&2; exit 100"])).unwrap_err().to_string();
        assert!(error.contains("100") && error.ends_with("\nno lock"), "{error}");
    }

    #[test]
    fn a_command_that_hangs_is_stopped() {
        let start = Instant::now();
        let error = run_within(Command::new("sleep").arg("60"), Duration::from_millis(100)).unwrap_err();
        assert!(error.to_string().contains("was stopped"), "{error}");
        assert!(start.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn a_program_that_is_not_there_has_no_output() {
        assert_eq!(stdout_of(&mut Command::new("no-such-program-anywhere")), None);
    }
}
