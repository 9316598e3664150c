//! `cargo xtask test`: every check in turn. A check that fails does not stop the next, and all are counted at the end.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::cli::Suite;
use crate::page::{self, Style};
use crate::setup::wasm_target::{TARGET, Toolchain};
use crate::setup::{self, Step};
use crate::shell;
use crate::workspace::Workspace;

/// One check: its name in the summary, and what it does.
type Check = (&'static str, fn(&Workspace) -> Result<()>);

const fn checks_of(suite: Suite) -> &'static [Check] {
    match suite {
        Suite::Native => &[("formatting", formatting), ("lints", lints), ("native tests", native_tests)],
        Suite::Wasm => &[("wasm tests", wasm_tests)],
        Suite::Browser => &[("page", page), ("browser tests", browser_tests)],
    }
}

/// How a check went.
struct Outcome {
    name: &'static str,
    passed: bool,
    time: Duration,
}

/// Runs the checks of the chosen suites, all of them where none is chosen.
pub fn run(workspace: &Workspace, only: &[Suite]) -> ExitCode {
    let suites = chosen(only);
    let mut outcomes = vec![timed("setup", || setup::install(workspace, &steps_for(&suites)).into_result())];
    for (name, check) in suites.into_iter().flat_map(checks_of) {
        println!("\n== {name}");
        outcomes.push(timed(name, || check(workspace)));
    }
    println!("\n{}", summary(&outcomes));
    let passed = outcomes.iter().all(|outcome| outcome.passed);
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The suites that were asked for, each once, in the order in which they run.
fn chosen(only: &[Suite]) -> Vec<Suite> {
    Suite::ALL.into_iter().filter(|suite| only.is_empty() || only.contains(suite)).collect()
}

/// What the suites need to have installed, in the order of `setup`.
fn steps_for(suites: &[Suite]) -> Vec<Step> {
    let needed =
        |step: &Step| suites.iter().flat_map(|suite| setup::for_suite(*suite)).any(|other| other.name == step.name);
    setup::ALL.iter().filter(|step| needed(step)).copied().collect()
}

fn timed(name: &'static str, check: impl FnOnce() -> Result<()>) -> Outcome {
    let start = Instant::now();
    let result = check();
    if let Err(error) = &result {
        eprintln!("{name} failed: {error:#}");
    }
    Outcome { name, passed: result.is_ok(), time: start.elapsed() }
}

fn summary(outcomes: &[Outcome]) -> String {
    let lines = outcomes.iter().map(|outcome| {
        let verdict = if outcome.passed { "ok" } else { "FAILED" };
        format!("{:<16} {verdict:<8} {:>6.0} s", outcome.name, outcome.time.as_secs_f32())
    });
    let failed = outcomes.iter().filter(|outcome| !outcome.passed).count();
    let total: Duration = outcomes.iter().map(|outcome| outcome.time).sum();
    let last = format!("{} ok, {failed} failed, {:.0} s", outcomes.len() - failed, total.as_secs_f32());
    lines.chain([last]).collect::<Vec<_>>().join("\n")
}

fn formatting(workspace: &Workspace) -> Result<()> {
    shell::run(workspace.command("cargo").args(["fmt", "--all", "--check"]))
}

/// The packages in two sets: what stands on Burn, and the rest. Leptos asks shared crates for other features, and in
/// one set with it Burn would be compiled a second time.
const PACKAGE_SETS: [&[&str]; 2] =
    [&["--workspace", "--exclude", "app", "--exclude", "xtask"], &["--package", "app", "--package", "xtask"]];

fn lints(workspace: &Workspace) -> Result<()> {
    PACKAGE_SETS.into_iter().try_for_each(|packages| {
        let mut cargo = workspace.command("cargo");
        cargo.arg("clippy").args(packages).args(["--all-targets", "--quiet", "--", "--deny", "warnings"]);
        shell::run(&mut cargo)
    })
}

fn native_tests(workspace: &Workspace) -> Result<()> {
    // A crate with a failing test does not hide those of the next.
    let test =
        |packages: &[&str]| shell::run(workspace.command("cargo").arg("test").args(packages).arg("--no-fail-fast"));
    let [engine, rest] = PACKAGE_SETS.map(test);
    engine.and(rest)
}

fn wasm_tests(workspace: &Workspace) -> Result<()> {
    let mut cargo = Toolchain::find(workspace)?.command(workspace, "cargo");
    cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", "wasm-bindgen-test-runner");
    shell::run(cargo.args(["test", "--package", "imaging", "--package", "kernels", "--target", TARGET, "--tests"]))
}

fn page(workspace: &Workspace) -> Result<()> {
    page::build(workspace, Style::Release)
}

fn browser_tests(workspace: &Workspace) -> Result<()> {
    let chromium = setup::find_chromium()?;
    let mut npx = workspace.command("npx");
    npx.current_dir(workspace.browser_suite()).env("SULCUS_CHROMIUM", chromium);
    shell::run(npx.args(["playwright", "test"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_suite_runs_where_none_is_chosen() {
        assert_eq!(chosen(&[]), Suite::ALL);
    }

    #[test]
    fn chosen_suites_run_once_and_in_order() {
        assert_eq!(chosen(&[Suite::Browser, Suite::Native, Suite::Browser]), [Suite::Native, Suite::Browser]);
    }

    #[test]
    fn a_suite_installs_only_what_it_needs() {
        let names: Vec<_> = steps_for(&[Suite::Native]).iter().map(|step| step.name).collect();
        assert_eq!(names, ["vulkan"]);
        assert_eq!(steps_for(&Suite::ALL).len(), setup::ALL.len());
    }

    #[test]
    fn the_summary_counts_what_failed() {
        let outcome = |name, passed| Outcome { name, passed, time: Duration::from_secs(90) };
        let text = summary(&[outcome("lints", true), outcome("native tests", false)]);
        assert!(text.contains("native tests     FAILED"), "{text}");
        assert!(text.ends_with("1 ok, 1 failed, 180 s"), "{text}");
    }
}
