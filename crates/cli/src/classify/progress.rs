//! How far a job is.

use std::io::{IsTerminal, stderr, stdout};
use std::thread::spawn;
use std::time::{Duration, Instant};

use batch::{Earlier, FileSource};
use indicatif::{HumanCount, HumanDuration, ProgressBar, ProgressStyle};

use super::output::Output;

/// How often a job whose messages go to a file says how far it is.
const SAID_EVERY: Duration = Duration::from_mins(1);

const COUNTED: &str = "classifying {wide_bar} {human_pos}/{human_len} {per_sec} {eta} left";
const UNCOUNTED: &str = "classifying {spinner} {human_pos} {per_sec}";

/// How far a job is: a bar on a terminal, and a line a minute in a file of messages.
pub struct Progress {
    bar: ProgressBar,
    said: Instant,
    /// Whether answers go to a file, so that standard error is for this alone.
    is_told: bool,
    /// Files of the job that this one goes on with.
    before: u64,
    done: u64,
    /// Slices and files without an answer, those of before among them.
    refused: u64,
}

impl Progress {
    /// Of a job that goes on with an `earlier` one. Nobody waits for the files to be counted: in a large folder on a network
    /// that takes minutes.
    pub fn of(source: &FileSource, output: &Output, earlier: &Earlier) -> Self {
        let is_told = matches!(output, Output::File(_));
        let is_drawn = stderr().is_terminal() && (is_told || !stdout().is_terminal());
        let before = earlier.files.len() as u64;
        let bar = if is_drawn { ProgressBar::no_length().with_style(style(UNCOUNTED)) } else { ProgressBar::hidden() };
        if is_told || is_drawn {
            let (bar, source) = (bar.clone(), source.clone());
            spawn(move || count(&bar, &source, before));
        }
        Self { bar, said: Instant::now(), is_told, before, done: 0, refused: earlier.refused }
    }

    /// One more slice; `more` of the same file follow.
    pub fn step(&mut self, is_answered: bool, more: bool) {
        self.refused += u64::from(!is_answered);
        if more {
            return;
        }
        self.done += 1;
        self.bar.inc(1);
        if self.is_told && !stderr().is_terminal() && self.said.elapsed() >= SAID_EVERY {
            self.said = Instant::now();
            eprintln!("{}", self.so_far());
        }
    }

    fn so_far(&self) -> String {
        let rate = self.done as f64 / self.bar.elapsed().as_secs_f64();
        let done = HumanCount(self.done);
        match self.bar.length() {
            Some(total) => {
                let left = Duration::from_secs_f64(total.saturating_sub(self.done) as f64 / rate);
                format!("{done} of {} files, {rate:.1} a second, {} left", HumanCount(total), HumanDuration(left))
            }
            None => format!("{done} files, {rate:.1} a second"),
        }
    }

    /// Ends the bar and sums up; says whether every file of the job was answered.
    pub fn finish(self) -> bool {
        self.bar.finish_and_clear();
        if self.is_told {
            let [done, before, refused] = [self.done, self.before, self.refused].map(HumanCount);
            let earlier = if self.before > 0 { format!(", {before} before") } else { String::new() };
            let rate = self.done as f64 / self.bar.elapsed().as_secs_f64();
            eprintln!("{done} files, {rate:.1} a second{earlier}; {refused} times an error in place of an answer");
        }
        self.refused == 0
    }
}

/// Tells the bar how many files there are, where that can be known. A list that can't be opened is told by who reads it.
fn count(bar: &ProgressBar, source: &FileSource, before: u64) {
    if let Ok(Some(files)) = source.count() {
        bar.set_style(style(COUNTED));
        bar.set_length(files.saturating_sub(before));
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
