//! What is known of patients and copies: reading it, and what follows from it.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use crate::{Copies, Dataset, DatasetError, Reason, Record, Rejected};

/// The columns of a CSV of groups.
const COLUMNS: [&str; 3] = ["path", "patient_group", "dup_group"];

/// The patient and the duplicate group of a file, where known.
type Groups = (Option<String>, Option<String>);

impl Dataset {
    /// Adds patients and duplicate groups from a CSV with the columns `path` (relative to the root), `patient_group`
    /// and `dup_group`. Other columns are ignored, an empty cell means unknown, a file without a row stays as it is.
    /// A row without a file is listed in [`Dataset::rejected`].
    ///
    /// # Errors
    /// [`DatasetError::Csv`], [`DatasetError::NoColumn`] or [`DatasetError::RepeatedRow`] for a broken CSV,
    /// [`DatasetError::NoRowMatches`] for one that is about other files.
    pub fn with_groups(mut self, csv: &Path) -> Result<Dataset, DatasetError> {
        let mut groups = read_groups(csv)?;
        let rows = groups.len();
        for record in &mut self.records {
            if let Some((patient, dup)) = groups.remove(&record.path) {
                record.patient_group = patient;
                record.dup_group = dup;
            }
        }
        if groups.len() == rows {
            return Err(DatasetError::NoRowMatches {
                path: csv.to_owned(),
                rows,
                root: self.root,
                example: self.records.swap_remove(0).path,
            });
        }
        for known in &self.rejected {
            groups.remove(&known.path);
        }
        self.rejected.extend(groups.into_keys().map(|path| Rejected { path, reason: Reason::Missing }));
        self.rejected.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(self)
    }
}

impl Dataset {
    /// Puts what [`crate::copies`] found, by index of the record, in the place of the duplicate groups known so far. A
    /// group bears the path of its first file.
    #[must_use]
    pub fn with_copies(mut self, found: &[Copies]) -> Dataset {
        let mut parents: Vec<usize> = (0..self.records.len()).collect();
        for pair in found {
            let (a, b) = (root_of(&mut parents, pair.a), root_of(&mut parents, pair.b));
            parents[a.max(b)] = a.min(b);
        }
        let names: Vec<String> =
            (0..parents.len()).map(|index| self.records[root_of(&mut parents, index)].path.clone()).collect();
        for (record, name) in self.records.iter_mut().zip(names) {
            record.dup_group = Some(name);
        }
        self
    }

    /// Writes patients and duplicate groups as a CSV that [`Dataset::with_groups`] reads.
    ///
    /// # Errors
    /// [`DatasetError::Csv`] where the file can't be written.
    pub fn write_groups(&self, path: &Path) -> Result<(), DatasetError> {
        let failed = |source: csv::Error| DatasetError::Csv { path: path.to_owned(), source };
        let mut writer = csv::Writer::from_path(path).map_err(failed)?;
        writer.write_record(COLUMNS).map_err(failed)?;
        for record in &self.records {
            let cell = |group: &Option<String>| group.clone().unwrap_or_default();
            let row = [record.path.clone(), cell(&record.patient_group), cell(&record.dup_group)];
            writer.write_record(row).map_err(failed)?;
        }
        writer.flush().map_err(|error| failed(error.into()))
    }
}

fn read_groups(csv: &Path) -> Result<HashMap<String, Groups>, DatasetError> {
    let failed = |source| DatasetError::Csv { path: csv.to_owned(), source };
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(csv).map_err(failed)?;
    let header = reader.headers().map_err(failed)?.clone();
    let column = |column: &'static str| {
        header.iter().position(|name| name == column).ok_or_else(|| DatasetError::NoColumn {
            path: csv.to_owned(),
            column,
            found: header.iter().map(str::to_owned).collect(),
        })
    };
    let [path, patient, dup] = COLUMNS;
    let (path, patient, dup) = (column(path)?, column(patient)?, column(dup)?);
    let mut groups = HashMap::new();
    for row in reader.records() {
        let row = row.map_err(failed)?;
        let cell = |column: usize| row.get(column).filter(|cell| !cell.is_empty()).map(str::to_owned);
        let file = row.get(path).unwrap_or_default().replace('\\', "/");
        if groups.insert(file.clone(), (cell(patient), cell(dup))).is_some() {
            return Err(DatasetError::RepeatedRow { path: csv.to_owned(), file });
        }
    }
    Ok(groups)
}

/// For every record the index of the first record it hangs together with, through patients, copies, or both in turn.
///
/// Two files of one cluster are no independent observations: they belong on one side of a split, and are drawn
/// together in a bootstrap. A file of which nothing is known is a cluster of its own.
#[must_use]
pub fn clusters(dataset: &Dataset) -> Vec<usize> {
    let mut parents: Vec<usize> = (0..dataset.records.len()).collect();
    for group in [patient_of, twin_of] {
        let mut first_of = HashMap::new();
        for (index, record) in dataset.records.iter().enumerate() {
            if let Some(name) = group(record) {
                let first = *first_of.entry(name).or_insert(index);
                let (a, b) = (root_of(&mut parents, first), root_of(&mut parents, index));
                parents[a.max(b)] = a.min(b);
            }
        }
    }
    (0..parents.len()).map(|index| root_of(&mut parents, index)).collect()
}

/// The root of a union-find tree, halving the way to it.
fn root_of(parents: &mut [usize], mut index: usize) -> usize {
    while parents[index] != index {
        parents[index] = parents[parents[index]];
        index = parents[index];
    }
    index
}

pub(crate) fn patient_of(record: &Record) -> Option<&str> {
    record.patient_group.as_deref()
}

pub(crate) fn twin_of(record: &Record) -> Option<&str> {
    record.dup_group.as_deref()
}

/// One file for each image: of a duplicate group the first of `indices`, and none where the group's files carry
/// different labels anywhere in the data set. Files without a duplicate group all stay.
#[must_use]
pub fn unique(dataset: &Dataset, indices: &[usize]) -> Vec<usize> {
    let mut passed = conflicting(&dataset.records);
    let mut kept = indices.to_vec();
    kept.retain(|&index| twin_of(&dataset.records[index]).is_none_or(|group| passed.insert(group)));
    kept
}

/// The duplicate groups whose files carry different labels.
pub(crate) fn conflicting<'a>(records: impl IntoIterator<Item = &'a Record>) -> HashSet<&'a str> {
    let mut label_of = HashMap::new();
    let mut conflicting = HashSet::new();
    for record in records {
        if let Some(group) = twin_of(record)
            && *label_of.entry(group).or_insert(record.label) != record.label
        {
            conflicting.insert(group);
        }
    }
    conflicting
}
