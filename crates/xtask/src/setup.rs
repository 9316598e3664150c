//! What building and testing need beyond Rust: one step a tool, skipped where the tool is there already.

mod browser;
mod cargo_tools;
mod node;
mod python;
mod system;
mod vulkan;
pub mod wasm_opt;
pub mod wasm_target;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, bail};

pub use browser::find_chromium;

use crate::cli::Suite;
use crate::hint::told;
use crate::workspace::Workspace;

/// One tool: how to see whether it is there, and how to get it.
#[derive(Clone, Copy)]
pub struct Step {
    /// What is installed.
    pub name: &'static str,
    /// What it is needed for.
    pub why: &'static str,
    /// Looks for it.
    pub find: fn(&Workspace) -> State,
    /// Installs it; called only where it is missing.
    pub install: fn(&Workspace) -> Result<()>,
    /// What is lost without it, for a step whose failure stops nothing.
    pub without_it: Option<&'static str>,
}

/// Whether a tool is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It is, with its version or place, or why it is not needed.
    Present(String),
    /// It is not, with what was found in its stead.
    Missing(String),
}

/// Every step, in the order in which they are taken.
pub const ALL: &[Step] = &[
    wasm_target::STEP,
    cargo_tools::WASM_BINDGEN,
    cargo_tools::TRUNK,
    node::NODE,
    wasm_opt::STEP,
    vulkan::STEP,
    python::STEP,
    browser::STEP,
    node::PACKAGES,
];

/// What the page is built with.
pub const PAGE: &[Step] = &[wasm_target::STEP, cargo_tools::WASM_BINDGEN, cargo_tools::TRUNK, wasm_opt::STEP];

/// What the benchmark in a browser needs; its packages are installed by nothing else.
pub const BENCH: &[Step] = &[
    wasm_target::STEP,
    cargo_tools::WASM_BINDGEN,
    cargo_tools::TRUNK,
    node::NODE,
    wasm_opt::STEP,
    browser::STEP,
    node::BENCHMARK_PACKAGES,
];

/// What a test suite needs.
pub const fn for_suite(suite: Suite) -> &'static [Step] {
    match suite {
        Suite::Native => &[vulkan::STEP, python::STEP],
        Suite::Wasm => &[wasm_target::STEP, cargo_tools::WASM_BINDGEN, node::NODE],
        Suite::Browser => &[
            wasm_target::STEP,
            cargo_tools::WASM_BINDGEN,
            cargo_tools::TRUNK,
            node::NODE,
            wasm_opt::STEP,
            browser::STEP,
            node::PACKAGES,
        ],
    }
}

/// How the steps went.
#[derive(Debug, Default)]
pub struct Report {
    failures: Vec<Failure>,
}

/// A tool that is not there and can't be done without.
#[derive(Debug)]
struct Failure {
    name: &'static str,
    reason: String,
}

impl Report {
    /// The status to leave with.
    pub fn exit_code(&self) -> ExitCode {
        if self.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    /// An error that names every step that failed.
    pub fn result(&self) -> Result<()> {
        if self.failures.is_empty() {
            return Ok(());
        }
        let names: Vec<_> = self.failures.iter().map(|failure| failure.name).collect();
        bail!("could not install {}; the reasons stand above", names.join(", "))
    }

    /// Why what needs these steps can't run; `None` where it can.
    pub fn lacking(&self, steps: &[Step]) -> Option<String> {
        let failure = self.failures.iter().find(|failure| steps.iter().any(|step| step.name == failure.name))?;
        Some(format!("{} could not be installed: {}", failure.name, failure.reason))
    }
}

/// Takes the steps whose tool is missing, and says what it does and how long it took.
pub fn install(workspace: &Workspace, steps: &[Step]) -> Report {
    let mut report = Report::default();
    for step in steps {
        let start = Instant::now();
        match take(workspace, step) {
            Ok(Taken::Skipped(detail)) => println!("setup: {:<16} present, {detail}", step.name),
            Ok(Taken::Installed(detail)) => {
                println!("setup: {:<16} installed in {:.0} s, {detail}", step.name, start.elapsed().as_secs_f32());
            }
            Err(error) => {
                println!("setup: {:<16} failed: {}", step.name, told(&error));
                match step.without_it {
                    Some(loss) => println!("       going on without it: {loss}"),
                    None => report.failures.push(Failure { name: step.name, reason: told(&error) }),
                }
            }
        }
    }
    report
}

/// Says what is there and what is missing, and changes nothing.
pub fn report(workspace: &Workspace, steps: &[Step]) -> ExitCode {
    let mut complete = true;
    for step in steps {
        let found = match (step.find)(workspace) {
            State::Present(detail) => format!("present, {detail}"),
            State::Missing(detail) => {
                complete = false;
                format!("missing, {detail}; it {}", step.why)
            }
        };
        println!("{:<16} {found}", step.name);
    }
    if complete { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

enum Taken {
    Skipped(String),
    Installed(String),
}

fn take(workspace: &Workspace, step: &Step) -> Result<Taken> {
    match (step.find)(workspace) {
        State::Present(detail) => return Ok(Taken::Skipped(detail)),
        State::Missing(detail) => println!("setup: {:<16} missing, {detail}; it {}", step.name, step.why),
    }
    (step.install)(workspace)?;
    match (step.find)(workspace) {
        State::Present(detail) => Ok(Taken::Installed(detail)),
        State::Missing(detail) => bail!("installed, and still {detail}"),
    }
}

/// Present where `version` is what is wanted.
fn compare(found: Option<String>, wanted: &str) -> State {
    match found {
        Some(version) if version == wanted => State::Present(version),
        Some(version) => State::Missing(format!("{version} found, {wanted} needed")),
        None => State::Missing(format!("{wanted} needed")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn step(find: fn(&Workspace) -> State, without_it: Option<&'static str>) -> Step {
        Step { name: "tool", why: "is used by a test", find, install: |_| bail!("no network"), without_it }
    }

    #[test]
    fn a_tool_that_is_present_is_not_installed_again() {
        let steps = [step(|_| State::Present("1.0".into()), None)];
        assert!(install(&Workspace::find().unwrap(), &steps).result().is_ok());
    }

    #[test]
    fn a_missing_tool_that_cannot_be_installed_is_named() {
        let steps = [step(|_| State::Missing("not found".into()), None)];
        let report = install(&Workspace::find().unwrap(), &steps);
        assert!(report.result().unwrap_err().to_string().contains("tool"));
        assert_eq!(report.lacking(&steps).as_deref(), Some("tool could not be installed: no network"));
        assert_eq!(report.lacking(&[Step { name: "another tool", ..steps[0] }]), None);
    }

    #[test]
    fn a_tool_that_can_be_done_without_stops_nothing() {
        let steps = [step(|_| State::Missing("not found".into()), Some("the files are larger"))];
        let report = install(&Workspace::find().unwrap(), &steps);
        assert!(report.result().is_ok() && report.lacking(&steps).is_none());
    }

    #[test]
    fn an_installation_that_changed_nothing_is_a_failure() {
        let mut step = step(|_| State::Missing("not found".into()), None);
        step.install = |_| Ok(());
        assert!(install(&Workspace::find().unwrap(), &[step]).result().is_err());
    }

    #[test]
    fn another_version_counts_as_missing() {
        assert_eq!(compare(Some("0.2.130".into()), "0.2.130"), State::Present("0.2.130".into()));
        let State::Missing(detail) = compare(Some("0.2.129".into()), "0.2.130") else { panic!("taken for the same") };
        assert!(detail.contains("0.2.129") && detail.contains("0.2.130"), "{detail}");
    }

    #[test]
    fn what_a_suite_needs_is_part_of_setup() {
        for step in Suite::ALL.into_iter().flat_map(for_suite).chain(PAGE) {
            assert!(ALL.iter().any(|known| known.name == step.name), "{} is not part of setup", step.name);
        }
    }
}
