//! Which reports are about which model. The reports themselves say it: by the SHA-256 of the weights file that was
//! measured or, where another training of the same network was, by the network.

use reports::{Calibration, Detection, Evaluation, Folds, Report, Transfer, WithRecipe};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::catalogue::Model;
use crate::report;

/// A report and where it lies, as an entry of `reports/index.json`.
#[derive(Deserialize, Clone, Debug, PartialEq)]
pub struct ReportEntry<T> {
    /// The address.
    pub address: String,
    /// What it says.
    pub content: T,
}

/// A report of any kind, and where it lies.
#[derive(Deserialize, Clone, Debug, PartialEq)]
#[serde(transparent)]
pub struct IndexEntry(#[serde(deserialize_with = "entry")] pub ReportEntry<Report>);

fn entry<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ReportEntry<Report>, D::Error> {
    let ReportEntry { address, content } = ReportEntry::<Value>::deserialize(deserializer)?;
    Ok(ReportEntry { address, content: Report::parse(content) })
}

/// The reports that can't be read, and why.
pub fn unreadable(reports: &[IndexEntry]) -> Vec<ReportEntry<String>> {
    let reason = |IndexEntry(entry): &IndexEntry| match &entry.content {
        Report::Unreadable(reason) => Some(ReportEntry { address: entry.address.clone(), content: reason.clone() }),
        _ => None,
    };
    reports.iter().filter_map(reason).collect()
}

/// All that is known of one model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelReports {
    /// Tests of the model's own weights file: those that don't flatter, those of which nobody knows, those that do.
    pub own: Vec<ReportEntry<Evaluation>>,
    /// Tests of other trainings of the same network, in the same order.
    pub others: Vec<ReportEntry<Evaluation>>,
    /// Its calibration.
    pub calibration: Option<ReportEntry<Calibration>>,
    /// Folds of the same network.
    pub folds: Vec<ReportEntry<Folds<WithRecipe>>>,
    /// Tests of the model's own weights file on scans whose labels say whether there is a tumour, and of the same network
    /// trained without a source on that source.
    pub detections: Vec<ReportEntry<Detection>>,
    /// Its answers on brains from elsewhere.
    pub transfer: Option<ReportEntry<Transfer>>,
}

impl ModelReports {
    /// What the reports say of a model.
    pub fn of(model: &Model, index: &[IndexEntry]) -> Self {
        let mut reports = Self::default();
        let is_own = |sha256: &str| sha256 == model.sha256;
        for IndexEntry(ReportEntry { address, content }) in index {
            let address = address.clone();
            match content.clone() {
                Report::Evaluation(content) if is_own(&content.header.weights_sha256) => {
                    reports.own.push(ReportEntry { address, content });
                }
                Report::Evaluation(content) if content.header.architecture == model.architecture => {
                    reports.others.push(ReportEntry { address, content });
                }
                Report::Calibration(content) if is_own(&content.weights_sha256) => {
                    reports.calibration = Some(ReportEntry { address, content });
                }
                Report::Folds(content) if content.header.architecture == model.architecture => {
                    reports.folds.push(ReportEntry { address, content });
                }
                Report::Detection(content)
                    if is_own(&content.header.weights_sha256)
                        || content.header.architecture == model.architecture
                            && report::leaves_sources_out(&content) =>
                {
                    reports.detections.push(ReportEntry { address, content });
                }
                Report::Transfer(content) if is_own(&content.weights_sha256) => {
                    reports.transfer = Some(ReportEntry { address, content });
                }
                _ => {}
            }
        }
        let flatters = |entry: &ReportEntry<Evaluation>| match report::leaky(&entry.content) {
            Some(false) => 0,
            None => 1,
            Some(true) => 2,
        };
        reports.own.sort_by_key(flatters);
        reports.others.sort_by_key(flatters);
        reports
    }

    /// The figure to believe: of this very file, where nothing leaks.
    pub fn honest(&self) -> Option<&ReportEntry<Evaluation>> {
        self.own.iter().find(|entry| report::leaky(&entry.content) == Some(false))
    }

    /// The figure that flatters most like those that others publish.
    pub fn leaky(&self) -> Option<&ReportEntry<Evaluation>> {
        self.own.iter().chain(&self.others).find(|entry| report::leaky(&entry.content) == Some(true))
    }
}

#[cfg(test)]
#[path = "written_tests.rs"]
mod written_tests;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::report::tests::report;

    fn model(id: &str, architecture: &str, sha256: &str) -> Model {
        let text = format!(
            r#"{{"id":"{id}","title":"X","architecture":"{architecture}","input_size":128,"file":"f","bytes":3,
            "sha256":"{sha256}","default":true}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    fn entry(address: &str, content: &Value) -> IndexEntry {
        serde_json::from_value(json!({ "address": address, "content": content })).unwrap()
    }

    #[test]
    fn a_report_belongs_to_the_file_it_measured_whatever_its_name() {
        let papers = [
            entry("a", &report("official", true, "xception", "cd")),
            entry("b", &report("grouped", false, "vgg16", "ef")),
            entry("c", &report("grouped", false, "xception", "ab")),
        ];
        let xception = ModelReports::of(&model("x", "xception", "ab"), &papers);
        assert_eq!(xception.honest().unwrap().address, "c");
        assert_eq!(xception.leaky().unwrap().address, "a");
        let vgg16 = ModelReports::of(&model("v", "vgg16", "ef"), &papers);
        assert_eq!(vgg16.honest().unwrap().address, "b");
        assert_eq!(vgg16.leaky(), None);
    }

    #[test]
    fn the_honest_figure_of_another_file_is_not_claimed() {
        let papers = [entry("a", &report("grouped", false, "xception", "of an older file"))];
        let reports = ModelReports::of(&model("x", "xception", "ab"), &papers);
        assert_eq!(reports.honest(), None);
        assert_eq!(reports.others.len(), 1);
    }

    #[test]
    fn a_report_of_folds_is_not_taken_for_one_of_a_single_network() {
        let written: Value =
            serde_json::from_str(include_str!("../../../tests/written/reports/train-folds.json")).unwrap();
        let architecture = written["architecture"].as_str().unwrap().to_owned();
        let reports = ModelReports::of(&model("x", &architecture, "ab"), &[entry("a", &written)]);
        assert_eq!((reports.folds.len(), reports.others.len()), (1, 0));
    }

    #[test]
    fn a_test_on_other_scans_is_shown_and_is_neither_the_honest_figure_nor_the_leaky_one() {
        let mut other = report("grouped", true, "xception", "ab");
        other["leakage"] = Value::Null;
        let papers = [
            entry("leaky", &report("random", true, "xception", "ab")),
            entry("other", &other),
            entry("honest", &report("grouped", false, "xception", "ab")),
        ];
        let reports = ModelReports::of(&model("x", "xception", "ab"), &papers);
        let order: Vec<&str> = reports.own.iter().map(|entry| entry.address.as_str()).collect();
        assert_eq!(order, ["honest", "other", "leaky"]);
        let alone = ModelReports::of(&model("x", "xception", "ab"), &papers[1..2]);
        assert_eq!((alone.own.len(), alone.honest(), alone.leaky()), (1, None, None));
    }

    #[test]
    fn a_report_that_cannot_be_read_is_listed_with_the_reason() {
        let mut broken = report("grouped", false, "xception", "ab");
        broken.as_object_mut().unwrap().remove("macro_f1_ci95");
        let papers = [
            entry("known", &report("grouped", false, "xception", "ab")),
            entry("broken", &broken),
            entry("new", &json!({ "kind": "throughput", "schema": 1, "weights_sha256": "ab" })),
            entry("none", &json!([])),
        ];
        let reasons: Vec<(String, String)> =
            unreadable(&papers).into_iter().map(|entry| (entry.address, entry.content)).collect();
        let addresses: Vec<&str> = reasons.iter().map(|(address, _)| address.as_str()).collect();
        assert_eq!(addresses, ["broken", "new", "none"]);
        assert!(reasons[0].1.contains("macro_f1_ci95"), "{}", reasons[0].1);
        assert!(reasons[1].1.contains("\"throughput\" is no kind"), "{}", reasons[1].1);
    }

    #[test]
    fn the_shipped_reports_say_what_they_are_and_whose() {
        let read = |name: &str| std::fs::read_to_string(format!("../../weights/{name}")).unwrap();
        let paper = |name: &str| entry(name, &serde_json::from_str(&read(&format!("reports/{name}"))).unwrap());
        let papers = ["xception-calibration.json", "xception-official.json", "xception-grouped.json"].map(paper);
        let catalogue: crate::catalogue::Catalogue = serde_json::from_str(&read("manifest.json")).unwrap();
        let reports = ModelReports::of(catalogue.choose(Some("xception")).unwrap(), &papers);
        assert_eq!(reports.honest().unwrap().address, "xception-grouped.json");
        assert_eq!(reports.leaky().unwrap().content.header.protocol, "official");
        assert!(reports.calibration.is_some());
    }
}
