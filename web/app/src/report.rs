//! An evaluation report, as `sulcus evaluate --json` writes it: the source of every figure on the page.

use serde::Deserialize;

/// One evaluation of one weights file on one set of slices.
#[derive(Deserialize, Clone, Debug, PartialEq)]
pub struct Report {
    /// How training and test slices were separated: `grouped`, `official` or `random`.
    pub protocol: String,
    /// Whether patients or copies of test slices were also trained on, which flatters the figures.
    pub leaky: bool,
    /// Test slices.
    pub n: u64,
    /// Share of right answers, 0 to 1.
    pub accuracy: f64,
    /// The interval that holds the accuracy in 95 of 100 resamplings.
    pub accuracy_ci95: [f64; 2],
    /// F1 averaged over the classes, 0 to 1.
    pub macro_f1: f64,
    /// Test slices by true class (row) and answer (column), in the order of [`protocol::Class::ALL`].
    pub confusion: [[u64; 4]; 4],
    /// The weights file evaluated.
    pub weights_sha256: String,
    /// What repeats the evaluation.
    pub command: String,
}

impl Report {
    /// What a reader has to know of the split before believing the figure.
    pub fn explanation(&self) -> &'static str {
        match (self.protocol.as_str(), self.leaky) {
            ("grouped", false) => {
                "No patient that is known, and no copy that is listed, is in both the training and the test part. \
                 This figure is the nearest to what to expect on a new patient of the same kind of data."
            }
            ("official", _) => {
                "The data set's own Testing part, answered by a second model, trained on the data set's own Training \
                 part. Three in four of these slices have a twin there, so this figure flatters; it is here because \
                 others publish it."
            }
            (_, true) => "Test slices have twins or patients in the training part, so this figure flatters.",
            (_, false) => "No patient, and no copy of a slice, is in both the training and the test part.",
        }
    }

    /// The heading: what was tested.
    pub fn heading(&self) -> &'static str {
        match self.protocol.as_str() {
            "grouped" => "Patients held out",
            "official" => "Official Testing part",
            "random" => "Random split",
            _ => "Test",
        }
    }

    /// Of the slices of a true class, the share answered right; none where there are no slices.
    pub fn recall(&self, class: usize) -> Option<f64> {
        let total: u64 = self.confusion[class].iter().sum();
        (total > 0).then(|| self.confusion[class][class] as f64 / total as f64)
    }
}

/// Reports with the honest ones first.
pub fn in_order(mut reports: Vec<(String, Report)>) -> Vec<(String, Report)> {
    reports.sort_by_key(|(_, report)| report.leaky);
    reports
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(protocol: &str, leaky: bool) -> Report {
        let text = format!(
            r#"{{"protocol":"{protocol}","leaky":{leaky},"n":10,"accuracy":0.9,"accuracy_ci95":[0.8,0.95],
            "macro_f1":0.88,"confusion":[[3,1,0,0],[0,2,0,0],[0,0,0,0],[0,0,0,4]],"weights_sha256":"ab",
            "command":"sulcus evaluate","per_class":[]}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn a_leaky_figure_is_called_flattering_and_comes_last() {
        let reports = vec![("a".into(), report("official", true)), ("b".into(), report("grouped", false))];
        let reports = in_order(reports);
        assert_eq!(reports[0].1.protocol, "grouped");
        assert!(!reports[0].1.explanation().contains("flatters"));
        assert!(reports[1].1.explanation().contains("flatters"));
        assert!(report("random", true).explanation().contains("flatters"));
    }

    #[test]
    fn recall_is_read_along_the_true_class() {
        let report = report("grouped", false);
        assert_eq!(report.recall(0), Some(0.75));
        assert_eq!(report.recall(1), Some(1.0));
        assert_eq!(report.recall(2), None);
    }
}
