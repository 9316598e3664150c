//! From labelled images to a data set.

use std::path::Path;

use crate::names::Classes;
use crate::{Dataset, DatasetError, Part, PatientSource, Record, Rejected};

/// An image and what is said of it.
pub(crate) struct Labelled {
    pub(crate) path: String,
    pub(crate) class: String,
    pub(crate) part: Option<Part>,
    pub(crate) patient: Option<String>,
}

/// Images, their classes, and what was passed over.
pub(crate) struct Images {
    pub(crate) labelled: Vec<Labelled>,
    pub(crate) classes: Classes,
    pub(crate) rejected: Vec<Rejected>,
}

impl Images {
    /// The data set of these images below `root`, of `least` classes or more; `found` says in an error what is there instead.
    pub(crate) fn dataset(self, root: &Path, least: usize, found: String) -> Result<Dataset, DatasetError> {
        let Self { labelled, classes, mut rejected } = self;
        let names = classes.names();
        if names.len() < least {
            return Err(DatasetError::TooFewClasses { root: root.to_owned(), classes: names, found });
        }
        let record = |Labelled { path, class, part, patient }| Record {
            label: names.partition_point(|name| *name < class),
            path,
            part,
            patient_group: patient,
            dup_group: None,
        };
        let mut records: Vec<Record> = labelled.into_iter().map(record).collect();
        records.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        rejected.sort_by(|a, b| a.path.cmp(&b.path));
        rejected.dedup();
        let patients_from =
            records.iter().find(|record| record.patient_group.is_some()).map(|_| PatientSource::Folders);
        Ok(Dataset {
            root: root.to_owned(),
            classes: names,
            records,
            rejected,
            labels: None,
            patients_from: patients_from.into_iter().collect(),
            notes: classes.notes(),
        })
    }
}
