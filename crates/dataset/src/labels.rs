//! A CSV that says of each file which class it is of.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use crate::images::{Images, Labelled};
use crate::layout::{folders_of, validation_note};
use crate::names::{Classes, known_class, part_of};
use crate::table::{Row, Table};
use crate::walk::{Found, Walk};
use crate::{Dataset, DatasetError, Part, Reason, Rejected};

/// What such a CSV needs.
const NEEDED: &str = "the columns path and label are needed; split, patient_group and dup_group may be there too";

/// A CSV with the columns `path` and `label`.
pub(crate) struct Labels {
    table: Table,
    label: Option<usize>,
    /// `None` also where every cell of the column is empty.
    split: Option<usize>,
}

impl Labels {
    pub(crate) fn read(csv: &Path) -> Result<Self, DatasetError> {
        let table = Table::read(csv, NEEDED, &["label"])?;
        let is_used = |column: &usize| table.rows.iter().any(|row| row.cell(Some(*column)).is_some());
        Ok(Self { label: table.column("label"), split: table.column("split").filter(is_used), table })
    }

    /// The one CSV of labels that lies in a folder, where there is one.
    pub(crate) fn in_folder(root: &Path, walk: &Walk) -> Result<Option<Self>, DatasetError> {
        let mut found: Vec<Self> = Vec::new();
        for name in walk.files.iter().map(|file| file.path.as_str()).filter(|path| is_csv(path)) {
            match Self::read(&root.join(name)) {
                Err(DatasetError::NoColumn { .. }) => (),
                labels => found.push(labels?),
            }
        }
        if found.len() > 1 {
            let found = found.into_iter().map(|labels| labels.table.path).collect();
            return Err(DatasetError::SeveralLabels { root: root.to_owned(), found });
        }
        Ok(found.pop())
    }

    /// Whether one of the labels is of a known class.
    pub(crate) fn any_known(&self) -> bool {
        self.table.rows.iter().filter_map(|row| row.cell(self.label)).any(|label| known_class(label).is_some())
    }

    /// What a person should know where folders name the classes and this CSV names others.
    pub(crate) fn contradiction(&self, dataset: &Dataset) -> Option<String> {
        let classes: HashMap<&str, &str> =
            dataset.records.iter().map(|record| (record.path.as_str(), dataset.class(record))).collect();
        let rows = self.table.by_file(&dataset.root, &classes.keys().copied().collect()).ok()?;
        let differs = |(path, row): &(&String, &&Row)| {
            let (Some(class), Some(label)) = (classes.get(path.as_str()), row.cell(self.label)) else { return false };
            known_class(label).unwrap_or(label).to_lowercase() != class.to_lowercase()
        };
        match rows.iter().filter(differs).count() {
            0 => None,
            count => Some(format!(
                "\"{}\" labels {count} files otherwise than their folders, which count unless it is named as the CSV of labels",
                self.table.path.display()
            )),
        }
    }

    /// The files that the rows name, with what they say of them.
    pub(crate) fn dataset(&self, root: &Path, walk: &Walk, least: usize) -> Result<Dataset, DatasetError> {
        let files: HashMap<&str, &Found> = walk.files.iter().map(|file| (file.path.as_str(), file)).collect();
        let rows = self.table.by_file(root, &files.keys().copied().collect())?;
        let mut classes = Classes::default();
        let (mut labelled, mut rejected) = (Vec::new(), walk.closed.clone());
        for (path, row) in &rows {
            let mut reject = |reason| rejected.push(Rejected { path: path.clone(), reason });
            match (files.get(path.as_str()), row.cell(self.label)) {
                (None, _) => reject(Reason::Missing),
                (Some(Found { objection: Some(reason), .. }), _) => reject(reason.clone()),
                (Some(_), None) => reject(Reason::NoLabel),
                (Some(_), Some(label)) => {
                    let class = classes.class_of(label);
                    labelled.push(Labelled { path: path.clone(), class, part: self.part(row)?, patient: None });
                }
            }
        }
        rejected.extend(without_row(walk, &rows));
        let found = format!("\"{}\" labels {} images", self.table.path.display(), labelled.len());
        let mut dataset = Images { labelled, classes, rejected }.dataset(root, least, found)?;
        dataset.notes.insert(0, format!("the labels are those of \"{}\"", self.table.path.display()));
        dataset.notes.extend(validation_note(self.table.rows.iter().filter_map(|row| row.cell(self.split))));
        dataset.labels = Some(self.table.path.clone());
        dataset.with_groups_of(&self.table)
    }

    /// The cells of a column, of every record of a data set.
    pub(crate) fn column(&self, dataset: &Dataset, name: &str) -> Result<Vec<Option<String>>, DatasetError> {
        let files = dataset.records.iter().map(|record| record.path.as_str()).collect();
        let (rows, column) = (self.table.by_file(&dataset.root, &files)?, self.table.column(name));
        let cell = |path: &String| rows.get(path)?.cell(column).map(str::to_owned);
        Ok(dataset.records.iter().map(|record| cell(&record.path)).collect())
    }

    /// The part that a row names. Where one names a part all must, else files would be in none.
    fn part(&self, row: &Row) -> Result<Option<Part>, DatasetError> {
        let Some(column) = self.split else { return Ok(None) };
        let name = row.cell(Some(column)).unwrap_or_default();
        let part = part_of(name).map(|(part, _)| Some(part));
        part.ok_or_else(|| DatasetError::Csv {
            path: self.table.path.clone(),
            reason: format!("line {}: the split is \"{name}\"; accepted are train, validation and test", row.line),
        })
    }
}

/// The files that no row names, but for CSVs.
fn without_row(walk: &Walk, rows: &BTreeMap<String, &Row>) -> Vec<Rejected> {
    let rest = walk.files.iter().filter(|file| !rows.contains_key(&file.path) && !is_csv(&file.path));
    let reason = |file: &Found| file.objection.clone().unwrap_or(Reason::NoRow);
    rest.map(|file| Rejected { path: file.path.clone(), reason: reason(file) }).collect()
}

/// Whether a path is of a CSV that lies in no further folder.
fn is_csv(path: &str) -> bool {
    let ending = Path::new(path).extension().unwrap_or_default().to_ascii_lowercase();
    folders_of(path).is_empty() && (ending == "csv" || ending == "tsv")
}
