//! The epochs of a run as an event file, for TensorBoard.
//!
//! The file follows from `metrics.jsonl` and nothing else, so a run that was killed and resumed has the file of one that
//! was not. Its format: TensorFlow's records (length, checksum, bytes, checksum) of protocol buffer messages, of which
//! the few that scalars need are encoded here (`tensorflow/core/util/event.proto`, `framework/summary.proto`).

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

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
    let mut bytes = Vec::new();
    if let Some(first) = epochs.first() {
        let header = message(|event| {
            event.double(1, first.ended as f64 - first.seconds);
            event.bytes(3, b"brain.Event:2");
        });
        bytes.extend(record(&header));
    }
    for epoch in epochs {
        let event = message(|event| {
            event.double(1, epoch.ended as f64);
            event.integer(2, epoch.epoch as u64);
            event.bytes(5, &summary(epoch));
        });
        bytes.extend(record(&event));
    }
    bytes
}

/// The scalars of an epoch. What stands before the slash is drawn in one group.
fn summary(epoch: &EpochLog) -> Vec<u8> {
    let scalars = [
        ("loss/train", epoch.train_loss),
        ("loss/validation", epoch.validation_loss),
        ("accuracy/train", epoch.train_accuracy),
        ("accuracy/validation", epoch.validation_accuracy),
        ("macro_f1/validation", epoch.validation.f1),
        ("learning_rate", epoch.learning_rate),
    ];
    message(|summary| {
        for (tag, scalar) in scalars {
            let value = message(|value| {
                value.bytes(1, tag.as_bytes());
                value.float(2, scalar as f32);
            });
            summary.bytes(1, &value);
        }
    })
}

/// A protocol buffer message in the making.
#[derive(Default)]
struct Message(Vec<u8>);

fn message(fill: impl FnOnce(&mut Message)) -> Vec<u8> {
    let mut message = Message::default();
    fill(&mut message);
    message.0
}

impl Message {
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    fn key(&mut self, field: u64, wire_type: u64) {
        self.varint(field << 3 | wire_type);
    }

    fn integer(&mut self, field: u64, value: u64) {
        self.key(field, 0);
        self.varint(value);
    }

    fn double(&mut self, field: u64, value: f64) {
        self.key(field, 1);
        self.0.extend(value.to_le_bytes());
    }

    fn bytes(&mut self, field: u64, value: &[u8]) {
        self.key(field, 2);
        self.varint(value.len() as u64);
        self.0.extend(value);
    }

    fn float(&mut self, field: u64, value: f32) {
        self.key(field, 5);
        self.0.extend(value.to_le_bytes());
    }
}

fn record(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    [&length, &masked_crc(&length).to_le_bytes()[..], data, &masked_crc(data).to_le_bytes()].concat()
}

/// A checksum that stays a good one where checksums are summed again.
fn masked_crc(bytes: &[u8]) -> u32 {
    crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// The CRC of Castagnoli et al. (1993), as in iSCSI (RFC 3720).
fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0x82f6_3b78 } else { crc >> 1 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::epoch_log::made::epochs;

    #[test]
    fn the_checksum_is_that_of_rfc_3720() {
        // Appendix B.4.
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(&[0xff; 32]), 0x62a8_ab43);
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    }

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
