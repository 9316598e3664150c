//! Everything an audit found, as `--json` writes it.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use dataset::{Copies, Dataset, Leakage, Part, Record, Split};
use serde::Serialize;

use crate::classes::{ClassFindings, classes};
use crate::inspect::Inspected;
use crate::pairs::{Pair, by_relation, pairs};
use crate::patients::{Patients, patients, patients_from};
use crate::shortcuts::{Shortcuts, shortcuts};

/// The findings.
#[derive(Serialize)]
pub struct Audit {
    /// How many there are.
    pub files: usize,
    /// Class by class: sizes, colour modes, compression.
    pub classes: Vec<ClassFindings>,
    /// Files that are no image, or can't be decoded, with the reason.
    pub unreadable: Vec<Problem>,
    /// Files whose name ends in another format than they have.
    pub misnamed: Vec<Problem>,
    /// Different pictures: files that are copies of one another count once.
    pub unique: usize,
    /// Every two files that show the same picture.
    pub pairs: Vec<Pair>,
    /// How many of them there are of each relation.
    pub relations: BTreeMap<&'static str, usize>,
    /// Those of them that lie in different class folders.
    pub conflicting: Vec<Pair>,
    /// How the folder was read, where that does not go without saying.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Where patients are known from: `folders`, `csv`, `dicom`, several of them joined by `and`, or `nothing`.
    pub patients_from: String,
    /// What is known of patients.
    pub patients: Patients,
    /// What Testing shares with Training; absent where the folder has no such parts.
    pub leakage: Option<Leakage>,
    /// Whether classes can be told apart by what is not anatomy.
    pub shortcuts: Shortcuts,
}

/// A file, and what is wrong with it.
#[derive(Serialize)]
pub struct Problem {
    pub path: String,
    pub reason: String,
}

impl Audit {
    /// Puts together what was seen of the files of a data set that knows its copies and patients.
    pub(crate) fn new(dataset: &Dataset, seen: &[Result<Inspected, String>], found: &[Copies]) -> Self {
        let pairs = pairs(dataset, seen, found);
        Self {
            files: dataset.records.len(),
            classes: classes(dataset, seen),
            unreadable: unreadable(dataset, seen),
            misnamed: misnamed(dataset, seen),
            unique: different_pictures(dataset, seen),
            conflicting: pairs.iter().filter(|pair| pair.is_conflicting(dataset)).cloned().collect(),
            relations: by_relation(&pairs).into_iter().map(|(relation, pairs)| (relation, pairs.len())).collect(),
            pairs,
            notes: dataset.notes.clone(),
            patients_from: patients_from(dataset),
            patients: patients(dataset),
            leakage: leakage(dataset),
            shortcuts: shortcuts(dataset, seen),
        }
    }
}

fn unreadable(dataset: &Dataset, seen: &[Result<Inspected, String>]) -> Vec<Problem> {
    let undecoded = dataset.records.iter().zip(seen).filter_map(|(record, seen)| {
        let reason = seen.as_ref().err()?.clone();
        Some(Problem { path: record.path.clone(), reason })
    });
    let rejected =
        dataset.rejected.iter().map(|file| Problem { path: file.path.clone(), reason: file.reason.to_string() });
    undecoded.chain(rejected).collect()
}

fn misnamed(dataset: &Dataset, seen: &[Result<Inspected, String>]) -> Vec<Problem> {
    let endings: HashMap<&str, &str> = HashMap::from([
        ("jpg", "JPEG"),
        ("jpeg", "JPEG"),
        ("png", "PNG"),
        ("bmp", "BMP"),
        ("tif", "TIFF"),
        ("tiff", "TIFF"),
        ("webp", "WebP"),
        ("dcm", "DICOM"),
    ]);
    let problem = |(record, seen): (&Record, &Result<Inspected, String>)| {
        let format = seen.as_ref().ok()?.format.to_string();
        let ending = Path::new(&record.path).extension()?.to_str()?.to_lowercase();
        let announced = endings.get(ending.as_str())?;
        let reason = format!("it is a {format}, and its name says {announced}");
        (*announced != format).then(|| Problem { path: record.path.clone(), reason })
    };
    dataset.records.iter().zip(seen).filter_map(problem).collect()
}

fn different_pictures(dataset: &Dataset, seen: &[Result<Inspected, String>]) -> usize {
    let readable = dataset.records.iter().zip(seen).filter(|(_, seen)| seen.is_ok());
    let mut groups: Vec<_> = readable.map(|(record, _)| &record.dup_group).collect();
    groups.sort_unstable();
    groups.dedup();
    groups.len()
}

/// What Testing shares with Training.
fn leakage(dataset: &Dataset) -> Option<Leakage> {
    let part = |wanted| {
        let indices = (0..dataset.records.len()).filter(|&index| dataset.records[index].part == Some(wanted));
        indices.collect::<Vec<_>>()
    };
    let split = Split { train: part(Part::Training), validation: Vec::new(), test: part(Part::Testing) };
    (!split.train.is_empty() && !split.test.is_empty()).then(|| dataset::leakage(dataset, &split))
}
