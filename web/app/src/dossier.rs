//! Which reports are about which model. The reports themselves say it: by the SHA-256 of the weights file that was
//! measured or, where another training of the same network was, by the network.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::calibration::CalibrationReport;
use crate::catalogue::Model;
use crate::folds::FoldsReport;
use crate::report::Report;
use crate::transfer::Transfer;

/// A report and where it lies, as an entry of `reports/index.json`.
#[derive(Deserialize, Clone, Debug, PartialEq)]
pub struct Filed<T = Paper> {
    /// The address.
    pub address: String,
    /// What it says.
    pub content: T,
}

/// A report of any kind.
#[derive(Deserialize, Clone, Debug, PartialEq)]
#[serde(from = "Value")]
pub enum Paper {
    /// Of several folds.
    Folds(FoldsReport),
    /// Of one weights file on one test.
    Evaluation(Report),
    /// Of a weights file's probabilities and rules.
    Calibration(CalibrationReport),
    /// Of a weights file on brains from elsewhere.
    Transfer(Transfer),
    /// Of what int8 kernels cost, which the page does not show.
    Rounding,
    /// One that can't be read, and why.
    Unreadable(String),
}

impl From<Value> for Paper {
    /// Each kind has a field of its own; only a report of folds also has all that an evaluation has.
    fn from(content: Value) -> Self {
        let has = |field| content.get(field).is_some();
        let read = if has("folds") {
            parse(content, Self::Folds)
        } else if has("protocol") {
            parse(content, Self::Evaluation)
        } else if has("calibration_error") {
            parse(content, Self::Calibration)
        } else if has("with_tumour") {
            parse(content, Self::Transfer)
        } else if has("rounding") {
            Ok(Self::Rounding)
        } else {
            Err("it is of no kind that this page knows".to_owned())
        };
        read.unwrap_or_else(Self::Unreadable)
    }
}

fn parse<T: DeserializeOwned>(content: Value, kind: fn(T) -> Paper) -> Result<Paper, String> {
    serde_json::from_value(content).map(kind).map_err(|error| error.to_string())
}

/// The reports that can't be read, and why.
pub fn unreadable(papers: &[Filed]) -> Vec<Filed<String>> {
    let reason = |filed: &Filed| match &filed.content {
        Paper::Unreadable(reason) => Some(Filed { address: filed.address.clone(), content: reason.clone() }),
        _ => None,
    };
    papers.iter().filter_map(reason).collect()
}

/// All that is known of one model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dossier {
    /// Tests of the model's own weights file: those that don't flatter, those of which nobody knows, those that do.
    pub own: Vec<Filed<Report>>,
    /// Tests of other trainings of the same network, in the same order.
    pub others: Vec<Filed<Report>>,
    /// Its calibration.
    pub calibration: Option<Filed<CalibrationReport>>,
    /// Folds of the same network.
    pub folds: Vec<Filed<FoldsReport>>,
    /// Its answers on brains from elsewhere.
    pub transfer: Option<Filed<Transfer>>,
}

impl Dossier {
    /// What the reports say of a model.
    pub fn of(model: &Model, papers: &[Filed]) -> Self {
        let mut dossier = Self::default();
        let is_own = |sha256: &str| sha256 == model.sha256;
        for Filed { address, content } in papers {
            let address = address.clone();
            match content.clone() {
                Paper::Evaluation(content) if is_own(&content.weights_sha256) => {
                    dossier.own.push(Filed { address, content });
                }
                Paper::Evaluation(content) if content.architecture == model.architecture => {
                    dossier.others.push(Filed { address, content });
                }
                Paper::Calibration(content) if is_own(&content.weights_sha256) => {
                    dossier.calibration = Some(Filed { address, content });
                }
                Paper::Folds(content) if content.recipe.architecture == model.architecture => {
                    dossier.folds.push(Filed { address, content });
                }
                Paper::Transfer(content) if is_own(&content.weights_sha256) => {
                    dossier.transfer = Some(Filed { address, content });
                }
                _ => {}
            }
        }
        let flatters = |filed: &Filed<Report>| match filed.content.leaky() {
            Some(false) => 0,
            None => 1,
            Some(true) => 2,
        };
        dossier.own.sort_by_key(flatters);
        dossier.others.sort_by_key(flatters);
        dossier
    }

    /// The figure to believe: of this very file, where nothing leaks.
    pub fn honest(&self) -> Option<&Filed<Report>> {
        self.own.iter().find(|filed| filed.content.leaky() == Some(false))
    }

    /// The figure that flatters most like those that others publish.
    pub fn leaky(&self) -> Option<&Filed<Report>> {
        self.own.iter().chain(&self.others).find(|filed| filed.content.leaky() == Some(true))
    }
}

#[cfg(test)]
#[path = "written_tests.rs"]
mod written_tests;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::report;

    fn model(id: &str, architecture: &str, sha256: &str) -> Model {
        let text = format!(
            r#"{{"id":"{id}","title":"X","architecture":"{architecture}","input_size":128,"file":"f","bytes":3,
            "sha256":"{sha256}","default":true}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    fn filed(address: &str, text: &str) -> Filed {
        Filed { address: address.into(), content: serde_json::from_str(text).unwrap() }
    }

    #[test]
    fn a_report_belongs_to_the_file_it_measured_whatever_its_name() {
        let papers = [
            filed("a", &report("official", true, "xception", "cd")),
            filed("b", &report("grouped", false, "vgg16", "ef")),
            filed("c", &report("grouped", false, "xception", "ab")),
        ];
        let xception = Dossier::of(&model("x", "xception", "ab"), &papers);
        assert_eq!(xception.honest().unwrap().address, "c");
        assert_eq!(xception.leaky().unwrap().address, "a");
        let vgg16 = Dossier::of(&model("v", "vgg16", "ef"), &papers);
        assert_eq!(vgg16.honest().unwrap().address, "b");
        assert_eq!(vgg16.leaky(), None);
    }

    #[test]
    fn the_honest_figure_of_another_file_is_not_claimed() {
        let papers = [filed("a", &report("grouped", false, "xception", "of an older file"))];
        let dossier = Dossier::of(&model("x", "xception", "ab"), &papers);
        assert_eq!(dossier.honest(), None);
        assert_eq!(dossier.others.len(), 1);
    }

    #[test]
    fn a_report_of_folds_is_not_taken_for_one_of_a_single_network() {
        let one = report("grouped-5fold", false, "xception", "of all folds");
        let folds = r#"{"folds":[],"accuracy_over_folds":{"mean":0.9,"standard_deviation":0.01},
            "recipe":{"name":"folds","architecture":"xception"},"#;
        let papers = [filed("a", &one.replacen('{', folds, 1))];
        let dossier = Dossier::of(&model("x", "xception", "ab"), &papers);
        assert_eq!((dossier.folds.len(), dossier.others.len()), (1, 0));
    }

    #[test]
    fn a_test_on_other_scans_is_shown_and_is_neither_the_honest_figure_nor_the_leaky_one() {
        let mut other: Value = serde_json::from_str(&report("grouped", true, "xception", "ab")).unwrap();
        other["leakage"] = Value::Null;
        let papers = [
            filed("leaky", &report("random", true, "xception", "ab")),
            filed("other", &other.to_string()),
            filed("honest", &report("grouped", false, "xception", "ab")),
        ];
        let dossier = Dossier::of(&model("x", "xception", "ab"), &papers);
        let order: Vec<&str> = dossier.own.iter().map(|filed| filed.address.as_str()).collect();
        assert_eq!(order, ["honest", "other", "leaky"]);
        let alone = Dossier::of(&model("x", "xception", "ab"), &papers[1..2]);
        assert_eq!((alone.own.len(), alone.honest(), alone.leaky()), (1, None, None));
    }

    #[test]
    fn a_report_that_cannot_be_read_is_listed_with_the_reason() {
        let broken = report("grouped", false, "xception", "ab").replace("macro_f1_ci95", "macro_f1_interval");
        let papers = [
            filed("known", &report("grouped", false, "xception", "ab")),
            filed("broken", &broken),
            filed("new", r#"{"weights_sha256":"ab","throughput":3.0}"#),
            filed("none", "[]"),
        ];
        let reasons: Vec<(String, String)> =
            unreadable(&papers).into_iter().map(|filed| (filed.address, filed.content)).collect();
        let addresses: Vec<&str> = reasons.iter().map(|(address, _)| address.as_str()).collect();
        assert_eq!(addresses, ["broken", "new", "none"]);
        assert!(reasons[0].1.contains("macro_f1_ci95"), "{}", reasons[0].1);
        assert!(reasons[1].1.contains("of no kind"), "{}", reasons[1].1);
    }

    #[test]
    fn the_shipped_reports_say_what_they_are_and_whose() {
        let read = |name: &str| std::fs::read_to_string(format!("../../weights/{name}")).unwrap();
        let paper = |name: &str| filed(name, &read(&format!("reports/{name}")));
        let papers = ["xception-calibration.json", "xception-official.json", "xception-grouped.json"].map(paper);
        let catalogue: crate::catalogue::Catalogue = serde_json::from_str(&read("manifest.json")).unwrap();
        let dossier = Dossier::of(catalogue.choose(Some("xception")).unwrap(), &papers);
        assert_eq!(dossier.honest().unwrap().address, "xception-grouped.json");
        assert_eq!(dossier.leaky().unwrap().content.protocol, "official");
        assert!(dossier.calibration.is_some());
    }
}
