//! Python packages that tests compare with and that fixtures are made by, in a virtual environment of their own.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};
use model::Hinted;

use super::{State, Step, system};
use crate::shell;
use crate::workspace::Workspace;

/// The step that `setup` takes.
pub const STEP: Step = Step {
    name: "python",
    why: "runs exported files in other runtimes, and makes fixtures",
    find,
    install,
    without_it: Some("tests that ask Python are skipped"),
};

/// The Python that environments are made of.
const SYSTEM: &str = if cfg!(windows) { "python" } else { "python3" };

fn find(workspace: &Workspace) -> State {
    if let Some(named) = needs::named_interpreter() {
        return match shell::stdout_of(Command::new(&named).arg("--version")) {
            Some(version) => State::Present(format!("{version}, which {} names", needs::PYTHON)),
            None => State::Missing(format!("{} names {}, which does not start", needs::PYTHON, named.display())),
        };
    }
    let Ok(wanted) = fs::read_to_string(requirements(workspace)) else {
        return State::Missing(format!("{} can't be read", requirements(workspace).display()));
    };
    let found = shell::stdout_of(pip().arg("freeze")).unwrap_or_default();
    match absent(&wanted, &found).as_slice() {
        [] => State::Present(format!("in {}", needs::environment().display())),
        [first, ..] => State::Missing(format!("{first} is not installed")),
    }
}

fn install(workspace: &Workspace) -> Result<()> {
    if needs::named_interpreter().is_some() {
        bail!(Hinted::new("another Python would not be taken.", format!("correct {} or unset it", needs::PYTHON)));
    }
    if make_environment(workspace).is_err() {
        // Debian keeps the module that makes environments in a package of its own.
        system::install(workspace, &["python3-venv"])?;
        make_environment(workspace)?;
    }
    let hint = "the packages are for Python 3.11 or newer; SULCUS_PYTHON names an interpreter that has them";
    shell::run(pip().args(["install", "--quiet", "--no-input", "--requirement"]).arg(requirements(workspace)))
        .map_err(|error| Hinted::new(error.to_string(), hint).into())
}

/// Makes the environment anew: an old one may hold packages of other versions.
fn make_environment(workspace: &Workspace) -> Result<()> {
    shell::run(workspace.command(SYSTEM).args(["-m", "venv", "--clear"]).arg(needs::environment()))
}

fn pip() -> Command {
    let mut command = Command::new(needs::interpreter());
    command.env("PIP_DISABLE_PIP_VERSION_CHECK", "1").args(["-m", "pip"]);
    command
}

fn requirements(workspace: &Workspace) -> PathBuf {
    workspace.root().join("tests/python/requirements.txt")
}

/// The lines `name==version` of `wanted` that are not in `found`.
fn absent(wanted: &str, found: &str) -> Vec<String> {
    let pins = |text: &str| -> Vec<String> {
        let lines = text.lines().map(|line| line.trim().to_lowercase().replace('_', "-"));
        lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
    };
    let found = pins(found);
    pins(wanted).into_iter().filter(|pin| !found.contains(pin)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_of_another_version_counts_as_absent() {
        let wanted = "# For tests.\n\nnumpy==2.4.6\nml_dtypes==0.6.0\nPillow==13.0.0\n";
        assert_eq!(absent(wanted, "numpy==2.4.6\nml-dtypes==0.6.0\npillow==13.0.0\nsix==1.0"), Vec::<String>::new());
        assert_eq!(absent(wanted, "numpy==2.4.5\npillow==13.0.0"), ["numpy==2.4.6", "ml-dtypes==0.6.0"]);
    }

    #[test]
    fn every_package_has_an_exact_version() {
        let text = fs::read_to_string(requirements(&Workspace::find().unwrap())).unwrap();
        for pin in absent(&text, "") {
            assert!(pin.split_once("==").is_some_and(|(_, version)| !version.contains(['*', ' '])), "{pin}");
        }
    }
}
