//! The catalogue of models that the page offers: `weights/manifest.json`.
//!
//! It pins every file by size and SHA-256, so that a file that was cut short, replaced or taken from another version is
//! refused before anything in it is believed.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{WeightsError, WeightsFile, read};

/// The schema version of the catalogue that this build reads and writes.
pub const CATALOGUE_SCHEMA: u32 = 1;

/// The models there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// [`CATALOGUE_SCHEMA`].
    pub schema: u32,
    /// The models in the order in which they are offered; exactly one is the default.
    pub models: Vec<CatalogueEntry>,
}

/// One model of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogueEntry {
    /// Short name, unique in the catalogue, for example `xception-grouped`.
    pub id: String,
    /// Name to show.
    pub title: String,
    /// Name of the network.
    pub architecture: String,
    /// Side of the square input in pixels.
    pub input_size: u32,
    /// Path of the weights file, relative to the catalogue, with `/`.
    pub file: String,
    /// Size of the weights file in bytes.
    pub bytes: u64,
    /// SHA-256 of the weights file, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// Path of the evaluation report, relative to the catalogue, with `/`.
    pub report: String,
    /// Whether this model is used where none is named.
    pub default: bool,
}

/// The one field read before all others, so that a newer catalogue is called newer and not broken.
#[derive(Deserialize)]
struct SchemaOnly {
    schema: u32,
}

impl Catalogue {
    /// Parses and checks the JSON of `weights/manifest.json`.
    ///
    /// # Errors
    /// [`WeightsError::CatalogueJson`], [`CatalogueSchema`](WeightsError::CatalogueSchema), or
    /// [`Field`](WeightsError::Field) for ids that repeat, paths that leave the folder, a SHA-256 that is none, or
    /// anything but one default.
    pub fn parse(json: &str) -> Result<Self, WeightsError> {
        let SchemaOnly { schema } = serde_json::from_str(json).map_err(WeightsError::CatalogueJson)?;
        if schema != CATALOGUE_SCHEMA {
            return Err(WeightsError::CatalogueSchema { found: schema });
        }
        let catalogue: Self = serde_json::from_str(json).map_err(WeightsError::CatalogueJson)?;
        catalogue.check()?;
        Ok(catalogue)
    }

    /// The catalogue as indented JSON with a final newline. The same catalogue gives the same text.
    ///
    /// # Errors
    /// What [`parse`](Self::parse) would refuse.
    pub fn to_json(&self) -> Result<String, WeightsError> {
        self.check()?;
        let mut json = serde_json::to_string_pretty(self).map_err(WeightsError::CatalogueJson)?;
        json.push('\n');
        Ok(json)
    }

    /// The model of that id.
    ///
    /// # Errors
    /// [`WeightsError::UnknownModel`] with the ids there are.
    pub fn model(&self, id: &str) -> Result<&CatalogueEntry, WeightsError> {
        self.models.iter().find(|model| model.id == id).ok_or_else(|| WeightsError::UnknownModel {
            id: id.to_owned(),
            known: self.models.iter().map(|model| model.id.clone()).collect(),
        })
    }

    /// The model used where none is named; `None` only for a catalogue that was built by hand and never checked.
    #[must_use]
    pub fn default_model(&self) -> Option<&CatalogueEntry> {
        self.models.iter().find(|model| model.default)
    }

    /// Reads the weights file of a model, once its size and SHA-256 are those of the catalogue.
    ///
    /// # Errors
    /// [`WeightsError::UnknownModel`], [`Size`](WeightsError::Size), [`Checksum`](WeightsError::Checksum), what
    /// [`read`] finds, or [`Contradiction`](WeightsError::Contradiction) where the file is of another architecture or
    /// input size than the catalogue says.
    pub fn verify(&self, id: &str, bytes: &[u8]) -> Result<WeightsFile, WeightsError> {
        self.verify_hashed(id, bytes, &sha256(bytes))
    }

    /// As [`verify`](Self::verify), where the SHA-256 of `bytes` has been computed: a browser does it ten times as fast as
    /// WebAssembly. 64 lower-case hexadecimal digits.
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub fn verify_hashed(&self, id: &str, bytes: &[u8], hash: &str) -> Result<WeightsFile, WeightsError> {
        let model = self.model(id)?;
        let found = bytes.len() as u64;
        if found != model.bytes {
            let (id, expected) = (id.to_owned(), model.bytes);
            return Err(WeightsError::Size { id, found, expected });
        }
        if hash != model.sha256 {
            let (id, found, expected) = (id.to_owned(), hash.to_owned(), model.sha256.clone());
            return Err(WeightsError::Checksum { id, found, expected });
        }
        let file = read(bytes)?;
        model.agrees_with(&file)?;
        Ok(file)
    }

    fn check(&self) -> Result<(), WeightsError> {
        if self.schema != CATALOGUE_SCHEMA {
            return Err(WeightsError::CatalogueSchema { found: self.schema });
        }
        for (index, model) in self.models.iter().enumerate() {
            model.check(index)?;
            let repeated = self.models[..index].iter().any(|earlier| earlier.id == model.id);
            require(!repeated, index, "id", &model.id, "an id that no other model has")?;
        }
        let defaults = self.models.iter().filter(|model| model.default).count();
        if defaults == 1 {
            return Ok(());
        }
        Err(WeightsError::Field {
            field: "models".to_owned(),
            found: format!("a list with {defaults} default models"),
            expected: "exactly one model with \"default\": true",
            hint: "mark one model in weights/manifest.json.",
        })
    }
}

impl CatalogueEntry {
    fn check(&self, index: usize) -> Result<(), WeightsError> {
        let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let is_sha256 = self.sha256.len() == 64 && self.sha256.bytes().all(is_hex);
        require(!self.id.trim().is_empty(), index, "id", "empty", "a name")?;
        require(is_sha256, index, "sha256", &self.sha256, "64 lower-case hexadecimal digits")?;
        let inside = "a path inside the catalogue's folder, with letters, digits, '.', '-', '_' and '/'";
        require(stays_inside(&self.file), index, "file", &self.file, inside)?;
        require(stays_inside(&self.report), index, "report", &self.report, inside)
    }

    fn agrees_with(&self, file: &WeightsFile) -> Result<(), WeightsError> {
        let contradiction = |what, found: String, expected: String| WeightsError::Contradiction {
            id: self.id.clone(),
            what,
            found,
            expected,
        };
        let (found, expected) = (&file.manifest.architecture, &self.architecture);
        if found != expected {
            return Err(contradiction("architecture", found.clone(), expected.clone()));
        }
        let (found, expected) = (file.manifest.input.size, self.input_size);
        if found != expected {
            return Err(contradiction("input size", found.to_string(), expected.to_string()));
        }
        Ok(())
    }
}

/// Bytes that are hashed in one call. A browser makes a function quick once it has been called often, and never while it
/// runs: hashing a weights file in one call takes a second there.
const HASHED_AT_ONCE: usize = 64 << 10;

/// SHA-256 of `bytes` as 64 lower-case hexadecimal digits.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    let mut hash = Sha256::new();
    bytes.chunks(HASHED_AT_ONCE).for_each(|chunk| hash.update(chunk));
    format!("{:x}", hash.finalize())
}

/// Whether a path names something below the folder it is relative to, in a browser as on a disk.
fn stays_inside(path: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    path.split('/').all(|part| !matches!(part, "" | "." | "..") && part.bytes().all(is_plain))
}

fn require(
    holds: bool,
    index: usize,
    field: &'static str,
    found: &str,
    expected: &'static str,
) -> Result<(), WeightsError> {
    if holds {
        return Ok(());
    }
    Err(WeightsError::Field {
        field: format!("models[{index}].{field}"),
        found: format!("{found:?}"),
        expected,
        hint: "correct weights/manifest.json, or restore it from the repository.",
    })
}
