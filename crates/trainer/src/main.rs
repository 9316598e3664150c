//! The `sulcus` command: audits, trains, evaluates, exports and runs brain MRI classifiers.

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};

mod adamax;
mod audit;
mod augment;
mod batches;
mod calibrate;
mod catalogue;
mod checkpoint;
mod classify;
mod cli;
mod data;
mod device;
mod evaluate;
mod export;
mod grafts;
mod html;
mod logits;
mod loss;
mod model_files;
mod outlines;
mod recipe;
mod slices;
mod train;

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Audit(arguments) => audit::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Train(arguments) => train::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Evaluate(arguments) => evaluate::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Export(arguments) => export::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Calibrate(arguments) => calibrate::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Classify(arguments) => classify::run(&arguments),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("sulcus: {error:#}");
        ExitCode::FAILURE
    })
}
