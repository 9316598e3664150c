//! `cargo xtask test`: every check in turn. A check that fails does not stop the next, and all are counted at the end,
//! after the tests that were skipped.

mod skips;

use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Error, Result};

use crate::cli::{Suite, TestOptions};
use crate::hint::told;
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

/// The check that is part of no suite, because it takes so long.
const CUDA: Check = ("cuda compiles", |workspace| shell::run(&mut cuda(workspace)));

/// How a check went.
struct Outcome {
    name: &'static str,
    verdict: Verdict,
    time: Duration,
}

/// How a check ended.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Passed,
    Failed,
    /// It did not begin, for the reason given, and counts as failed.
    NotRun(String),
}

/// Runs the checks of the chosen suites, all of them where none is chosen.
///
/// # Errors
/// `SULCUS_REQUIRE` has an unknown word, or the list of skipped tests can't be read.
pub fn run(workspace: &Workspace, options: &TestOptions) -> Result<ExitCode> {
    needs::required().map_err(Error::msg)?;
    let suites = chosen(&options.only);
    skips::clear(workspace)?;
    let mut installed = setup::Report::default();
    let mut outcomes = vec![timed("setup", || {
        installed = setup::install(workspace, &steps_for(&suites));
        installed.result()
    })];
    for (suite, check) in suites.iter().flat_map(|suite| checks_of(*suite).iter().map(move |check| (*suite, *check))) {
        outcomes.push(outcome(workspace, check, installed.lacking(setup::for_suite(suite))));
    }
    outcomes.extend(options.cuda.then(|| outcome(workspace, CUDA, None)));
    println!("\n{}{}", skips::take(workspace)?, summary(&outcomes));
    let passed = outcomes.iter().all(|outcome| outcome.verdict == Verdict::Passed);
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs a check, if nothing that it needs is lacking.
fn outcome(workspace: &Workspace, (name, check): Check, lacking: Option<String>) -> Outcome {
    println!("\n== {name}");
    let not_run = |reason| Outcome { name, verdict: Verdict::NotRun(reason), time: Duration::ZERO };
    lacking.map_or_else(|| timed(name, || check(workspace)), not_run)
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
        eprintln!("{name} failed: {}", told(error));
    }
    let verdict = if result.is_ok() { Verdict::Passed } else { Verdict::Failed };
    Outcome { name, verdict, time: start.elapsed() }
}

fn summary(outcomes: &[Outcome]) -> String {
    let lines = outcomes.iter().map(|outcome| {
        let (verdict, reason) = match &outcome.verdict {
            Verdict::Passed => ("ok", String::new()),
            Verdict::Failed => ("FAILED", String::new()),
            Verdict::NotRun(reason) => ("NOT RUN", format!("  {}", reason.replace('\n', " "))),
        };
        format!("{:<16} {verdict:<8} {:>6.0} s{reason}", outcome.name, outcome.time.as_secs_f32())
    });
    let failed = outcomes.iter().filter(|outcome| outcome.verdict != Verdict::Passed).count();
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
    let test = |packages: &[&str]| {
        shell::run(skips::listed(workspace, "cargo").arg("test").args(packages).arg("--no-fail-fast"))
    };
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
    let mut npx = skips::listed(workspace, "npx");
    npx.current_dir(workspace.browser_suite()).env("SULCUS_CHROMIUM", chromium);
    shell::run(npx.args(["playwright", "test"]))
}

fn cuda(workspace: &Workspace) -> Command {
    let mut cargo = workspace.command("cargo");
    cargo.args(["check", "--package", "sulcus", "--features", "cuda"]);
    cargo
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
        assert_eq!(names, ["vulkan", "python"]);
        assert_eq!(steps_for(&Suite::ALL).len(), setup::ALL.len());
    }

    #[test]
    fn the_summary_counts_what_failed() {
        let outcome = |name, verdict| Outcome { name, verdict, time: Duration::from_secs(90) };
        let text = summary(&[outcome("lints", Verdict::Passed), outcome("native tests", Verdict::Failed)]);
        assert!(text.contains("native tests     FAILED"), "{text}");
        assert!(text.ends_with("1 ok, 1 failed, 180 s"), "{text}");
    }

    #[test]
    fn a_check_whose_tools_are_lacking_is_not_run_and_counts_as_failed() {
        let check: Check = ("browser tests", |_| panic!("it must not begin"));
        let lacking = Some("node could not be installed:\nno network".to_owned());
        let text = summary(&[outcome(&Workspace::find().unwrap(), check, lacking)]);
        assert!(
            text.starts_with("browser tests    NOT RUN       0 s  node could not be installed: no network\n"),
            "{text}"
        );
        assert!(text.ends_with("0 ok, 1 failed, 0 s"), "{text}");
    }

    #[test]
    fn cuda_is_compiled_by_a_feature_that_the_command_has() {
        let workspace = Workspace::find().unwrap();
        let manifest = std::fs::read_to_string(workspace.root().join("crates/cli/Cargo.toml")).unwrap();
        let manifest: toml::Table = manifest.parse().unwrap();
        let words: Vec<_> = cuda(&workspace).get_args().map(|word| word.to_str().unwrap().to_owned()).collect();
        let [task, package, name, features, feature] = words.as_slice() else { panic!("{words:?}") };
        assert_eq!([task, package, features], ["check", "--package", "--features"]);
        assert_eq!(manifest["package"]["name"].as_str(), Some(name.as_str()));
        assert!(manifest["features"].get(feature).is_some(), "{feature}");
    }
}
