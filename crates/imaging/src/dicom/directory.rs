//! A directory of files (DICOMDIR): what lies where on a disc (PS3.3, annex F).

use super::element::Tag;
use super::syntax::{self, Encoding};
use super::tree::{DataSet, uid_of};
use super::{DIRECTORY, Fault, bare_encoding, meta, reader};
use crate::{DecodeError, DirectoryEntry, Format, Limits};

const FIRST_RECORD: Tag = (0x0004, 0x1200);
const RECORDS: Tag = (0x0004, 0x1220);
const NEXT_RECORD: Tag = (0x0004, 0x1400);
const LOWER_RECORD: Tag = (0x0004, 0x1420);
const FILE: Tag = (0x0004, 0x1500);
const FILE_INSTANCE: Tag = (0x0004, 0x1511);
const STUDY: Tag = (0x0020, 0x000d);
const SERIES: Tag = (0x0020, 0x000e);

/// Whether the file meta information says that a file is a directory.
pub(crate) fn is_directory(beginning: &[u8]) -> bool {
    meta::open(beginning).is_ok_and(|opened| opened.class.as_deref() == Some(DIRECTORY))
}

/// Reads the files that a directory names, in its order.
///
/// # Errors
/// When the file is no directory, is damaged, or names a file outside of its own folder.
pub(crate) fn read(bytes: &[u8], limits: &Limits) -> Result<Vec<DirectoryEntry>, DecodeError> {
    crate::decode::check_length(bytes, limits)?;
    entries(bytes).map_err(|fault| fault.of(&Format::Dicom { transfer_syntax: syntax::EXPLICIT_LITTLE.to_owned() }))
}

fn entries(bytes: &[u8]) -> Result<Vec<DirectoryEntry>, Fault> {
    let opened = meta::open(bytes)?;
    if opened.class.as_deref() != Some(DIRECTORY) {
        return Err(Fault::Unsupported("it is no directory of files (DICOMDIR)".to_owned()));
    }
    let data_set = &bytes[opened.end..];
    let encoding = bare_encoding(data_set).unwrap_or(Encoding::ExplicitLittle);
    let root = reader::read(data_set, encoding)?.data_set;
    let records = root.items(RECORDS)?;
    let parents = parents(&root, records, opened.end);
    let of_chain = |index: usize, tag: Tag| {
        let chain = std::iter::successors(Some(index), |&index| parents[index].filter(|&parent| parent != index));
        // A chain that is longer than there are levels is a circle.
        chain.take(8).find_map(|index| records[index].bytes(tag).and_then(uid_of))
    };
    let referring = records.iter().enumerate().filter(|(_, record)| record.filled(FILE).is_some());
    let entry = |(index, record): (usize, &DataSet)| {
        Ok(DirectoryEntry {
            path: path(record.bytes(FILE).unwrap_or_default())?,
            study: of_chain(index, STUDY),
            series: of_chain(index, SERIES),
            instance: record.bytes(FILE_INSTANCE).and_then(uid_of),
        })
    };
    referring.map(entry).collect()
}

/// The record above each: patient, study and series are chains of records that point down and on by offsets.
fn parents(root: &DataSet, records: &[DataSet], base: usize) -> Vec<Option<usize>> {
    let at = |set: &DataSet, tag: Tag| {
        let offset = set.long(tag)? as usize;
        records.binary_search_by_key(&offset, |record| base + record.start).ok()
    };
    let mut parents = vec![None; records.len()];
    let mut seen = vec![false; records.len()];
    let mut chains: Vec<(Option<usize>, usize)> =
        at(root, FIRST_RECORD).map(|first| (None, first)).into_iter().collect();
    while let Some((parent, index)) = chains.pop() {
        if std::mem::replace(&mut seen[index], true) {
            continue;
        }
        parents[index] = parent;
        chains.extend(at(&records[index], NEXT_RECORD).map(|next| (parent, next)));
        chains.extend(at(&records[index], LOWER_RECORD).map(|lower| (Some(index), lower)));
    }
    parents
}

/// The folders and the name of a file, none of which leads out of the directory's own folder.
fn path(value: &[u8]) -> Result<Vec<String>, String> {
    let text = String::from_utf8_lossy(value);
    let text = text.trim_end_matches(' ');
    let text = text.strip_suffix('\0').unwrap_or(text);
    let is_plain = |part: &str| {
        let has_hostile = part.contains(|letter: char| letter.is_control() || matches!(letter, '/' | ':'));
        !has_hostile && !matches!(part.trim(), "" | "." | "..")
    };
    let parts: Vec<String> = text.split('\\').map(str::to_owned).collect();
    if parts.iter().all(|part| is_plain(part)) {
        return Ok(parts);
    }
    Err(format!("it names a file outside of its folder, or none: {text:?}"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::*;

    #[test]
    fn paths_that_lead_elsewhere_are_refused() {
        assert_eq!(path(b"IMAGES\\SER 1\\IM1 ").unwrap(), ["IMAGES", "SER 1", "IM1"]);
        assert_eq!(path(b"IM1\0").unwrap(), ["IM1"]);
        for hostile in ["..\\IM1", "\\ETC\\PASSWD", "A\\..\\..\\B", "A\0B", "C:\\X", "A/../B", "A\\\\B", ".", ".. \\A"]
        {
            assert!(path(hostile.as_bytes()).is_err(), "{hostile:?}");
        }
    }
}
