//! What is known of patients and copies: reading it, and what follows from it.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use crate::{Copies, Dataset, DatasetError, Reason, Record, Rejected};

/// The columns of a CSV of groups.
const COLUMNS: [&str; 3] = ["path", "patient_group", "dup_group"];

/// The patient and the duplicate group of a file, where known.
type Groups = (Option<String>, Option<String>);

impl Dataset {
    /// Adds patients and duplicate groups from a CSV with the columns `path` (relative to the root) and `patient_group` or
    /// `dup_group` or both. Other columns are ignored, an empty cell means unknown, a file without a row stays as it is.
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
    /// Adds what DICOM headers say of patients, a text or nothing for each record: files of one identifier are of one
    /// patient, and so are those that the CSV says are of one. A patient that the CSV names keeps that name.
    #[must_use]
    pub fn with_patient_ids(mut self, ids: &[Option<String>]) -> Dataset {
        let mut parents: Vec<usize> = (0..self.records.len()).collect();
        join_groups(&mut parents, self.records.iter().map(patient_of));
        join_groups(&mut parents, ids.iter().map(Option::as_deref));
        let mut names: HashMap<usize, String> = HashMap::new();
        let known = self.records.iter().map(|record| &record.patient_group);
        for (index, name) in known.enumerate().chain(ids.iter().enumerate()) {
            if let Some(name) = name {
                names.entry(root_of(&mut parents, index)).or_insert_with(|| name.clone());
            }
        }
        for (index, record) in self.records.iter_mut().enumerate() {
            record.patient_group = names.get(&root_of(&mut parents, index)).cloned();
        }
        self
    }

    /// Joins the duplicate groups known so far with what [`crate::copies`] found, by index of the record. A group bears the
    /// path of its first file.
    #[must_use]
    pub fn with_copies(mut self, found: &[Copies]) -> Dataset {
        let mut parents: Vec<usize> = (0..self.records.len()).collect();
        join_groups(&mut parents, self.records.iter().map(twin_of));
        for pair in found {
            join(&mut parents, pair.a, pair.b);
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
    let [path, patient, dup] = COLUMNS.map(|column| header.iter().position(|name| name == column));
    let missing = |column| DatasetError::NoColumn {
        path: csv.to_owned(),
        column,
        found: header.iter().map(str::to_owned).collect(),
    };
    let path = path.ok_or_else(|| missing("path"))?;
    if patient.or(dup).is_none() {
        return Err(missing("patient_group"));
    }
    let mut groups = HashMap::new();
    for row in reader.records() {
        let row = row.map_err(failed)?;
        let cell = |column: Option<usize>| row.get(column?).filter(|cell| !cell.is_empty()).map(str::to_owned);
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
    join_groups(&mut parents, dataset.records.iter().map(patient_of));
    join_groups(&mut parents, dataset.records.iter().map(twin_of));
    (0..parents.len()).map(|index| root_of(&mut parents, index)).collect()
}

/// Joins the records that bear the same name.
fn join_groups<'a>(parents: &mut [usize], names: impl Iterator<Item = Option<&'a str>>) {
    let mut first_of = HashMap::new();
    for (index, name) in names.enumerate() {
        if let Some(name) = name {
            let first = *first_of.entry(name).or_insert(index);
            join(parents, first, index);
        }
    }
}

/// Joins two trees of a union-find forest; the smaller index becomes the root.
fn join(parents: &mut [usize], a: usize, b: usize) {
    let (a, b) = (root_of(parents, a), root_of(parents, b));
    parents[a.max(b)] = a.min(b);
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
