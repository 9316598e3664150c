//! Where patients are known from, and which of them lie in both parts.

use std::collections::{BTreeMap, BTreeSet};

use dataset::{Dataset, Part, PatientSource};
use serde::Serialize;

use crate::inspect::Inspected;
use crate::numbers::count;

/// What is known of patients.
#[derive(Serialize)]
pub struct Patients {
    /// Patients that are known.
    pub known: usize,
    /// Files whose patient is known.
    pub files: usize,
    /// By what files are held together in a split, in words.
    pub says: String,
    /// The files of every patient with files in both Training and Testing. Patients bear no name here.
    pub on_both_sides: Vec<SharedPatient>,
}

/// One patient with files in both parts.
#[derive(Serialize)]
pub struct SharedPatient {
    pub training: Vec<String>,
    pub testing: Vec<String>,
    /// A record of each part.
    #[serde(skip)]
    pub examples: [usize; 2],
}

/// Joins the patients known so far with those of DICOM headers.
pub fn with_patients(dataset: Dataset, seen: &[Result<Inspected, String>]) -> Dataset {
    let ids: Vec<Option<String>> =
        seen.iter().map(|seen| seen.as_ref().ok().and_then(|seen| seen.patient.clone())).collect();
    dataset.with_patient_ids(&ids)
}

/// Where patients are known from, in the words of `--json`.
pub fn patients_from(dataset: &Dataset) -> String {
    let word = |source: &PatientSource| match source {
        PatientSource::Folders => "folders",
        PatientSource::Csv => "csv",
        PatientSource::Dicom => "dicom",
    };
    let words: Vec<&str> = dataset.patients_from.iter().map(word).collect();
    if words.is_empty() { "nothing".to_owned() } else { words.join(" and ") }
}

/// Counts patients and finds those in both parts.
pub fn patients(dataset: &Dataset) -> Patients {
    let known: BTreeSet<&str> = dataset.records.iter().filter_map(|record| record.patient_group.as_deref()).collect();
    let files = dataset.records.iter().filter(|record| record.patient_group.is_some()).count();
    Patients {
        known: known.len(),
        files,
        says: says(dataset, known.len(), files),
        on_both_sides: on_both_sides(dataset),
    }
}

fn says(dataset: &Dataset, known: usize, files: usize) -> String {
    let source = |source: &PatientSource| match source {
        PatientSource::Folders => "the folders inside class folders",
        PatientSource::Csv => "the CSV of groups",
        PatientSource::Dicom => "DICOM's PatientID",
    };
    let sources: Vec<&str> = dataset.patients_from.iter().map(source).collect();
    if sources.is_empty() {
        return "Patients are not known: no CSV of groups names them and no DICOM header does. Files are held together \
                by copies alone, so a split may put one patient on both sides."
            .to_owned();
    }
    let without = dataset.records.len() - files;
    let rest = match without {
        0 => String::new(),
        _ => format!(" {} files have no known patient; they are held together by copies alone.", count(without)),
    };
    format!("{} patients of {} files are known from {}.{rest}", count(known), count(files), sources.join(" and "))
}

fn on_both_sides(dataset: &Dataset) -> Vec<SharedPatient> {
    let mut parts: BTreeMap<&str, [Vec<usize>; 2]> = BTreeMap::new();
    for (index, record) in dataset.records.iter().enumerate() {
        if let (Some(patient), Some(part)) = (record.patient_group.as_deref(), record.part) {
            parts.entry(patient).or_default()[usize::from(part == Part::Testing)].push(index);
        }
    }
    let paths = |indices: &[usize]| indices.iter().map(|&index| dataset.records[index].path.clone()).collect();
    let shared = |[training, testing]: [Vec<usize>; 2]| {
        let examples = [*training.first()?, *testing.first()?];
        Some(SharedPatient { training: paths(&training), testing: paths(&testing), examples })
    };
    parts.into_values().filter_map(shared).collect()
}
