//! A file of answers that survives being cut off.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use model::Hinted;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::{PathKey, PathKeys};

/// Lines are collected up to this many bytes, or for [`COLLECTED_FOR`], before they are written.
const COLLECTED_BYTES: usize = 64 << 10;
const COLLECTED_FOR: Duration = Duration::from_secs(1);
/// How often what was written is brought to the disk.
const SYNCED_EVERY: Duration = Duration::from_secs(5);

/// JSON Lines that one job writes and may go on with.
///
/// Lines are written whole, in order, and brought to the disk every few seconds. A file of several slices has a line each;
/// all but the last have `"more": true`. Killed at any moment, a job leaves whole lines and at most one that is cut off;
/// [`AnswerFile::resume`] drops it, and the lines of a file that was not finished.
#[derive(Debug)]
pub struct AnswerFile {
    path: PathBuf,
    file: File,
    collected: Vec<u8>,
    written: Instant,
    synced: Instant,
}

/// What is read again of a line.
#[derive(Deserialize)]
struct Line {
    file: String,
    weights: Option<String>,
    error: Option<IgnoredAny>,
    /// Whether lines of the same file follow.
    #[serde(default)]
    more: bool,
}

/// What a file holds that a job goes on with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Earlier {
    /// The paths that have a line.
    pub files: PathKeys,
    /// How many of these lines are errors.
    pub refused: u64,
}

impl AnswerFile {
    /// A new file.
    ///
    /// # Errors
    /// There is one already, or the disk refuses.
    pub fn create(path: &Path) -> anyhow::Result<Self> {
        let file = OpenOptions::new().append(true).create_new(true).open(path).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => Hinted::new(
                format!("\"{}\" is there already", path.display()),
                "go on with it by --resume, or name another file",
            )
            .into(),
            _ => anyhow::anyhow!("cannot write \"{}\": {error}", path.display()),
        })?;
        Self::new(path, file)
    }

    /// A file to go on with, and what it holds; one that is not there yet is made. A last line that was cut
    /// off is dropped.
    ///
    /// # Errors
    /// It holds something else than answers, or answers by other weights than `weights`; another job writes it; or the
    /// disk refuses.
    pub fn resume(path: &Path, weights: &str) -> anyhow::Result<(Self, Earlier)> {
        let options = OpenOptions::new().read(true).append(true).create(true).clone();
        let opened = options.open(path).with_context(|| format!("cannot go on with \"{}\"", path.display()))?;
        let mut answers = Self::new(path, opened)?;
        let (earlier, whole) = answers.read(weights)?;
        answers.file.set_len(whole)?;
        answers.file.seek(SeekFrom::End(0))?;
        Ok((answers, earlier))
    }

    fn new(path: &Path, file: File) -> anyhow::Result<Self> {
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            bail!(Hinted::new(
                format!("another job writes \"{}\"", path.display()),
                "give every job a file of its own"
            ));
        }
        let now = Instant::now();
        Ok(Self { path: path.to_owned(), file, collected: Vec::new(), written: now, synced: now })
    }

    /// What the file holds, and the bytes up to where a job goes on.
    fn read(&self, weights: &str) -> anyhow::Result<(Earlier, u64)> {
        let mut reader = BufReader::new(&self.file);
        let (mut earlier, mut whole, mut line) = (Earlier::default(), 0, Vec::new());
        let (mut read, mut refused) = (0, 0);
        for number in 1_u64.. {
            line.clear();
            let length = reader.read_until(b'\n', &mut line)?;
            if line.last() != Some(&b'\n') {
                break;
            }
            let name = self.path.display();
            let answer: Line = serde_json::from_slice(&line)
                .with_context(|| format!("line {number} of \"{name}\" is no answer of sulcus classify"))?;
            ensure!(
                answer.weights.as_deref().is_none_or(|found| found == weights),
                Hinted::new(
                    format!("line {number} of \"{name}\" was answered by other weights than {weights}"),
                    "go on with the weights file that began, or name another file for the answers"
                )
            );
            read += length as u64;
            refused += u64::from(answer.error.is_some());
            if !answer.more {
                earlier.files.insert(PathKey::of_text(&answer.file));
                (earlier.refused, whole) = (refused, read);
            }
        }
        Ok((earlier, whole))
    }

    /// Adds a line.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn append(&mut self, line: &impl Serialize) -> anyhow::Result<()> {
        serde_json::to_writer(&mut self.collected, line)?;
        self.collected.push(b'\n');
        if self.collected.len() >= COLLECTED_BYTES || self.written.elapsed() >= COLLECTED_FOR {
            self.write().with_context(|| format!("cannot write \"{}\"", self.path.display()))?;
        }
        Ok(())
    }

    fn write(&mut self) -> io::Result<()> {
        self.file.write_all(&self.collected)?;
        self.collected.clear();
        self.written = Instant::now();
        if self.synced.elapsed() >= SYNCED_EVERY {
            self.file.sync_data()?;
            self.synced = Instant::now();
        }
        Ok(())
    }

    /// Writes what is left and brings everything to the disk.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn finish(mut self) -> anyhow::Result<()> {
        let finished = self.write().and_then(|()| self.file.sync_all());
        finished.with_context(|| format!("cannot write \"{}\"", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::*;

    fn answers(path: &Path, files: &[&str]) {
        let mut answers = AnswerFile::create(path).unwrap();
        for file in files {
            answers.append(&json!({ "file": file, "verdict": "glioma", "weights": "abc" })).unwrap();
        }
        answers.finish().unwrap();
    }

    #[test]
    fn a_file_cut_off_anywhere_goes_on_after_its_last_whole_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("answers.jsonl");
        answers(&path, &["a.png", "b.png"]);
        let bytes = fs::read(&path).unwrap();
        let first = bytes.iter().position(|&byte| byte == b'\n').unwrap() + 1;
        for length in 0..=bytes.len() {
            fs::write(&path, &bytes[..length]).unwrap();
            let (mut resumed, earlier) = AnswerFile::resume(&path, "abc").unwrap();
            let whole = [("a.png", first), ("b.png", bytes.len())].into_iter().filter(|(_, end)| *end <= length);
            assert_eq!(earlier.files, whole.map(|(file, _)| PathKey::of_text(file)).collect());
            resumed.append(&json!({ "file": "c.png", "error": "none" })).unwrap();
            resumed.finish().unwrap();
            let (_, again) = AnswerFile::resume(&path, "abc").unwrap();
            assert_eq!((again.files.len(), again.refused), (earlier.files.len() + 1, 1), "cut at {length}");
        }
    }

    #[test]
    fn a_file_of_which_slices_are_missing_is_answered_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("answers.jsonl");
        let lines = [("a.png", false), ("b.nii", true), ("b.nii", true), ("b.nii", false)];
        let mut answers = AnswerFile::create(&path).unwrap();
        for (file, more) in lines {
            answers.append(&json!({ "file": file, "error": "none", "more": more })).unwrap();
        }
        answers.finish().unwrap();
        let text = fs::read_to_string(&path).unwrap();
        for (lines, whole) in [(1, 1), (2, 1), (3, 1), (4, 4)] {
            let kept: String = text.split_inclusive('\n').take(lines).collect();
            fs::write(&path, kept).unwrap();
            let (_, earlier) = AnswerFile::resume(&path, "abc").unwrap();
            assert_eq!((earlier.files.len(), earlier.refused), (if whole == 4 { 2 } else { 1 }, whole));
            assert_eq!(fs::read_to_string(&path).unwrap().lines().count() as u64, whole);
        }
    }

    #[test]
    fn answers_are_neither_written_over_nor_mixed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("answers.jsonl");
        answers(&path, &["a.png"]);
        let refused = |outcome: anyhow::Result<AnswerFile>, expected: &str| {
            let said = outcome.unwrap_err().to_string();
            assert!(said.contains(expected), "{said}");
        };
        let resume = |weights| AnswerFile::resume(&path, weights).map(|(answers, _)| answers);
        refused(AnswerFile::create(&path), "is there already");
        refused(resume("def"), "by other weights than def");
        let held = resume("abc").unwrap();
        refused(resume("abc"), "another job writes");
        drop(held);
        fs::write(&path, "a letter\n").unwrap();
        refused(resume("abc"), "line 1 of");
    }
}
