//! What can be typed after `cargo xtask`.

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::page::Style;

/// Sets up, serves, builds and tests Sulcus.
#[derive(Debug, Parser)]
#[command(
    name = "xtask",
    bin_name = "cargo xtask",
    after_help = "Examples:
  cargo xtask serve                 install what is missing, build the page, serve it at http://127.0.0.1:8080/
  cargo xtask test                  install what is missing, run every test
  cargo xtask test --only native    formatting, lints and native tests alone
  cargo xtask setup --check         say what is installed and what is missing
  cargo xtask build                 the page in dist/, ready for any static web server"
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
  cargo xtask test --only native --only browser")]
    Test {
        /// Run only this suite; may be given more than once.
        #[arg(long, value_enum, value_name = "SUITE")]
        only: Vec<Suite>,
    },
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
    /// The parity tests, compiled to WebAssembly and run in Node.
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
        let Task::Test { only } = cli.task else { panic!("not a test task: {:?}", cli.task) };
        assert_eq!(only, [Suite::Native, Suite::Wasm]);
    }

    #[test]
    fn a_page_that_is_not_built_has_no_debug_style() {
        assert!(Cli::try_parse_from(["xtask", "serve", "--no-build", "--debug"]).is_err());
    }
}
