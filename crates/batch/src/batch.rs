//! Files to answers, on every core.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context;
use classifier::{Classifier, Engine, Prediction};
use imaging::{PreparedSlice, Rect, Scan};
use scans::Unreadable;

use crate::Place;
use crate::item::{Content, Item, Prepared, Source};
use crate::ordered::ordered_map;
use crate::unpack::{Unpacked, with_files};

/// Slices that an adapter gets together.
const ADAPTER_BATCH: usize = 8;

/// How files are classified.
#[derive(Debug)]
pub struct Batch<'a> {
    classifier: &'a Classifier,
    threads: usize,
    engine: Engine,
}

/// A slice of a job, and what came of it.
#[derive(Debug)]
pub struct Classified {
    /// Where it is.
    pub place: Place,
    /// What came of it.
    pub outcome: Outcome,
}

/// A prediction and what it is of, or why the slice can't be read.
pub type Outcome = Result<Answered, String>;

/// What the network makes of a slice.
#[derive(Debug)]
pub struct Answered {
    /// The answer.
    pub prediction: Prediction,
    /// What the file says of the slice.
    pub source: Source,
    /// The square of the slice that the network was shown.
    pub shown: Rect,
    /// Width and height of the slice in pixels.
    pub size: [u32; 2],
    /// Milliseconds of reading, preparing and answering; of a batch, its share.
    pub milliseconds: f64,
}

type Sink<'a> = dyn FnMut(Classified) -> anyhow::Result<()> + 'a;

impl<'a> Batch<'a> {
    /// Classifies on `threads` threads; for an adapter they only prepare, while it computes.
    #[must_use]
    pub fn new(classifier: &'a Classifier, engine: Engine, threads: usize) -> Self {
        Self { classifier, threads: threads.max(1), engine }
    }

    /// Hands the outcome of every slice of every file to `sink`, in their order. What can't be read is an outcome like
    /// another. Memory holds a few files a thread, whatever their number, and the slices of a file are decoded one by one.
    ///
    /// # Errors
    /// The engine fails, or `sink`.
    pub fn run(
        &self,
        files: impl Iterator<Item = Result<PathBuf, Unreadable>>,
        mut sink: impl FnMut(Classified) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let spec = self.classifier.input_spec();
        self.work_off(files, &|file| Item::open(file, &spec), &mut sink)
    }

    /// Opens items on every core, answers those that are slices, and takes apart those that hold more.
    fn work_off<T: Send>(
        &self,
        items: impl Iterator<Item = T>,
        open: &(dyn Fn(T) -> Item + Sync),
        sink: &mut Sink<'_>,
    ) -> anyhow::Result<()> {
        let opened = |items: Vec<T>| items.into_iter().map(open).collect::<Vec<_>>();
        let mut take = |steps: Vec<Step>| steps.into_iter().try_for_each(|step| self.take(step, sink));
        match self.engine {
            // Where the processor computes, the thread that prepares a slice answers it too.
            Engine::Cpu => {
                ordered_map(batches(items, 1), self.threads, |items| self.answer(opened(items)), |steps| take(steps?))
            }
            Engine::WebGpu => {
                ordered_map(batches(items, ADAPTER_BATCH), self.threads, opened, |items| take(self.answer(items)?))
            }
        }
    }

    fn take(&self, step: Step, sink: &mut Sink<'_>) -> anyhow::Result<()> {
        let spec = self.classifier.input_spec();
        match step {
            Step::Done(classified) => sink(classified),
            Step::Scan(place, scan) => {
                let count = scan.slices().len();
                let open = |index| Item::slice(place.slice(index, count), &scan, index, &spec);
                self.work_off(0..count, &open, sink)
            }
            Step::Archive(place, path) => with_files(&path, |files| {
                let open = |Unpacked { name, bytes, more }| Item::unpacked(place.entry(name, more), bytes, &spec);
                self.work_off(files, &open, sink)
            }),
        }
    }

    /// Answers the slices among the items, all together.
    fn answer(&self, items: Vec<Item>) -> anyhow::Result<Vec<Step>> {
        let began = Instant::now();
        let slices: Vec<PreparedSlice> = items.iter().filter_map(Item::prepared).cloned().collect();
        let predictions = pollster::block_on(self.classifier.predict(&slices));
        let mut predictions = predictions.with_context(|| format!("cannot answer {}", names(&items)))?.into_iter();
        let share = began.elapsed().as_secs_f64() * 1e3 / slices.len().max(1) as f64;
        let mut answered = |prepared: Prepared| {
            let prediction = predictions.next().ok_or("the engine gave no answer")?;
            let shown = prepared.slice.crop();
            let Prepared { source, size, milliseconds, .. } = prepared;
            Ok(Answered { prediction, source, shown, size, milliseconds: milliseconds + share })
        };
        let step = |Item { place, content }| match content {
            Ok(Content::Slice(prepared)) => Step::Done(Classified { place, outcome: answered(prepared) }),
            Ok(Content::Scan(scan)) => Step::Scan(place, scan),
            Ok(Content::Archive(path)) => Step::Archive(place, path),
            Err(reason) => Step::Done(Classified { place, outcome: Err(reason) }),
        };
        Ok(items.into_iter().map(step).collect())
    }
}

/// What becomes of an item.
enum Step {
    Done(Classified),
    Scan(Place, Scan<'static>),
    Archive(Place, PathBuf),
}

fn names(items: &[Item]) -> String {
    items.iter().map(|item| item.place.in_words()).collect::<Vec<_>>().join("; ")
}

fn batches<T>(mut items: impl Iterator<Item = T>, size: usize) -> impl Iterator<Item = Vec<T>> {
    std::iter::from_fn(move || Some(items.by_ref().take(size).collect())).take_while(|batch: &Vec<T>| !batch.is_empty())
}
