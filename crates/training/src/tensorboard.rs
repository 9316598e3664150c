//! The epochs of a run as an event file, for TensorBoard.
//!
//! The file follows from `metrics.jsonl` and nothing else, so a run that was killed and resumed has the file of one that
//! was not. Its format: TensorFlow's records (length, checksum, bytes, checksum) of protocol buffer messages, of which
//! the few that scalars need are here (`tensorflow/core/util/event.proto`, `framework/summary.proto`).

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use prost::Message;
use storage::write_failed;

use crate::epoch_log::EpochLog;

/// TensorBoard looks for `tfevents` in the name, and sorts by the rest.
const NAME: &str = "events.out.tfevents.sulcus";

/// Brings the event file in `folder` up to `epochs`.
///
/// What is there and still true stays as it is, and the rest is written behind it into the same file: a TensorBoard that
/// looks on keeps the file open and would not notice one put in its place.
///
/// # Errors
/// The disk refuses.
pub fn write(folder: &Path, epochs: &[EpochLog]) -> anyhow::Result<()> {
    let path = folder.join(NAME);
    let bytes = event_file(epochs);
    fs::create_dir_all(folder).map_err(|error| write_failed(folder, 0, &error))?;
    let before = fs::read(&path).unwrap_or_default(); // A missing file holds nothing.
    let same = before.iter().zip(&bytes).take_while(|(a, b)| a == b).count();
    let append = || {
        let mut file = fs::OpenOptions::new().create(true).write(true).truncate(false).open(&path)?;
        file.set_len(same as u64)?;
        file.seek(SeekFrom::End(0))?;
        file.write_all(&bytes[same..])
    };
    append().map_err(|error| write_failed(&path, bytes.len(), &error))
}

/// The whole file; no bytes before the first epoch.
fn event_file(epochs: &[EpochLog]) -> Vec<u8> {
    let header = epochs.first().map(|first| Event {
        wall_time: first.ended as f64 - first.seconds,
        file_version: Some("brain.Event:2".to_owned()),
        ..Event::default()
    });
    header.into_iter().chain(epochs.iter().map(event)).flat_map(|event| record(&event.encode_to_vec())).collect()
}

/// The scalars of an epoch. What stands before the slash is drawn in one group.
fn event(epoch: &EpochLog) -> Event {
    let scalars = [
        ("loss/train", epoch.train_loss),
        ("loss/validation", epoch.validation_loss),
        ("accuracy/train", epoch.train_accuracy),
        ("accuracy/validation", epoch.validation_accuracy),
        ("macro_f1/validation", epoch.validation.f1),
        ("learning_rate", epoch.learning_rate),
    ];
    let value = scalars.map(|(tag, scalar)| Value { tag: tag.to_owned(), simple_value: scalar as f32 }).into();
    Event {
        wall_time: epoch.ended as f64,
        step: Some(epoch.epoch as i64),
        summary: Some(Summary { value }),
        ..Event::default()
    }
}

/// What happened at a time, `tensorflow.Event`: the file begins, or a step's numbers.
#[derive(Clone, PartialEq, Message)]
struct Event {
    #[prost(double, required, tag = "1")]
    wall_time: f64,
    #[prost(int64, optional, tag = "2")]
    step: Option<i64>,
    #[prost(string, optional, tag = "3")]
    file_version: Option<String>,
    #[prost(message, optional, tag = "5")]
    summary: Option<Summary>,
}

/// `tensorflow.Summary`.
#[derive(Clone, PartialEq, Message)]
struct Summary {
    #[prost(message, repeated, tag = "1")]
    value: Vec<Value>,
}

/// `tensorflow.Summary.Value`.
#[derive(Clone, PartialEq, Message)]
struct Value {
    #[prost(string, required, tag = "1")]
    tag: String,
    #[prost(float, required, tag = "2")]
    simple_value: f32,
}

fn record(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    [&length, &masked_crc(&length).to_le_bytes()[..], data, &masked_crc(data).to_le_bytes()].concat()
}

/// A checksum that stays a good one where checksums are summed again.
fn masked_crc(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::epoch_log::made::epochs;

    #[test]
    fn the_file_is_the_one_that_tensorboard_itself_writes() {
        let expected = include_bytes!("../tests/fixtures/events.out.tfevents.reference");
        let many: Vec<f64> = (0..130).map(|epoch| 1.0 / f64::from(epoch + 1)).collect();
        assert_eq!(event_file(&epochs(&many)), expected);
    }

    #[test]
    fn an_epoch_done_again_is_there_once() {
        let folder = tempfile::tempdir().unwrap();
        let read = || fs::read(folder.path().join(NAME)).unwrap();
        write(folder.path(), &epochs(&[1.0, 0.5, 0.25])).unwrap();
        let whole = read();
        write(folder.path(), &epochs(&[1.0, 0.5])).unwrap();
        assert_eq!(read(), event_file(&epochs(&[1.0, 0.5])), "the checkpoint is older than the log");
        fs::write(folder.path().join(NAME), &whole[..whole.len() - 7]).unwrap();
        write(folder.path(), &epochs(&[1.0, 0.5, 0.25])).unwrap();
        assert_eq!(read(), whole, "a record was torn");
    }
}
