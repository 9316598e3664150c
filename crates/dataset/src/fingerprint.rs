//! A name for exactly this data.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::{Dataset, DatasetError, Part};

/// A SHA-256 in hex over path, size and content of every record, in the order of their paths.
///
/// Two data sets with the same fingerprint hold the same files with the same labels, wherever their folders lie.
/// Groups and rejected files have no part in it.
///
/// # Errors
/// [`DatasetError::Read`] where a file can't be read.
pub fn fingerprint(dataset: &Dataset) -> Result<String, DatasetError> {
    let mut whole = Sha256::new();
    for record in &dataset.records {
        let path = dataset.file(record);
        let bytes = std::fs::read(&path).map_err(|reason| DatasetError::Read { path, reason })?;
        let line = format!("{}\t{}\t{}\n", record.path, bytes.len(), hex(&Sha256::digest(&bytes)));
        whole.update(line.as_bytes());
        // Else the path says it.
        if dataset.labels.is_some() {
            let part = match record.part {
                Some(Part::Training) => "training",
                Some(Part::Testing) => "testing",
                None => "",
            };
            whole.update(format!("{}\t{part}\n", dataset.class(record)).as_bytes());
        }
    }
    Ok(hex(&whole.finalize()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut hex, byte| {
        // Writing to a String can't fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
