//! A test in words: what a reader has to know of it before believing its figure.

use reports::{Detection, Evaluation, Leakage};

use crate::wording;

/// Whether the figures flatter; `None` where nobody knows.
pub fn leaky(report: &Evaluation) -> Option<bool> {
    report.header.leakage.map(|leakage| leakage.leaky)
}

/// Whether each group of slices is of a source that its network has seen nothing of.
pub fn leaves_sources_out(report: &Detection) -> bool {
    report.header.protocol == "leave-source-out"
}

/// What a reader has to know of the split before believing the figure. `own` says that this very weights file was
/// measured, and not one of another training of the same network.
pub fn explanation(report: &Evaluation, own: bool) -> &'static str {
    match (report.header.protocol.as_str(), leaky(report), own) {
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
pub fn heading(report: &Evaluation) -> String {
    let test = match report.header.protocol.as_str() {
        "grouped" => "Patients held out",
        "official" => "Official Testing part",
        "random" => "Random split",
        _ => "Test",
    };
    match leaky(report) {
        None => "Other scans (leakage not known)".to_owned(),
        Some(false) => test.to_owned(),
        Some(true) => format!("{test} (leaky)"),
    }
}

/// What the test shares with training, in a sentence.
pub fn shared(report: &Evaluation) -> String {
    let unknown = "Nothing is known of what the test slices share with training.";
    report.header.leakage.map_or_else(|| unknown.to_owned(), |leakage| sentence(leakage, report.report.n))
}

/// In a sentence: how many of `n` test slices were no news to the model.
fn sentence(leakage: Leakage, n: usize) -> String {
    let of = |count: usize| match count {
        0 => "none".to_owned(),
        count => format!("{} of {}", wording::count(count), wording::count(n)),
    };
    let unknown = match (leakage.test_without_groups, leakage.test_without_patient) {
        (0, 0) => String::new(),
        (0, count) => format!(" Of {}, the patient is not known; copies alone hold them apart.", wording::count(count)),
        (count, _) => format!(" Of {}, neither patient nor copies are known.", wording::count(count)),
    };
    format!(
        "Test slices with a copy in training: {}; with a patient in training: {}.{unknown}",
        of(leakage.test_with_twin_in_train),
        of(leakage.test_with_patient_in_train),
    )
}

/// Test slices by true class (row) and answer (column).
#[derive(Clone, Copy)]
pub struct Confusion<'a> {
    /// The classes, in the order of rows and columns.
    pub classes: &'a [String],
    /// Answers by true class; as many rows and columns as there are classes.
    pub rows: &'a [Vec<u64>],
}

impl Confusion<'_> {
    /// Of the slices of a true class, the share answered right; none where there are no slices.
    pub fn recall(self, class: usize) -> Option<f64> {
        share(self.rows[class][class], self.rows[class].iter().sum())
    }

    /// Of the answers that name a class, the share that is right; none where it was never named.
    pub fn precision(self, class: usize) -> Option<f64> {
        share(self.rows[class][class], self.rows.iter().map(|row| row[class]).sum())
    }
}

/// The part of a whole; none of nothing.
pub fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
pub mod tests {
    use reports::Report;
    use serde_json::{Value, json};

    use super::*;

    /// The written report of a test, with these fields.
    pub fn report(protocol: &str, leaky: bool, architecture: &str, sha256: &str) -> Value {
        let written = include_str!("../../../tests/written/reports/evaluate.json");
        let mut report: Value = serde_json::from_str(written).unwrap();
        report["protocol"] = json!(protocol);
        report["leaky"] = json!(leaky);
        report["leakage"]["leaky"] = json!(leaky);
        report["leakage"]["test_with_twin_in_train"] = json!(7);
        report["leakage"]["test_with_patient_in_train"] = json!(0);
        report["leakage"]["test_without_groups"] = json!(0);
        report["leakage"]["test_without_patient"] = json!(0);
        report["architecture"] = json!(architecture);
        report["weights_sha256"] = json!(sha256);
        report
    }

    fn parsed(report: Value) -> Evaluation {
        let Report::Evaluation(evaluation) = Report::parse(report) else { panic!("it is no evaluation") };
        evaluation
    }

    #[test]
    fn a_leaky_figure_is_called_flattering_and_says_how_much_was_shared() {
        let of = |protocol, leaky| parsed(report(protocol, leaky, "xception", "ab"));
        assert!(!explanation(&of("grouped", false), true).contains("flatters"));
        for protocol in ["official", "random", "grouped"] {
            assert!(explanation(&of(protocol, true), true).contains("flatters"));
        }
        let sentence = sentence(of("official", true).header.leakage.unwrap(), 1311);
        assert_eq!(sentence, "Test slices with a copy in training: 7 of 1,311; with a patient in training: none.");
    }

    #[test]
    fn a_test_on_other_scans_claims_neither_that_it_leaks_nor_that_it_does_not() {
        let mut text = report("grouped", false, "xception", "ab");
        text["leakage"] = Value::Null;
        let other = parsed(text.clone());
        assert_eq!(heading(&other), "Other scans (leakage not known)");
        assert_eq!(shared(&other), "Nothing is known of what the test slices share with training.");
        assert!(explanation(&other, true).contains("not the scans that the network was trained on"));

        text.as_object_mut().unwrap().remove("leakage");
        let Report::Unreadable(reason) = Report::parse(text) else { panic!("it was read") };
        assert!(reason.contains("leakage"), "a report that says nothing of it is not one of other scans: {reason}");
    }

    #[test]
    fn a_figure_says_of_how_many_slices_the_patient_is_not_known() {
        let leakage = Leakage {
            test_with_twin_in_train: 0,
            test_with_patient_in_train: 0,
            test_without_patient: 479,
            test_without_groups: 0,
            conflicting_twins: 0,
            leaky: false,
        };
        let sentence = sentence(leakage, 1407);
        assert!(sentence.ends_with("Of 479, the patient is not known; copies alone hold them apart."));
    }

    #[test]
    fn recall_is_read_along_the_true_class_and_precision_along_the_answers() {
        let classes = ["a", "b", "c"].map(str::to_owned);
        let rows = [vec![3, 1, 0], vec![0, 2, 0], vec![0, 0, 0]];
        let matrix = Confusion { classes: &classes, rows: &rows };
        assert_eq!([matrix.recall(0), matrix.recall(1), matrix.recall(2)], [Some(0.75), Some(1.0), None]);
        assert_eq!([matrix.precision(0), matrix.precision(1)], [Some(1.0), share(2, 3)]);
    }

    #[test]
    fn a_matrix_has_as_many_rows_and_columns_as_there_are_classes() {
        for wrong in [json!([[1, 2], [3, 4]]), json!([[]])] {
            let mut text = report("grouped", false, "xception", "ab");
            text["confusion"] = wrong;
            assert!(matches!(Report::parse(text), Report::Unreadable(_)));
        }
    }
}
