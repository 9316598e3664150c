//! The `sulcus` command: audits, trains, evaluates, exports and runs brain MRI classifiers.
//!
//! Flags, what is printed, and the exit status are here; all work is in the libraries.

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::{Cli, Command};

mod ablate;
mod arguments;
mod audit;
mod bench;
mod calibrate;
mod classify;
mod evaluate;
mod export;
mod hint;
mod probe;
mod report;
mod terminal;
mod train;
mod transfer;

fn main() -> ExitCode {
    // A reader that has seen enough, such as `head`, ends the program without a panic.
    sigpipe::reset();
    terminal::listen();
    let command = Cli::parse().command;
    // `classify` says 1 where a file was not answered: what keeps it from going on is another thing.
    let failure = if matches!(command, Command::Classify(_)) { 2 } else { 1 };
    let outcome = match command {
        Command::Audit(arguments) => audit::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Train(arguments) => train::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Evaluate(arguments) => evaluate::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Ablate(arguments) => ablate::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Probe(arguments) => probe::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Report(arguments) => report::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Export(arguments) => export::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Calibrate(arguments) => calibrate::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Transfer(arguments) => transfer::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Bench(arguments) => bench::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Classify(arguments) => classify::run(&arguments),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("sulcus: {}", hint::told(&error));
        ExitCode::from(failure)
    })
}
