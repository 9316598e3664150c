//! What can be typed after `cargo xtask`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::bench::TrainBenchOptions;
use crate::page::Style;
use crate::workspace::Workspace;

/// Sets up, serves, builds, tests and measures Sulcus.
#[derive(Debug, Parser)]
#[command(
    name = "xtask",
    bin_name = "cargo xtask",
    after_help = "Examples:
  cargo xtask serve                 install what is missing, build the page, serve it at http://127.0.0.1:8080/
  cargo xtask test                  install what is missing, run every test
  cargo xtask test --only native    formatting, lints and native tests alone
  cargo xtask setup --check         say what is installed and what is missing
  cargo xtask build                 the page in dist/, ready for any static web server
  cargo xtask bench browser         speed beside onnxruntime-web and TensorFlow.js
  cargo xtask bench train           speed of training beside PyTorch"
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub task: Task,
}

/// The tasks.
#[derive(Debug, Subcommand)]
pub enum Task {
    /// Install what building and testing need; what is already there is left alone.
    Setup {
        /// Only say what is there and what is missing; the exit status is 1 when something is.
        #[arg(long)]
        check: bool,
    },
    /// Build the page and serve it on this computer.
    #[command(after_help = "Examples:
  cargo xtask serve
  cargo xtask serve --port 3000
  cargo xtask serve --debug         builds sooner, larger files, function names in stack traces
  cargo xtask serve --no-build      serve dist/ as it is")]
    Serve(ServeOptions),
    /// Build the page into dist/ and print how large it is.
    Build {
        /// Leave out wasm-opt: builds sooner, larger files, function names in stack traces.
        #[arg(long)]
        debug: bool,
    },
    /// Run the tests; a failed step does not stop the others.
    #[command(after_help = "Examples:
  cargo xtask test
  cargo xtask test --only wasm
  cargo xtask test --only native --only browser
  cargo xtask test --cuda           everything, and CUDA compiled, which takes long
  SULCUS_REQUIRE=gpu,python,onnxruntime cargo xtask test    what these tests need must be there")]
    Test(TestOptions),
    /// Give reports of older versions their kind, so that the page can read them; what has one is left alone.
    #[command(after_help = "Examples:
  cargo xtask migrate-reports weights/reports/*.json")]
    MigrateReports {
        /// The reports.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Measure speed.
    #[command(subcommand)]
    Bench(Bench),
}

/// What to test.
#[derive(Debug, Args)]
pub struct TestOptions {
    /// Run only this suite; may be given more than once.
    #[arg(long, value_enum, value_name = "SUITE")]
    pub only: Vec<Suite>,
    /// Also compile `sulcus` for CUDA, which takes more than ten minutes the first time; it does not run.
    #[arg(long)]
    pub cuda: bool,
}

/// What can be measured.
#[derive(Debug, Subcommand)]
pub enum Bench {
    /// Sulcus, onnxruntime-web and TensorFlow.js with the same network and slices in Chromium.
    ///
    /// Every answer is compared with that of `sulcus classify`, and a contender that answers otherwise has no times.
    /// The machine should do nothing else meanwhile. Without a graphics card WebGPU runs in software, which takes
    /// seconds a slice; its contenders then run at 96 x 96, and the report says so.
    #[command(after_help = "Examples:
  cargo xtask bench browser                         everything; writes weights/reports/browser-speed.json
  cargo xtask bench browser --runs 1 --slices 4     a first look, no report
  cargo xtask bench browser --no-build --only cpu   dist/ as it is, without WebGPU
  cargo xtask bench browser --only sulcus-cpu-1 --profile
  cargo xtask bench browser --only sulcus-cpu-1 --memory")]
    Browser(BrowserBenchOptions),
    /// Training steps of Sulcus, and of PyTorch with timm's network where a Python has both.
    ///
    /// The machine should do nothing else meanwhile.
    #[command(after_help = "Examples:
  cargo xtask bench train
  cargo xtask bench train --python venv/bin/python     a Python with torch and timm (pip install torch timm)
  cargo xtask bench train --json weights/reports/train-speed.json
  cargo xtask bench train --device cuda --batch 64 --size 299 --steps 50")]
    Train(TrainBenchOptions),
}

/// What is measured in a browser where nothing else is said, and what the shipped report is of.
const SLICES: u32 = 24;
const SIZE: u32 = 299;
const RUNS: u32 = 3;

/// How to measure in a browser.
#[derive(Debug, Args)]
pub struct BrowserBenchOptions {
    /// Slices of the series.
    #[arg(long, default_value_t = SLICES, value_parser = clap::value_parser!(u32).range(1..))]
    pub slices: u32,
    /// Side of the input, in pixels.
    #[arg(long, default_value_t = SIZE, value_parser = clap::value_parser!(u32).range(32..=1024))]
    pub size: u32,
    /// Rounds; in each, every contender loads and is measured once.
    #[arg(long, default_value_t = RUNS, value_parser = clap::value_parser!(u32).range(1..))]
    pub runs: u32,
    /// Only contenders whose name contains this, such as `sulcus`, `onnxruntime-cpu-2` or `webgpu`; may be given more
    /// than once. The visits of the page and the report file are left out then.
    #[arg(long, value_name = "NAME")]
    pub only: Vec<String>,
    /// List where the time goes, instead of measuring it: functions on the processor, kernels on WebGPU.
    #[arg(long, conflicts_with = "memory")]
    pub profile: bool,
    /// Measure memory over 1,000 slices, instead of time.
    #[arg(long)]
    pub memory: bool,
    /// Write the report here; without this, that of a whole run goes to weights/reports/browser-speed.json.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Take dist/ as it is.
    #[arg(long)]
    pub no_build: bool,
}

impl BrowserBenchOptions {
    /// The options as the script takes them.
    pub fn words(&self, workspace: &Workspace) -> Vec<OsString> {
        let numbers = [("--slices", self.slices), ("--size", self.size), ("--runs", self.runs)];
        let mut words: Vec<OsString> =
            numbers.into_iter().flat_map(|(name, number)| [name.into(), number.to_string().into()]).collect();
        words.extend(self.only.iter().flat_map(|name| ["--only".into(), name.into()]));
        words.extend(
            [(self.profile, "--profile"), (self.memory, "--memory")]
                .iter()
                .filter(|flag| flag.0)
                .map(|flag| flag.1.into()),
        );
        if let Some(report) = self.report(workspace) {
            words.extend(["--json".into(), report.into()]);
        }
        words
    }

    /// Where the report goes: only one of everything takes the place of the shipped one.
    fn report(&self, workspace: &Workspace) -> Option<PathBuf> {
        let usual = (self.slices, self.size, self.runs) == (SLICES, SIZE, RUNS);
        let complete = usual && self.only.is_empty() && !self.profile && !self.memory;
        self.json.clone().or_else(|| complete.then(|| workspace.root().join("weights/reports/browser-speed.json")))
    }
}

/// How to serve the page.
#[derive(Debug, Args)]
pub struct ServeOptions {
    /// The port on 127.0.0.1; 0 takes any that is free.
    #[arg(long, default_value_t = 8080)]
    pub port: u16,
    /// Leave out wasm-opt: builds sooner, larger files, function names in stack traces.
    #[arg(long)]
    pub debug: bool,
    /// Serve dist/ as it is.
    #[arg(long, conflicts_with = "debug")]
    pub no_build: bool,
}

impl ServeOptions {
    /// How the page is to be built.
    pub fn style(&self) -> Style {
        Style::from_debug(self.debug)
    }
}

/// A part of the tests that needs a set of tools of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Suite {
    /// Formatting, lints and the tests of every crate on this machine.
    Native,
    /// The tests of imaging and kernels, compiled to WebAssembly and run in Node.
    Wasm,
    /// The built page in Chromium, on WebGPU and on the CPU.
    Browser,
}

impl Suite {
    /// Every suite, in the order in which they run: the quick ones first.
    pub const ALL: [Suite; 3] = [Suite::Native, Suite::Wasm, Suite::Browser];
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn only_can_be_given_twice() {
        let cli = Cli::try_parse_from(["xtask", "test", "--only", "native", "--only", "wasm"]).unwrap();
        let Task::Test(options) = cli.task else { panic!("not a test task: {:?}", cli.task) };
        assert_eq!(options.only, [Suite::Native, Suite::Wasm]);
    }

    #[test]
    fn only_a_complete_benchmark_replaces_the_report() {
        let workspace = Workspace::find().unwrap();
        let words = |line: &str| {
            let cli = Cli::try_parse_from(line.split(' ')).unwrap();
            let Task::Bench(Bench::Browser(options)) = cli.task else { panic!("no benchmark: {:?}", cli.task) };
            options.words(&workspace)
        };
        let report = workspace.root().join("weights/reports/browser-speed.json");
        assert!(words("xtask bench browser").contains(&report.clone().into()));
        assert!(!words("xtask bench browser --only cpu").contains(&report.into()));
        assert!(words("xtask bench browser --only cpu --json a.json").contains(&"a.json".into()));
    }

    #[test]
    fn a_page_that_is_not_built_has_no_debug_style() {
        assert!(Cli::try_parse_from(["xtask", "serve", "--no-build", "--debug"]).is_err());
    }
}
