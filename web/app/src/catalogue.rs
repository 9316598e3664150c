//! What the site offers beside the page: the models with their reports, and the sample slices.

use protocol::Class;
use serde::Deserialize;

/// `weights/manifest.json`, as far as the page reads it; the worker checks the file against all of it.
#[derive(Deserialize, Clone, Debug, PartialEq)]
pub struct Catalogue {
    /// The models.
    pub models: Vec<Model>,
}

/// One model of the catalogue.
#[derive(Deserialize, Clone, Debug, PartialEq)]
pub struct Model {
    /// Its id.
    pub id: String,
    /// Its name for people.
    pub title: String,
    /// The weights file, relative to the manifest.
    pub file: String,
    /// The weights file's size.
    pub bytes: u64,
    /// The weights file's checksum in hexadecimal.
    pub sha256: String,
    /// Its own evaluation report, relative to the manifest.
    pub report: String,
    /// Whether it is the one to use.
    pub default: bool,
}

impl Catalogue {
    /// The model to use: the one marked so.
    pub fn model(&self) -> Option<&Model> {
        self.models.iter().find(|model| model.default)
    }
}

/// `samples/samples.json`.
#[derive(Deserialize, Clone, Debug, Default, PartialEq)]
pub struct Samples {
    /// Who made them.
    pub credit: String,
    /// Their licence.
    pub licence: String,
    /// Why these and no others.
    pub note: String,
    /// The slices.
    pub slices: Vec<Sample>,
}

/// One sample slice.
#[derive(Deserialize, Clone, Debug, PartialEq)]
pub struct Sample {
    /// The file, relative to `samples.json`.
    pub file: String,
    /// The class the data set gives it.
    pub class: Class,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_marked_as_default_is_used() {
        let model = |id: &str, default: bool| {
            format!(
                r#"{{"id":"{id}","title":"X","architecture":"xception","input_size":299,"file":"x.safetensors",
                "bytes":3,"sha256":"ab","report":"reports/{id}.json","default":{default}}}"#
            )
        };
        let text = format!(r#"{{"schema":1,"models":[{},{}]}}"#, model("a", false), model("b", true));
        let catalogue: Catalogue = serde_json::from_str(&text).unwrap();
        assert_eq!(catalogue.model().unwrap().report, "reports/b.json");
    }

    #[test]
    fn the_shipped_samples_are_at_most_twelve_credited_and_there() {
        let folder = "../samples/";
        let text = std::fs::read_to_string(format!("{folder}samples.json")).unwrap();
        let samples: Samples = serde_json::from_str(&text).unwrap();
        assert!((1..=12).contains(&samples.slices.len()));
        assert!(samples.credit.contains("Cheng") && samples.licence.contains("CC BY 4.0"));
        for sample in &samples.slices {
            assert!(std::fs::metadata(format!("{folder}{}", sample.file)).is_ok(), "{}", sample.file);
        }
    }
}
