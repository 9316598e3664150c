//! Python as tests call it.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Need, cache};

/// The variable that names another Python than that of setup.
pub const PYTHON: &str = "SULCUS_PYTHON";

/// Prints which of the packages named on the command line can't be found.
const ABSENT: &str = "import importlib.util, sys
print(*[name for name in sys.argv[1:] if not importlib.util.find_spec(name)], sep=', ')";

/// The Python that tests call, whether it is there or not: the one that `SULCUS_PYTHON` names, else that of the
/// [`environment`].
#[must_use]
pub fn interpreter() -> PathBuf {
    let own = || environment().join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    named_interpreter().unwrap_or_else(own)
}

/// The Python that `SULCUS_PYTHON` names.
#[must_use]
pub fn named_interpreter() -> Option<PathBuf> {
    env::var_os(PYTHON).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// The virtual environment that setup makes.
#[must_use]
pub fn environment() -> PathBuf {
    cache().unwrap_or_else(env::temp_dir).join("python")
}

impl Need {
    /// A command that starts the [`interpreter`]; `None`, which makes the running test a skipped one, where it lacks a
    /// package.
    #[track_caller]
    #[must_use]
    pub fn python(self, packages: &[&str]) -> Option<Command> {
        let python = interpreter();
        self.met(check(&python, packages).map(|()| Command::new(python)))
    }
}

/// Looks for the packages without importing them: one that is there and broken shall fail its test.
fn check(python: &Path, packages: &[&str]) -> Result<(), String> {
    let shown = python.display();
    let hint = "hint: `cargo xtask setup` makes an environment; SULCUS_PYTHON names another";
    let output = Command::new(python).args(["-c", ABSENT]).args(packages).output();
    let output = output.map_err(|error| format!("cannot start {shown}: {error}\n{hint}"))?;
    match String::from_utf8_lossy(&output.stdout).trim() {
        _ if !output.status.success() => Err(format!("{shown} ended with {}\n{hint}", output.status)),
        "" => Ok(()),
        absent => Err(format!("{shown} has no {absent}\n{hint}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_python_that_is_not_there_is_named_with_a_hint() {
        let error = check(Path::new("/no/such/python"), &["numpy"]).unwrap_err();
        assert!(error.contains("/no/such/python") && error.contains("hint: `cargo xtask setup`"), "{error}");
    }

    #[test]
    fn packages_that_are_absent_are_named() {
        if Need::Python.python(&[]).is_none() {
            return;
        }
        let error = check(&interpreter(), &["json", "no_such_package", "nor_this"]).unwrap_err();
        assert!(error.contains("has no no_such_package, nor_this\n"), "{error}");
    }
}
