//! `sulcus classify`: scans to verdicts.

use std::collections::HashSet;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread::available_parallelism;

use batch::{Batch, FileSource, PathKey};
use classifier::Classifier;
use scans::Unreadable;
use storage::read_weights;

use self::job::Job;
use self::output::Output;
use self::progress::Progress;
use crate::arguments::{ClassifyArguments, engine};

mod answer;
mod job;
mod maps;
mod output;
mod progress;

/// Digits of a checksum by which an answer names its weights.
const WEIGHTS_DIGITS: usize = 16;

/// Runs `sulcus classify`.
///
/// # Errors
/// The weights file can't be used, or the answers can't be written. A scan that can't be read is no error: it is named, and
/// the exit status is 1.
pub fn run(arguments: &ClassifyArguments) -> anyhow::Result<ExitCode> {
    let bytes = read_weights(arguments.weights.as_deref())?;
    let weights: String = weights::sha256(&bytes).chars().take(WEIGHTS_DIGITS).collect();
    let engine = engine(arguments.device)?;
    let classifier = pollster::block_on(Classifier::load(&bytes, engine))?;
    drop(bytes);
    let source = FileSource { named: arguments.files.clone(), list: arguments.list.clone(), part: arguments.part };
    let (output, earlier) = Output::open(arguments, &weights)?;
    let progress = Progress::of(&source, &output, &earlier);
    let mut job = Job::new(&classifier, weights, arguments.maps.as_deref(), output, progress)?;
    let mut answered = earlier.files;
    let files = source.files()?.filter(|file| is_new(file, &mut answered));
    let threads = arguments.threads.map_or_else(|| available_parallelism().map_or(1, usize::from), usize::from);
    let outcome = Batch::new(&classifier, engine, threads).run(files, |classified| job.take(classified));
    // What was answered before the engine or the disk failed is kept.
    job.finish().and_then(|all_answered| {
        outcome?;
        Ok(if all_answered { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}

/// Whether a file was not answered before, neither by this job nor by the one that it goes on with.
fn is_new(file: &Result<PathBuf, Unreadable>, answered: &mut HashSet<PathKey>) -> bool {
    let (Ok(path) | Err(Unreadable { path, .. })) = file;
    answered.insert(PathKey::of(path))
}
