//! Which reports are about which model. The reports themselves say it: by the SHA-256 of the weights file that was
//! measured or, where another training of the same network was, by the network.

use serde::Deserialize;
use serde::de::IgnoredAny;

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

/// A report of any kind that the page shows, told apart by what it holds.
#[derive(Deserialize, Clone, Debug, PartialEq)]
#[serde(untagged)]
pub enum Paper {
    /// Of several folds; it also has all that an evaluation has, so it comes before it.
    Folds(FoldsReport),
    /// Of one weights file on one test.
    Evaluation(Report),
    /// Of a weights file's probabilities and rules.
    Calibration(CalibrationReport),
    /// Of a weights file on brains from elsewhere.
    Transfer(Transfer),
    /// Of a kind that the page does not show.
    Other(IgnoredAny),
}

/// All that is known of one model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dossier {
    /// Tests of the model's own weights file, those that flatter last.
    pub own: Vec<Filed<Report>>,
    /// Tests of other trainings of the same network, those that flatter last.
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
        dossier.own.sort_by_key(|filed| filed.content.leaky);
        dossier.others.sort_by_key(|filed| filed.content.leaky);
        dossier
    }

    /// The figure to believe: of this very file, where nothing leaks.
    pub fn honest(&self) -> Option<&Filed<Report>> {
        self.own.iter().find(|filed| !filed.content.leaky)
    }

    /// The figure that flatters most like those that others publish.
    pub fn leaky(&self) -> Option<&Filed<Report>> {
        self.own.iter().chain(&self.others).find(|filed| filed.content.leaky)
    }
}

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
