//! What is known of patients and copies: reading it, and what follows from it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;

use crate::table::Table;
use crate::{Copies, Dataset, DatasetError, PatientSource, Reason, Record, Rejected};

/// The columns of a CSV of groups, as it is written.
const COLUMNS: [&str; 3] = ["path", "patient_group", "dup_group"];
/// Names of the columns that say something of groups; the first of a kind that is there counts.
const PATIENT: [&str; 3] = ["patient_group", "patient", "patient_id"];
const COPIES: &str = "dup_group";
/// What such a CSV needs.
const NEEDED: &str = "the column path is needed, and patient_group or dup_group or both";

impl Dataset {
    /// Adds patients and duplicate groups from a CSV with the columns `path` (relative to the root or to the CSV) and
    /// `patient_group` or `dup_group` or both. Other columns are ignored, an empty cell means unknown, a file without a
    /// row stays as it is. A row without a file is listed in [`Dataset::rejected`].
    ///
    /// # Errors
    /// [`DatasetError::Read`], [`DatasetError::Csv`], [`DatasetError::NoColumn`] or [`DatasetError::RepeatedRow`] for a
    /// broken CSV, [`DatasetError::NoRowMatches`] for one that is about other files.
    pub fn with_groups(self, csv: &Path) -> Result<Dataset, DatasetError> {
        let columns = [PATIENT[0], PATIENT[1], PATIENT[2], COPIES];
        self.with_groups_of(&Table::read(csv, NEEDED, &columns)?)
    }

    /// As [`Dataset::with_groups`], from a CSV that may have neither column.
    pub(crate) fn with_groups_of(mut self, table: &Table) -> Result<Dataset, DatasetError> {
        let patient = PATIENT.into_iter().find_map(|name| table.column(name));
        let copies = table.column(COPIES);
        let rejected = self.rejected.iter().map(|file| file.path.clone());
        let names: Vec<String> = self.records.iter().map(|record| record.path.clone()).chain(rejected).collect();
        let files: HashSet<&str> = names.iter().map(String::as_str).collect();
        let mut rows = table.by_file(&self.root, &files)?;
        let mut sources = BTreeSet::new();
        for record in &mut self.records {
            let row = rows.remove(&record.path);
            if let (Some(row), Some(_)) = (row, patient) {
                record.patient_group = row.cell(patient).map(str::to_owned);
                sources.extend(record.patient_group.as_ref().map(|_| PatientSource::Csv));
            } else if record.patient_group.is_some() {
                sources.extend(&self.patients_from);
            }
            if let (Some(row), Some(column)) = (row, copies) {
                // A group may bear the name of a file, which may begin or end in space.
                let written = Some(row.as_written(column)).filter(|cell| files.contains(cell));
                record.dup_group = written.or(row.cell(copies)).map(str::to_owned);
            }
        }
        self.patients_from = sources;
        rows.retain(|path, _| !files.contains(path.as_str()));
        self.rejected.extend(rows.into_keys().map(|path| Rejected { path, reason: Reason::Missing }));
        self.rejected.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(self)
    }
}

impl Dataset {
    /// Adds what DICOM headers say of patients, a text or nothing for each record: files of one identifier are of one
    /// patient, and so are those that the CSV says are of one. A patient that the CSV names keeps that name. Where every
    /// file has a header that names its patient, folders say nothing of patients: they may be of planes or sequences.
    #[must_use]
    pub fn with_patient_ids(mut self, ids: &[Option<String>]) -> Dataset {
        if ids.iter().all(Option::is_some) && self.patients_from.iter().eq([&PatientSource::Folders]) {
            self.records.iter_mut().for_each(|record| record.patient_group = None);
            self.patients_from.clear();
        }
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
        let known = self.known_patients();
        for (index, record) in self.records.iter_mut().enumerate() {
            record.patient_group = names.get(&root_of(&mut parents, index)).cloned();
        }
        if self.known_patients() > known {
            self.patients_from.insert(PatientSource::Dicom);
        }
        self
    }

    /// Of how many records the patient is known.
    fn known_patients(&self) -> usize {
        self.records.iter().filter(|record| record.patient_group.is_some()).count()
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
        let failed = |error: csv::Error| DatasetError::Csv { path: path.to_owned(), reason: error.to_string() };
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
