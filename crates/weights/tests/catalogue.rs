//! The catalogue refuses every file but the one it lists.

#![expect(clippy::unwrap_used, reason = "where a fixture cannot be built, the test has failed")]

mod model;

use weights::{CATALOGUE_SCHEMA, Catalogue, CatalogueEntry, WeightsError, sha256, write};

/// A catalogue of one model, and that model's file.
fn catalogue() -> (Catalogue, Vec<u8>) {
    let bytes = write(&model::model()).unwrap();
    let entry = CatalogueEntry {
        id: "xception-grouped".to_owned(),
        title: "Xception".to_owned(),
        architecture: "xception".to_owned(),
        input_size: 299,
        file: "xception-grouped.safetensors".to_owned(),
        bytes: bytes.len() as u64,
        sha256: sha256(&bytes),
        report: "reports/xception-grouped.json".to_owned(),
        default: true,
    };
    let catalogue = Catalogue { schema: CATALOGUE_SCHEMA, models: vec![entry] };
    (catalogue, bytes)
}

#[test]
fn sha256_is_that_of_fips_180_4() {
    let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(sha256(b"abc"), expected);
}

#[test]
fn the_listed_file_is_read() {
    let (catalogue, bytes) = catalogue();
    assert_eq!(catalogue.verify("xception-grouped", &bytes).unwrap(), model::model());
}

#[test]
fn a_catalogue_comes_back_as_it_was_written() {
    let (catalogue, _) = catalogue();
    let json = catalogue.to_json().unwrap();
    assert_eq!(Catalogue::parse(&json).unwrap(), catalogue);
    assert_eq!(catalogue.default_model().unwrap().id, "xception-grouped");
}

#[test]
fn a_file_of_another_size_is_refused() {
    let (catalogue, bytes) = catalogue();
    let error = catalogue.verify("xception-grouped", &bytes[1..]).unwrap_err();
    let message = error.to_string();
    assert!(matches!(error, WeightsError::Size { .. }), "{message}");
    let (found, expected) = ((bytes.len() - 1).to_string(), bytes.len().to_string());
    assert!(message.contains(&found) && message.contains(&expected) && error.hint().is_some(), "{message}");
}

#[test]
fn a_file_with_one_bit_changed_is_refused() {
    let (catalogue, mut bytes) = catalogue();
    *bytes.last_mut().unwrap() ^= 1;
    let error = catalogue.verify("xception-grouped", &bytes).unwrap_err();
    let message = error.to_string();
    assert!(matches!(error, WeightsError::Checksum { .. }), "{message}");
    assert!(message.contains(&sha256(&bytes)) && message.contains(&catalogue.models[0].sha256), "{message}");
}

#[test]
fn an_unknown_model_is_answered_with_the_known_ones() {
    let (catalogue, bytes) = catalogue();
    let message = catalogue.verify("vgg", &bytes).unwrap_err().to_string();
    assert!(message.contains("\"vgg\"") && message.contains("xception-grouped"), "{message}");
}

#[test]
fn a_file_that_is_another_model_than_listed_is_refused() {
    let (mut other, bytes) = catalogue();
    other.models[0].architecture = "vgg16".to_owned();
    let message = other.verify("xception-grouped", &bytes).unwrap_err().to_string();
    assert!(message.contains("is xception in its file; the catalogue says vgg16"), "{message}");
    let (mut other, bytes) = catalogue();
    other.models[0].input_size = 224;
    let message = other.verify("xception-grouped", &bytes).unwrap_err().to_string();
    assert!(message.contains("input size"), "{message}");
}

#[test]
fn a_catalogue_that_makes_no_sense_is_refused() {
    fn message(change: impl FnOnce(&mut Catalogue)) -> String {
        let (mut catalogue, _) = catalogue();
        change(&mut catalogue);
        Catalogue::parse(&serde_json::to_string(&catalogue).unwrap()).unwrap_err().to_string()
    }
    assert!(message(|c| c.schema = 2).contains("schema version 2"));
    assert!(message(|c| c.models[0].default = false).contains("0 default models"));
    assert!(message(|c| c.models.push(c.models[0].clone())).contains("models[1].id"));
    assert!(message(|c| c.models[0].id = String::new()).contains("models[0].id"));
    assert!(message(|c| c.models[0].sha256 = "F0".repeat(32)).contains("models[0].sha256"));
    assert!(message(|c| c.models[0].sha256.push('0')).contains("models[0].sha256"));
    for path in ["", "../x", "/x", "a//b", "a/./b", "a\\b", "https://x", "a/", "..", "x?y", "%2e%2e/x"] {
        assert!(message(|c| path.clone_into(&mut c.models[0].file)).contains("models[0].file"), "{path}");
        assert!(message(|c| path.clone_into(&mut c.models[0].report)).contains("models[0].report"), "{path}");
    }
    assert!(matches!(Catalogue::parse("[]"), Err(WeightsError::CatalogueJson(_))));
}
