//! The `sulcus` command: audits, trains, evaluates, exports and runs brain MRI classifiers.

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};

#[cfg(test)]
#[path = "../../kernels/tests/agreement/mod.rs"]
mod agreement;
#[cfg(test)]
#[path = "../../networks/tests/generated/mod.rs"]
mod generated;

mod ablate;
mod adamax;
mod adamw;
mod audit;
mod augment;
mod batches;
mod bench;
mod box_filter;
mod cache_folder;
mod calibrate;
mod catalogue;
mod chart;
mod checkpoint;
mod classify;
mod cli;
mod clipping;
mod component;
mod copy_paste;
mod curves;
mod data;
mod decoding;
mod device;
mod environment;
mod epoch_log;
mod evaluate;
mod export;
mod feature_cache;
mod figures;
mod files;
mod folds;
mod folds_page;
mod hint;
mod html;
mod layer_rates;
mod logits;
mod loss;
mod measured;
mod memory;
mod mixup;
mod model_files;
mod predict;
mod predictions_file;
mod preview;
mod recipe;
mod report;
mod report_page;
mod row_cache;
mod sampler;
mod skull_strip;
mod slices;
mod split_file;
mod tensorboard;
mod train;
mod train_state;
mod transfer;
mod tumour_masks;

fn main() -> ExitCode {
    // A reader that has seen enough, such as `head`, ends the program without a panic.
    sigpipe::reset();
    let outcome = match Cli::parse().command {
        Command::Audit(arguments) => audit::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Train(arguments) => train::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Evaluate(arguments) => evaluate::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Ablate(arguments) => ablate::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Probe(arguments) => audit::probe::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Report(arguments) => report::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Export(arguments) => export::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Calibrate(arguments) => calibrate::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Transfer(arguments) => transfer::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Bench(arguments) => bench::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Classify(arguments) => classify::run(&arguments),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("sulcus: {}", hint::told(&error));
        ExitCode::FAILURE
    })
}
