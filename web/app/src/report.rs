//! An evaluation report, as `sulcus evaluate --json` writes it: the source of every figure on the page.

use protocol::Class;
use serde::Deserialize;

use crate::wording;

/// One evaluation of one weights file on one set of slices.
#[derive(Deserialize, Clone, Debug, PartialEq)]
pub struct Report {
    /// How training and test slices were separated: `grouped`, `official` or `random`.
    pub protocol: String,
    /// What the test shares with training; `None` for scans that are not those of training, of which nothing is known.
    #[serde(deserialize_with = "Option::deserialize")]
    pub leakage: Option<Leakage>,
    /// What was measured.
    #[serde(flatten)]
    pub figures: Figures,
    /// The weights file evaluated.
    pub weights_sha256: String,
    /// Which network it is; the catalogue names the same.
    pub architecture: String,
    /// Side of the network's input in pixels.
    pub input_size: u32,
    /// What repeats the evaluation.
    pub command: String,
}

/// What test and training share.
#[derive(Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leakage {
    /// Test slices with a copy in training.
    #[serde(rename = "test_with_twin_in_train")]
    pub twins: u64,
    /// Test slices whose patient is in training.
    #[serde(rename = "test_with_patient_in_train")]
    pub patients: u64,
    /// Test slices whose patient is not known; older reports do not say.
    #[serde(rename = "test_without_patient", default)]
    pub without_patient: u64,
    /// Test slices of which neither patient nor copies are known.
    #[serde(rename = "test_without_groups")]
    pub unknown: u64,
    /// Whether what is shared, or that nothing is known of it, flatters the figures.
    pub leaky: bool,
}

/// What was measured of one set of answers.
#[derive(Deserialize, Clone, Debug, PartialEq)]
pub struct Figures {
    /// Test slices.
    pub n: u64,
    /// Groups of slices that hang together by patients or copies.
    pub clusters: u64,
    /// Share of right answers, 0 to 1.
    pub accuracy: f64,
    /// The interval that holds the accuracy in 95 of 100 resamplings.
    pub accuracy_ci95: [f64; 2],
    /// F1 averaged over the classes, 0 to 1.
    pub macro_f1: f64,
    /// Its interval.
    pub macro_f1_ci95: [f64; 2],
    /// Truth against answers.
    #[serde(flatten)]
    pub confusion: Confusion,
}

/// Test slices by true class (row) and answer (column).
#[derive(Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(try_from = "Table")]
pub struct Confusion {
    classes: Vec<Class>,
    rows: Vec<Vec<u64>>,
}

/// As a report has it, before it is known to be square.
#[derive(Deserialize)]
struct Table {
    classes: Vec<Class>,
    confusion: Vec<Vec<u64>>,
}

impl TryFrom<Table> for Confusion {
    type Error = &'static str;

    fn try_from(Table { classes, confusion: rows }: Table) -> Result<Self, Self::Error> {
        let square = rows.len() == classes.len() && rows.iter().all(|row| row.len() == classes.len());
        square.then_some(Self { classes, rows }).ok_or("the confusion matrix has not a row and a column for each class")
    }
}

impl Report {
    /// Whether the figures flatter; `None` where nobody knows.
    pub fn leaky(&self) -> Option<bool> {
        self.leakage.map(|leakage| leakage.leaky)
    }

    /// What a reader has to know of the split before believing the figure. `own` says that this very weights file was
    /// measured, and not one of another training of the same network.
    pub fn explanation(&self, own: bool) -> &'static str {
        match (self.protocol.as_str(), self.leaky(), own) {
            (_, None, _) => {
                "These are not the scans that the network was trained on. The figure is one to believe where they come \
                 from elsewhere, and flatters where they hold patients or copies that were trained on."
            }
            (_, Some(false), true) => {
                "No patient that is known, and no copy that is listed, is in both the training and the test part. \
                 This figure is the nearest to what to expect on a new patient of the same kind of data."
            }
            (_, Some(false), false) => {
                "Another training of the same network, measured on patients and copies that it had not seen."
            }
            ("official", Some(true), _) => {
                "The data set's own Testing part, answered by a second model of the same network, trained on the data \
                 set's own Training part. This figure flatters; it is here because others publish it."
            }
            ("random", Some(true), _) => {
                "Slices drawn at random, so that patients and copies are on both sides. This figure flatters; it is \
                 here because others publish it."
            }
            (_, Some(true), _) => "Test slices have copies or patients in the training part, so this figure flatters.",
        }
    }

    /// The heading: what was tested, and whether it leaks.
    pub fn heading(&self) -> String {
        let test = match self.protocol.as_str() {
            "grouped" => "Patients held out",
            "official" => "Official Testing part",
            "random" => "Random split",
            _ => "Test",
        };
        match self.leaky() {
            None => "Other scans (leakage not known)".to_owned(),
            Some(false) => test.to_owned(),
            Some(true) => format!("{test} (leaky)"),
        }
    }

    /// What the test shares with training, in a sentence.
    pub fn shared(&self) -> String {
        let unknown = "Nothing is known of what the test slices share with training.";
        self.leakage.map_or_else(|| unknown.to_owned(), |leakage| leakage.sentence(self.figures.n))
    }
}

impl Leakage {
    /// In a sentence: how many of `n` test slices were no news to the model.
    pub fn sentence(self, n: u64) -> String {
        let of = |count: u64| match count {
            0 => "none".to_owned(),
            count => format!("{} of {}", wording::count(count), wording::count(n)),
        };
        let unknown = match (self.unknown, self.without_patient) {
            (0, 0) => String::new(),
            (0, count) => {
                format!(" Of {}, the patient is not known; copies alone hold them apart.", wording::count(count))
            }
            (count, _) => format!(" Of {}, neither patient nor copies are known.", wording::count(count)),
        };
        format!(
            "Test slices with a copy in training: {}; with a patient in training: {}.{unknown}",
            of(self.twins),
            of(self.patients),
        )
    }
}

impl Confusion {
    /// The classes, in the order of rows and columns.
    pub fn classes(&self) -> &[Class] {
        &self.classes
    }

    /// Answers by true class.
    pub fn rows(&self) -> &[Vec<u64>] {
        &self.rows
    }

    /// Of the slices of a true class, the share answered right; none where there are no slices.
    pub fn recall(&self, class: usize) -> Option<f64> {
        share(self.rows[class][class], self.rows[class].iter().sum())
    }

    /// Of the answers that name a class, the share that is right; none where it was never named.
    pub fn precision(&self, class: usize) -> Option<f64> {
        share(self.rows[class][class], self.rows.iter().map(|row| row[class]).sum())
    }
}

/// The part of a whole; none of nothing.
pub fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A report of these few fields, and plain values for the rest.
    pub fn report(protocol: &str, leaky: bool, architecture: &str, sha256: &str) -> String {
        format!(
            r#"{{"protocol":"{protocol}","leaky":{leaky},"n":10,"clusters":5,"accuracy":0.9,"accuracy_ci95":[0.8,0.95],
            "leakage":{{"test_with_twin_in_train":7,"test_with_patient_in_train":0,"test_without_groups":0,
            "conflicting_twins":0,"leaky":{leaky}}},"macro_f1":0.88,"macro_f1_ci95":[0.8,0.9],
            "classes":["glioma","meningioma","notumor","pituitary"],
            "confusion":[[3,1,0,0],[0,2,0,0],[0,0,0,0],[0,0,0,4]],
            "weights_sha256":"{sha256}","architecture":"{architecture}","input_size":128,
            "command":"sulcus evaluate","per_class":[]}}"#
        )
    }

    fn parsed(protocol: &str, leaky: bool) -> Report {
        serde_json::from_str(&report(protocol, leaky, "xception", "ab")).unwrap()
    }

    #[test]
    fn a_leaky_figure_is_called_flattering_and_says_how_much_was_shared() {
        assert!(!parsed("grouped", false).explanation(true).contains("flatters"));
        for protocol in ["official", "random", "grouped"] {
            assert!(parsed(protocol, true).explanation(true).contains("flatters"));
        }
        let sentence = parsed("official", true).leakage.unwrap().sentence(1311);
        assert_eq!(sentence, "Test slices with a copy in training: 7 of 1,311; with a patient in training: none.");
    }

    #[test]
    fn a_test_on_other_scans_claims_neither_that_it_leaks_nor_that_it_does_not() {
        let mut text: serde_json::Value = serde_json::from_str(&report("grouped", false, "xception", "ab")).unwrap();
        text["leakage"] = serde_json::Value::Null;
        let report: Report = serde_json::from_value(text.clone()).unwrap();
        assert_eq!(report.heading(), "Other scans (leakage not known)");
        assert_eq!(report.shared(), "Nothing is known of what the test slices share with training.");
        assert!(report.explanation(true).contains("not the scans that the network was trained on"));

        text.as_object_mut().unwrap().remove("leakage");
        let error = serde_json::from_value::<Report>(text).unwrap_err().to_string();
        assert!(error.contains("leakage"), "a report that says nothing of it is not one of other scans: {error}");
    }

    #[test]
    fn a_figure_says_of_how_many_slices_the_patient_is_not_known() {
        let leakage = Leakage { twins: 0, patients: 0, without_patient: 479, unknown: 0, leaky: false };
        assert!(leakage.sentence(1407).ends_with("Of 479, the patient is not known; copies alone hold them apart."));
    }

    #[test]
    fn recall_is_read_along_the_true_class_and_precision_along_the_answers() {
        let matrix = parsed("grouped", false).figures.confusion;
        assert_eq!([matrix.recall(0), matrix.recall(1), matrix.recall(2)], [Some(0.75), Some(1.0), None]);
        assert_eq!([matrix.precision(0), matrix.precision(1)], [Some(1.0), share(2, 3)]);
    }

    #[test]
    fn a_matrix_has_as_many_rows_and_columns_as_there_are_classes() {
        let of = |text: &str| serde_json::from_str::<Confusion>(text);
        assert!(of(r#"{"classes":["glioma","pituitary"],"confusion":[[1,2],[3,4]]}"#).is_ok());
        for wrong in
            [r#"{"classes":["glioma"],"confusion":[[1,2],[3,4]]}"#, r#"{"classes":["glioma"],"confusion":[[]]}"#]
        {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }
}
