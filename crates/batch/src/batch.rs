//! Files to answers, on every core.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context;
use classifier::{Classifier, Engine, Prediction};
use imaging::{PreparedSlice, Rect};
use scans::{Unreadable, decode, read_scan, told};

use crate::ordered::ordered_map;

/// Slices that an adapter gets together.
const ADAPTER_BATCH: usize = 8;

/// How files are classified.
#[derive(Debug)]
pub struct Batch<'a> {
    classifier: &'a Classifier,
    threads: usize,
    engine: Engine,
}

/// A file of a job, and what came of it.
#[derive(Debug)]
pub struct Classified {
    /// Where it lies.
    pub file: PathBuf,
    /// What came of it.
    pub outcome: Outcome,
}

/// A prediction and what it is of, or why the file can't be read.
pub type Outcome = Result<Answered, String>;

/// What the network makes of the first slice of a file.
#[derive(Debug)]
pub struct Answered {
    /// The answer.
    pub prediction: Prediction,
    /// The square of the slice that the network was shown.
    pub shown: Rect,
    /// Width and height of the slice in pixels.
    pub size: [u32; 2],
    /// Milliseconds of reading, preparing and answering; of a batch, its share.
    pub milliseconds: f64,
}

/// A file that was read.
struct Ready {
    slice: PreparedSlice,
    size: [u32; 2],
    milliseconds: f64,
}

impl<'a> Batch<'a> {
    /// Classifies on `threads` threads; for an adapter they only prepare, while it computes.
    #[must_use]
    pub fn new(classifier: &'a Classifier, engine: Engine, threads: usize) -> Self {
        Self { classifier, threads: threads.max(1), engine }
    }

    /// Hands every file's outcome to `sink`, in the order of the files. A file that can't be read is an outcome like
    /// another; memory holds a few files a thread, whatever their number.
    ///
    /// # Errors
    /// The engine fails, or `sink`.
    pub fn run(
        &self,
        files: impl Iterator<Item = Result<PathBuf, Unreadable>>,
        mut sink: impl FnMut(Classified) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let prepare = |files: Vec<_>| files.into_iter().map(|file| self.prepare(file)).collect::<Vec<_>>();
        match self.engine {
            // Where the processor computes, the thread that prepares a slice answers it too.
            Engine::Cpu => ordered_map(
                batches(files, 1),
                self.threads,
                |files| self.answer(prepare(files)),
                |answers| answers?.into_iter().try_for_each(&mut sink),
            ),
            Engine::WebGpu => ordered_map(batches(files, ADAPTER_BATCH), self.threads, prepare, |ready| {
                self.answer(ready)?.into_iter().try_for_each(&mut sink)
            }),
        }
    }

    fn prepare(&self, file: Result<PathBuf, Unreadable>) -> (PathBuf, Result<Ready, String>) {
        match file {
            Ok(file) => {
                let ready = self.read(&file).map_err(|error| told(&error));
                (file, ready)
            }
            Err(Unreadable { path, reason }) => (path, Err(reason)),
        }
    }

    fn read(&self, file: &Path) -> anyhow::Result<Ready> {
        let began = Instant::now();
        let study = decode(&read_scan(file)?)?;
        let slice = study.slices.first().context("the file holds no slice")?;
        let prepared = imaging::prepare(slice, &self.classifier.input_spec());
        Ok(Ready { slice: prepared, size: [slice.width(), slice.height()], milliseconds: milliseconds_since(began) })
    }

    fn answer(&self, files: Vec<(PathBuf, Result<Ready, String>)>) -> anyhow::Result<Vec<Classified>> {
        let began = Instant::now();
        let slices: Vec<PreparedSlice> =
            files.iter().filter_map(|(_, ready)| ready.as_ref().ok()).map(|ready| ready.slice.clone()).collect();
        let predictions = pollster::block_on(self.classifier.predict(&slices));
        let mut predictions = predictions.with_context(|| format!("cannot answer {}", names(&files)))?.into_iter();
        let share = milliseconds_since(began) / slices.len().max(1) as f64;
        let mut answered = |Ready { slice, size, milliseconds }| {
            let prediction = predictions.next().ok_or("the engine gave no answer")?;
            Ok(Answered { prediction, shown: slice.crop(), size, milliseconds: milliseconds + share })
        };
        let classified =
            files.into_iter().map(|(file, ready)| Classified { file, outcome: ready.and_then(&mut answered) });
        Ok(classified.collect())
    }
}

fn names(files: &[(PathBuf, Result<Ready, String>)]) -> String {
    files.iter().map(|(file, _)| format!("\"{}\"", file.display())).collect::<Vec<_>>().join(", ")
}

fn batches<T>(mut items: impl Iterator<Item = T>, size: usize) -> impl Iterator<Item = Vec<T>> {
    std::iter::from_fn(move || Some(items.by_ref().take(size).collect())).take_while(|batch: &Vec<T>| !batch.is_empty())
}

fn milliseconds_since(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1e3
}
