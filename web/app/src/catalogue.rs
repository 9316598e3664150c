//! What the site offers beside the page: the models with their reports, and the sample slices.

use serde::Deserialize;

/// `weights/manifest.json`, as far as the page reads it; the worker checks the file against all of it.
#[derive(Deserialize, Clone, Debug, Default, PartialEq)]
pub struct Catalogue {
    /// The models.
    pub models: Vec<Model>,
}

/// One model of the catalogue.
#[derive(Deserialize, Clone, Debug, PartialEq)]
pub struct Model {
    /// Its id, which the page's address may name.
    pub id: String,
    /// Its name for people.
    pub title: String,
    /// Which network it is; reports name the same.
    pub architecture: String,
    /// Side of its input in pixels.
    pub input_size: u32,
    /// The weights file, relative to the manifest.
    pub file: String,
    /// The weights file's size.
    pub bytes: u64,
    /// The weights file's checksum in hexadecimal.
    pub sha256: String,
    /// Whether it is the one to use where none is asked for.
    pub default: bool,
}

impl Catalogue {
    /// The model of this id, or the one marked as default where none is asked for.
    ///
    /// # Errors
    /// There is no such model; the text says which there are.
    pub fn choose(&self, wanted: Option<&str>) -> Result<&Model, String> {
        let Some(id) = wanted else {
            let default = self.models.iter().find(|model| model.default);
            return default.ok_or_else(|| "weights/manifest.json names no model to use".into());
        };
        self.models.iter().find(|model| model.id == id).ok_or_else(|| {
            let known: Vec<&str> = self.models.iter().map(|model| model.id.as_str()).collect();
            format!("the address asks for the model \"{id}\"; there are: {}", known.join(", "))
        })
    }
}

impl Model {
    /// The name with the first digits of the checksum, which tell one training from another.
    pub fn name(&self) -> String {
        format!("{} ({})", self.title, self.sha256.chars().take(8).collect::<String>())
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
    pub class: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalogue() -> Catalogue {
        let model = |id: &str, default: bool| {
            format!(
                r#"{{"id":"{id}","title":"X","architecture":"xception","input_size":299,"file":"x.safetensors",
                "bytes":3,"sha256":"0123456789ab","report":"reports/{id}.json","default":{default}}}"#
            )
        };
        let text = format!(r#"{{"schema":1,"models":[{},{}]}}"#, model("a", false), model("b", true));
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn the_model_marked_as_default_is_used_where_none_is_asked_for() {
        assert_eq!(catalogue().choose(None).unwrap().id, "b");
        assert_eq!(catalogue().choose(Some("a")).unwrap().name(), "X (01234567)");
    }

    #[test]
    fn a_model_that_there_is_not_is_answered_with_those_there_are() {
        let error = catalogue().choose(Some("resnet")).unwrap_err();
        assert!(error.contains("\"resnet\"") && error.contains("a, b"), "{error}");
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
