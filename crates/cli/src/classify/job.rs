//! Answers on their way out.

use std::path::Path;

use batch::{Answered, Classified};
use classifier::Classifier;

use super::answer::{Answer, Refusal, Source, in_words};
use super::maps::MapFolder;
use super::output::Output;
use super::progress::Progress;

/// What happens to each answer.
pub struct Job<'a> {
    classifier: &'a Classifier,
    weights: String,
    maps: Option<MapFolder<'a>>,
    output: Output,
    progress: Progress,
}

impl<'a> Job<'a> {
    /// # Errors
    /// There can be no maps.
    pub fn new(
        classifier: &'a Classifier,
        weights: String,
        maps: Option<&'a Path>,
        output: Output,
        progress: Progress,
    ) -> anyhow::Result<Self> {
        let maps = maps.map(|folder| MapFolder::make(folder, classifier)).transpose()?;
        Ok(Self { classifier, weights, maps, output, progress })
    }

    /// Writes an answer, or why there is none.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn take(&mut self, Classified { file, outcome }: Classified) -> anyhow::Result<()> {
        self.progress.step(outcome.is_ok());
        match outcome {
            Ok(answered) => self.answer(&file, answered),
            Err(reason) => self.refuse(&file, &reason),
        }
    }

    fn answer(&mut self, file: &Path, answered: Answered) -> anyhow::Result<()> {
        let Answered { mut prediction, shown, size, milliseconds } = answered;
        let map = self.maps.as_ref().zip(prediction.map.take());
        let map = map.map(|(maps, map)| maps.write(file, map, shown, size)).transpose()?;
        let name = file.display();
        if matches!(self.output, Output::Words) {
            let answer = in_words(&prediction, self.classifier.class_name(prediction.class));
            println!("{name}: {answer} ({milliseconds:.0} ms, {})", self.classifier.engine_name());
            return Ok(());
        }
        let source = Source { classifier: self.classifier, weights: &self.weights, milliseconds };
        self.output.write(&Answer::new(name.to_string(), prediction, map, &source))
    }

    fn refuse(&mut self, file: &Path, reason: &str) -> anyhow::Result<()> {
        let file = file.display();
        if matches!(self.output, Output::Words) {
            eprintln!("cannot classify \"{file}\": {reason}");
            return Ok(());
        }
        self.output.write(&Refusal { file: file.to_string(), error: reason })
    }

    /// Whether every file was answered.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn finish(self) -> anyhow::Result<bool> {
        self.output.finish()?;
        Ok(self.progress.finish())
    }
}
