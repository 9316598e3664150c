//! The tests that were skipped: a test without what it needs ends early, and cargo hides what a passing test prints.

use std::fs;
use std::io::ErrorKind;
use std::process::Command;

use anyhow::{Context, Result};

use crate::workspace::Workspace;

/// A command whose tests list what they skip.
pub fn listed(workspace: &Workspace, program: &str) -> Command {
    let mut command = workspace.command(program);
    command.env(needs::LIST, workspace.skip_list());
    command
}

/// Begins the list.
///
/// # Errors
/// What another run left can't be removed.
pub fn clear(workspace: &Workspace) -> Result<()> {
    let list = workspace.skip_list();
    match fs::remove_file(&list) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).context(format!("cannot remove {}", list.display()))
        }
        _ => Ok(()),
    }
}

/// Ends the list: one line a skip under a heading, or nothing.
///
/// # Errors
/// The list can't be read or removed.
pub fn take(workspace: &Workspace) -> Result<String> {
    let list = workspace.skip_list();
    let lines = match fs::read_to_string(&list) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(String::new()),
        lines => lines.with_context(|| format!("cannot read {}", list.display()))?,
    };
    clear(workspace)?;
    Ok(shown(&lines))
}

fn shown(lines: &str) -> String {
    let lines: Vec<_> = lines.lines().map(|line| format!("  {line}\n")).collect();
    format!("skipped, {} in all:\n{}\n", lines.len(), lines.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_skip_is_shown_once_and_none_is_silence() {
        let workspace = Workspace::find().unwrap();
        clear(&workspace).unwrap();
        assert_eq!(take(&workspace).unwrap(), "");
        fs::write(workspace.skip_list(), "a.rs, one: no adapter\na.rs, two: no adapter\n").unwrap();
        assert_eq!(
            take(&workspace).unwrap(),
            "skipped, 2 in all:\n  a.rs, one: no adapter\n  a.rs, two: no adapter\n\n"
        );
        assert_eq!(take(&workspace).unwrap(), "");
    }

    #[test]
    fn tests_are_told_where_the_list_is() {
        let workspace = Workspace::find().unwrap();
        let command = listed(&workspace, "cargo");
        let told = command.get_envs().find(|(name, _)| *name == needs::LIST);
        assert_eq!(told.unwrap().1, Some(workspace.skip_list().as_os_str()));
    }
}
