//! What can be wrong with a weights file, a manifest or the catalogue.
//!
//! Every message says what was found and what would be accepted; a hint says what to do next.

use crate::{CATALOGUE_SCHEMA, HEADER_LIMIT, MANIFEST_SCHEMA, SIZE_LIMIT};

/// Why a weights file or a catalogue was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// The file, read or about to be written, is larger than [`SIZE_LIMIT`].
    #[error("the weights file has {bytes} bytes; the limit is {SIZE_LIMIT}.")]
    TooLarge {
        /// Size of the file in bytes.
        bytes: usize,
    },

    /// The header declares, or would need, more than [`HEADER_LIMIT`] bytes.
    #[error("the header of the weights file declares {declared} bytes; the limit is {HEADER_LIMIT}.")]
    HeaderTooLarge {
        /// Declared size of the header in bytes.
        declared: u64,
    },

    /// The file ends before what it declares.
    #[error("the weights file is cut short: it has {found} bytes and declares {expected}.")]
    Truncated {
        /// Size of the file in bytes.
        found: usize,
        /// Size it declares in bytes, as far as it could be read.
        expected: u64,
    },

    /// Bytes follow the last tensor.
    #[error("the weights file has {found} bytes and declares only {expected}.")]
    TrailingBytes {
        /// Size of the file in bytes.
        found: usize,
        /// Size it declares in bytes.
        expected: u64,
    },

    /// The header is not a safetensors header: not JSON, or its shapes and offsets contradict each other.
    #[error("the header of the weights file cannot be read: {reason}.")]
    Header {
        /// What the parser found.
        reason: String,
    },

    /// A tensor is of a type that no model here uses.
    #[error("tensor \"{name}\" has the type {found}; accepted are I8 with scales, F32 and F16.")]
    UnsupportedType {
        /// Name of the tensor.
        name: String,
        /// Its type in the words of safetensors.
        found: String,
    },

    /// The shape has a zero, overflows, or does not give the number of values.
    #[error(
        "tensor \"{name}\" has the shape {shape:?} and {values} values; \
         every dimension must be at least 1 and their product the number of values."
    )]
    Shape {
        /// Name of the tensor.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
        /// How many values it holds.
        values: usize,
    },

    /// An int8 tensor has no tensor of scales, or one of another type.
    #[error("int8 tensor \"{name}\" has no F32 tensor \"{name}.scale\" with one scale an output channel.")]
    MissingScales {
        /// Name of the int8 tensor.
        name: String,
    },

    /// The scales of an int8 tensor are not one an output channel.
    #[error(
        "int8 tensor \"{name}\" has the shape {shape:?} and scales of shape {scales:?}; \
         expected one scale for each index of the first dimension."
    )]
    ScaleCount {
        /// Name of the int8 tensor.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
        /// Shape of its scales.
        scales: Vec<usize>,
    },

    /// A scale is negative, not a number, or too large.
    #[error(
        "int8 tensor \"{name}\" has the scale {value} in output channel {channel}; \
         a scale is not negative, and finite when multiplied by an int8 value."
    )]
    Scale {
        /// Name of the int8 tensor.
        name: String,
        /// Output channel, from 0.
        channel: usize,
        /// The scale found.
        value: f32,
    },

    /// A float is infinite or not a number.
    #[error("tensor \"{name}\" holds {value} at position {index}; every value must be finite.")]
    NotFinite {
        /// Name of the tensor, empty where it has none yet.
        name: String,
        /// Position of the value, row-major, from 0.
        index: usize,
        /// The value found.
        value: f32,
    },

    /// A name that the file format keeps for itself, or that an int8 tensor's scales take.
    #[error("a tensor cannot be called \"{name}\": the name is taken by the file format.")]
    ReservedName {
        /// The name.
        name: String,
    },

    /// The file has tensors and no manifest.
    #[error("the weights file has no manifest: \"__metadata__\" has no entry \"manifest\".")]
    NoManifest,

    /// The manifest is not the JSON it should be.
    #[error("the manifest of the weights file cannot be read: {0}.")]
    ManifestJson(serde_json::Error),

    /// The manifest is of a schema that this version does not know.
    #[error("the manifest of the weights file has schema version {found}; this version reads {MANIFEST_SCHEMA}.")]
    ManifestSchema {
        /// Schema version found.
        found: u32,
    },

    /// A field of the manifest or of the catalogue has a value that makes no sense.
    #[error("\"{field}\" is {found}; expected {expected}.")]
    Field {
        /// Path of the field.
        field: String,
        /// The value found.
        found: String,
        /// What would be accepted.
        expected: &'static str,
        /// What to do next.
        hint: &'static str,
    },

    /// The catalogue is not the JSON it should be.
    #[error("the catalogue of models cannot be read: {0}.")]
    CatalogueJson(serde_json::Error),

    /// The catalogue is of a schema that this version does not know.
    #[error("the catalogue of models has schema version {found}; this version reads {CATALOGUE_SCHEMA}.")]
    CatalogueSchema {
        /// Schema version found.
        found: u32,
    },

    /// The catalogue has no model of that id.
    #[error("no model is called \"{id}\"; the catalogue has {}.", known.join(", "))]
    UnknownModel {
        /// The id asked for.
        id: String,
        /// The ids there are.
        known: Vec<String>,
    },

    /// A model's file has not the size that the catalogue gives.
    #[error("the file of model \"{id}\" has {found} bytes; the catalogue says {expected}.")]
    Size {
        /// Id of the model.
        id: String,
        /// Size of the file in bytes.
        found: u64,
        /// Size the catalogue gives.
        expected: u64,
    },

    /// A model's file has not the SHA-256 that the catalogue gives.
    #[error("the file of model \"{id}\" has the SHA-256 {found}; the catalogue says {expected}.")]
    Checksum {
        /// Id of the model.
        id: String,
        /// SHA-256 of the file, lower-case hexadecimal.
        found: String,
        /// SHA-256 the catalogue gives.
        expected: String,
    },

    /// A model's file says something else of itself than the catalogue does.
    #[error("the {what} of model \"{id}\" is {found} in its file; the catalogue says {expected}.")]
    Contradiction {
        /// Id of the model.
        id: String,
        /// Which property.
        what: &'static str,
        /// What the file says.
        found: String,
        /// What the catalogue says.
        expected: String,
    },
}

impl WeightsError {
    /// What to do next.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::TooLarge { .. } => "quantise the kernels, or split the model.",
            Self::HeaderTooLarge { .. } => "this is probably not a safetensors file.",
            Self::Truncated { .. } => "download or copy it again.",
            Self::TrailingBytes { .. } => "something was appended to it; download or copy it again.",
            Self::Header { .. } => "expected a safetensors file, as `sulcus export` writes it.",
            Self::UnsupportedType { .. } => "convert the tensor to F32.",
            Self::Shape { .. } | Self::ScaleCount { .. } | Self::Scale { .. } | Self::ManifestJson(_) => {
                "export the model again."
            }
            Self::MissingScales { .. } => "export the model again; int8 values mean nothing without their scales.",
            Self::NotFinite { .. } => "the training run probably diverged; take an earlier checkpoint.",
            Self::ReservedName { .. } => "rename it; \"NAME.scale\" belongs to the int8 tensor \"NAME\".",
            Self::NoManifest => {
                "make the file with `sulcus export`; starting weights and checkpoints are read with `read_tensors`."
            }
            Self::ManifestSchema { found } => newer_or_older(*found, MANIFEST_SCHEMA),
            Self::CatalogueSchema { found } => newer_or_older(*found, CATALOGUE_SCHEMA),
            Self::Field { hint, .. } => hint,
            Self::CatalogueJson(_) => "restore weights/manifest.json from the repository.",
            Self::UnknownModel { .. } => "choose one of these.",
            Self::Size { .. } => {
                "it was cut short or replaced; download it again, or run `sulcus export` to renew the catalogue."
            }
            Self::Checksum { .. } => {
                "it was damaged or replaced; download it again, or run `sulcus export` to renew the catalogue."
            }
            Self::Contradiction { .. } => "renew the catalogue from the files.",
        })
    }
}

/// The next step when a schema version is not the one this build reads.
const fn newer_or_older(found: u32, supported: u32) -> &'static str {
    if found > supported {
        "it was written by a newer version; update this one."
    } else {
        "it was written by an older version; export the model again."
    }
}
