//! `cargo xtask`: the one door to the repository. It installs what is missing, builds the page, serves it,
//! runs every test and measures speed. What a person types is what continuous integration runs.

mod bench;
mod checks;
mod cli;
mod hint;
mod lockfile;
mod migrate_reports;
mod page;
mod server;
mod setup;
mod shell;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use cli::{Bench, Cli, Task};
use workspace::Workspace;

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {}", hint::told(&error));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> Result<ExitCode> {
    let workspace = Workspace::find()?;
    match &cli.task {
        Task::Setup { check: true } => Ok(setup::report(&workspace, setup::ALL)),
        Task::Setup { check: false } => Ok(setup::install(&workspace, setup::ALL).exit_code()),
        Task::Serve(options) => {
            if !options.no_build {
                setup::install(&workspace, setup::PAGE).result()?;
                page::build(&workspace, options.style())?;
            }
            server::serve(&workspace.dist(), options.port)
        }
        Task::Build { debug } => {
            setup::install(&workspace, setup::PAGE).result()?;
            page::build(&workspace, page::Style::from_debug(*debug))?;
            page::sizes::print(&workspace.dist())?;
            Ok(ExitCode::SUCCESS)
        }
        Task::Test(options) => checks::run(&workspace, options),
        Task::MigrateReports { files } => Ok(migrate_reports::run(files)),
        Task::Bench(Bench::Browser(options)) => bench::browser(&workspace, options),
        Task::Bench(Bench::Train(options)) => bench::train(&workspace, options),
    }
}
