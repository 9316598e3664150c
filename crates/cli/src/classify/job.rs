//! Answers on their way out.

use std::path::Path;

use batch::{Answered, Classified, Place};
use classifier::Classifier;

use super::answer::{Answer, AnsweredBy, PlaceLine, Refusal, in_words};
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
    pub fn take(&mut self, Classified { place, outcome }: Classified) -> anyhow::Result<()> {
        self.progress.step(outcome.is_ok(), place.more);
        match outcome {
            Ok(answered) => self.answer(&place, answered),
            Err(reason) => self.refuse(&place, &reason),
        }
    }

    fn answer(&mut self, place: &Place, answered: Answered) -> anyhow::Result<()> {
        let Answered { mut prediction, source, shown, size, milliseconds } = answered;
        let map = self.maps.as_ref().zip(prediction.map.take());
        let map = map.map(|(maps, map)| maps.write(&place.path(), map, shown, size)).transpose()?;
        if matches!(self.output, Output::Words) {
            let answer = in_words(&prediction, self.classifier.class_name(prediction.class));
            let (name, engine) = (place.in_words(), self.classifier.engine_name());
            println!("{name}: {answer} ({milliseconds:.0} ms, {engine})");
            source.warnings.iter().for_each(|warning| eprintln!("{name}: {warning}"));
            return Ok(());
        }
        let by = AnsweredBy { classifier: self.classifier, weights: &self.weights, milliseconds };
        self.output.write(&Answer::new(place, source, prediction, map, &by))
    }

    fn refuse(&mut self, place: &Place, reason: &str) -> anyhow::Result<()> {
        if matches!(self.output, Output::Words) {
            eprintln!("cannot classify \"{}\": {reason}", place.in_words());
            return Ok(());
        }
        self.output.write(&Refusal { place: PlaceLine::new(place), error: reason })
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
