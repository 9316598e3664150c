//! A part of a data set as a data set of its own.

use crate::groups::patient_of;
use crate::{Dataset, DatasetError};

impl Dataset {
    /// The records of some classes alone; labels follow the new, shorter list, which stays sorted.
    ///
    /// # Errors
    /// [`DatasetError::UnknownClass`] for a class without a folder, [`DatasetError::TooFewClasses`] for fewer than two.
    pub fn of_classes(mut self, names: &[String]) -> Result<Dataset, DatasetError> {
        if let Some(class) = names.iter().find(|name| !self.classes.contains(name)) {
            return Err(DatasetError::UnknownClass { class: class.clone(), found: self.classes });
        }
        let kept: Vec<String> = self.classes.iter().filter(|class| names.contains(class)).cloned().collect();
        if kept.len() < 2 {
            let found = format!("the data set has {}", self.classes.join(", "));
            return Err(DatasetError::TooFewClasses { root: self.root, classes: kept, found });
        }
        let labels: Vec<Option<usize>> =
            self.classes.iter().map(|class| kept.iter().position(|name| name == class)).collect();
        self.records.retain_mut(|record| labels[record.label].map(|label| record.label = label).is_some());
        self.classes = kept;
        Ok(self)
    }

    /// The records whose patient is known.
    ///
    /// # Errors
    /// [`DatasetError::NoKnownPatients`] where a class would have none.
    pub fn of_known_patients(mut self) -> Result<Dataset, DatasetError> {
        self.records.retain(|record| patient_of(record).is_some());
        let all: Vec<usize> = (0..self.records.len()).collect();
        match self.class_counts(&all).iter().position(|&count| count == 0) {
            Some(empty) => Err(DatasetError::NoKnownPatients { class: self.classes.swap_remove(empty) }),
            None => Ok(self),
        }
    }
}
