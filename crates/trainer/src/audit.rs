//! `sulcus audit`: what a folder of scans holds, which files are copies of which, and what a test on it would leak.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use dataset::{Copies, Dataset, Leakage, Orientation, Part, Split, Thumbnail};
use imaging::{Format, Limits};
use indicatif::ParallelProgressIterator;
use rayon::prelude::*;
use serde::Serialize;

use crate::cli::{AuditArguments, DataArguments};
use crate::slices::progress_bar;

/// The findings as `--json` writes them.
#[derive(Serialize)]
struct Audit {
    files: usize,
    classes: Vec<ClassCount>,
    /// Files that are no image, or can't be decoded, with the reason.
    unreadable: Vec<Problem>,
    /// Files whose name ends in another format than they have.
    misnamed: Vec<Problem>,
    /// Different pictures: files that are copies of one another count once.
    unique: usize,
    /// Every two files that show the same picture.
    pairs: Vec<Pair>,
    /// Those of them that lie in different class folders.
    conflicting: Vec<Pair>,
    /// Where patients are known from: `csv`, `dicom` or `nothing`.
    patients_from: &'static str,
    /// What Testing shares with Training; absent where the folder has no such parts.
    leakage: Option<Leakage>,
}

#[derive(Serialize)]
struct ClassCount {
    class: String,
    files: usize,
    training: usize,
    testing: usize,
    /// Files of each size, as `width x height`, the most frequent first; three at most.
    sizes: Vec<(String, usize)>,
}

#[derive(Serialize)]
struct Problem {
    path: String,
    reason: String,
}

#[derive(Serialize, Clone)]
struct Pair {
    a: String,
    b: String,
    relation: &'static str,
    correlation: f32,
}

/// What one file was found to be.
struct Seen {
    format: Format,
    size: (u32, u32),
    patient: Option<String>,
    digest: String,
    thumbnail: Option<Thumbnail>,
}

/// Runs `sulcus audit`.
///
/// # Errors
/// The folder holds no labelled scans, the CSV of groups can't be used, or a file can't be written.
pub fn run(arguments: &AuditArguments) -> anyhow::Result<()> {
    let folder = DataArguments { data: arguments.folder.clone(), groups: arguments.groups.clone() };
    let dataset = folder.open()?;
    let seen = look_at_all(&dataset);
    let thumbnails: Vec<_> =
        seen.iter().map(|seen| seen.as_ref().ok().and_then(|seen| seen.thumbnail.clone())).collect();
    let found = dataset::copies(&thumbnails);
    let (dataset, patients_from) = with_patients(dataset.with_copies(&found), &seen);
    let audit = audit(&dataset, &seen, &found, patients_from);
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&audit)?);
    } else {
        print(&audit);
    }
    if let Some(path) = &arguments.write_groups {
        dataset.write_groups(path)?;
    }
    Ok(())
}

/// Decodes every file on every core.
fn look_at_all(dataset: &Dataset) -> Vec<Result<Seen, String>> {
    let bar = progress_bar(dataset.records.len(), "reading scans");
    dataset.records.par_iter().progress_with(bar).map(|record| look_at(&dataset.file(record))).collect()
}

fn look_at(path: &Path) -> Result<Seen, String> {
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    let study = imaging::decode(&bytes, &Limits::default()).map_err(|error| error.to_string())?;
    let slice = study.slices.first().ok_or("the file holds no slice")?;
    Ok(Seen {
        format: study.source.format,
        size: (slice.width(), slice.height()),
        patient: study.source.patient_id,
        digest: weights::sha256(&bytes),
        thumbnail: Thumbnail::of(slice),
    })
}

/// Takes patients from DICOM headers where no CSV named any, and says where they are known from.
fn with_patients(mut dataset: Dataset, seen: &[Result<Seen, String>]) -> (Dataset, &'static str) {
    if dataset.records.iter().any(|record| record.patient_group.is_some()) {
        return (dataset, "csv");
    }
    for (record, seen) in dataset.records.iter_mut().zip(seen) {
        record.patient_group = seen.as_ref().ok().and_then(|seen| seen.patient.clone());
    }
    let any = dataset.records.iter().any(|record| record.patient_group.is_some());
    (dataset, if any { "dicom" } else { "nothing" })
}

fn audit(dataset: &Dataset, seen: &[Result<Seen, String>], found: &[Copies], patients_from: &'static str) -> Audit {
    let path = |index: usize| dataset.records[index].path.clone();
    let pair = |copies: &Copies| -> Option<Pair> {
        let (Ok(a), Ok(b)) = (&seen[copies.a], &seen[copies.b]) else { return None };
        let relation = relation(a, b, copies.orientation);
        Some(Pair { a: path(copies.a), b: path(copies.b), relation, correlation: copies.correlation })
    };
    let differ = |copies: &&Copies| dataset.records[copies.a].label != dataset.records[copies.b].label;
    let unreadable = seen
        .iter()
        .enumerate()
        .filter_map(|(index, seen)| Some(Problem { path: path(index), reason: seen.as_ref().err()?.clone() }))
        .chain(dataset.rejected.iter().map(|file| Problem { path: file.path.clone(), reason: file.reason.to_string() }))
        .collect();
    let all: Vec<usize> = (0..dataset.records.len()).collect();
    let readable = all.iter().filter(|&&index| seen[index].is_ok());
    let mut groups: Vec<_> = readable.map(|&index| &dataset.records[index].dup_group).collect();
    groups.sort_unstable();
    groups.dedup();
    Audit {
        files: dataset.records.len(),
        classes: class_counts(dataset, seen),
        unreadable,
        misnamed: misnamed(dataset, seen),
        unique: groups.len(),
        pairs: found.iter().filter_map(pair).collect(),
        conflicting: found.iter().filter(differ).filter_map(pair).collect(),
        patients_from,
        leakage: leakage(dataset),
    }
}

fn relation(a: &Seen, b: &Seen, orientation: Orientation) -> &'static str {
    match orientation {
        Orientation::Same if a.digest == b.digest => "identical",
        Orientation::Same if a.size != b.size => "rescaled",
        Orientation::Same => "altered",
        Orientation::Mirrored => "mirrored",
        Orientation::UpsideDown => "upside-down",
        Orientation::Turned90 => "turned-90",
        Orientation::Turned180 => "turned-180",
        Orientation::Turned270 => "turned-270",
        Orientation::Transposed => "transposed",
        Orientation::TransposedTurned180 => "transposed-turned-180",
    }
}

fn class_counts(dataset: &Dataset, seen: &[Result<Seen, String>]) -> Vec<ClassCount> {
    let of_class = |label: usize| {
        let records = dataset.records.iter().zip(seen).filter(move |(record, _)| record.label == label);
        let mut sizes: BTreeMap<(u32, u32), usize> = BTreeMap::new();
        for (_, seen) in records.clone() {
            if let Ok(seen) = seen {
                *sizes.entry(seen.size).or_default() += 1;
            }
        }
        let mut sizes: Vec<_> = sizes.into_iter().map(|((w, h), count)| (format!("{w} x {h}"), count)).collect();
        sizes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        sizes.truncate(3);
        let part = |part| records.clone().filter(|(record, _)| record.part == Some(part)).count();
        ClassCount {
            class: dataset.classes[label].clone(),
            files: records.clone().count(),
            training: part(Part::Training),
            testing: part(Part::Testing),
            sizes,
        }
    };
    (0..dataset.classes.len()).map(of_class).collect()
}

fn misnamed(dataset: &Dataset, seen: &[Result<Seen, String>]) -> Vec<Problem> {
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
    let problem = |(record, seen): (&dataset::Record, &Result<Seen, String>)| {
        let format = seen.as_ref().ok()?.format.to_string();
        let ending = Path::new(&record.path).extension()?.to_str()?.to_lowercase();
        let announced = endings.get(ending.as_str())?;
        let reason = format!("it is a {format}, and its name says {announced}");
        (*announced != format).then(|| Problem { path: record.path.clone(), reason })
    };
    dataset.records.iter().zip(seen).filter_map(problem).collect()
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

fn print(audit: &Audit) {
    println!("{} files", audit.files);
    for ClassCount { class, files, training, testing, sizes } in &audit.classes {
        let sizes: Vec<_> = sizes.iter().map(|(size, count)| format!("{size}: {count}")).collect();
        println!("  {class:<12} {files:>6}  Training {training:>6}  Testing {testing:>6}  sizes {}", sizes.join(", "));
    }
    println!("{} unreadable, {} with a misleading name", audit.unreadable.len(), audit.misnamed.len());
    for problem in audit.unreadable.iter().chain(&audit.misnamed) {
        println!("  {}: {}", problem.path, problem.reason);
    }
    println!("{} different pictures; {} pairs of copies", audit.unique, audit.pairs.len());
    let mut relations: BTreeMap<&str, usize> = BTreeMap::new();
    for pair in &audit.pairs {
        *relations.entry(pair.relation).or_default() += 1;
    }
    for (relation, count) in &relations {
        println!("  {relation:<22} {count:>6}");
    }
    println!("{} pairs of copies in different classes", audit.conflicting.len());
    for pair in &audit.conflicting {
        println!("  {} and {} ({})", pair.a, pair.b, pair.relation);
    }
    println!("patients are known from {}", audit.patients_from);
    if let Some(leakage) = &audit.leakage {
        println!(
            "of Testing, {} files have a copy in Training, {} a patient",
            leakage.test_with_twin_in_train, leakage.test_with_patient_in_train
        );
    }
}
