//! The weights file as a whole: a manifest and the tensors it describes.

use std::collections::BTreeMap;

use crate::container::{Container, write_container};
use crate::{Manifest, Tensor, WeightsError};

/// Key of the manifest's JSON in `__metadata__`.
const MANIFEST_KEY: &str = "manifest";

/// A model: what it is, and its tensors by name.
#[derive(Debug, Clone, PartialEq)]
pub struct WeightsFile {
    /// What the network is, what it must be fed, and where it comes from.
    pub manifest: Manifest,
    /// The tensors by layer name, for example `block1_conv1.kernel`.
    pub tensors: BTreeMap<String, Tensor>,
}

/// Reads a weights file with its manifest.
///
/// Any bytes at all are answered with a file or an error, at a memory cost of a few times their length.
///
/// # Errors
/// [`WeightsError::NoManifest`] for a safetensors file without one; any other [`WeightsError`] about sizes, the header,
/// a tensor or the manifest.
pub fn read(bytes: &[u8]) -> Result<WeightsFile, WeightsError> {
    let container = Container::open(bytes)?;
    let manifest = container.metadata(MANIFEST_KEY).ok_or(WeightsError::NoManifest)?;
    Ok(WeightsFile { manifest: Manifest::parse(manifest)?, tensors: container.tensors()? })
}

/// Writes a weights file. The same file gives the same bytes, on every machine.
///
/// # Errors
/// What [`Manifest::check`] or [`write_tensors`](crate::write_tensors) finds: nothing is written that [`read`] refuses.
pub fn write(file: &WeightsFile) -> Result<Vec<u8>, WeightsError> {
    file.manifest.check()?;
    let manifest = serde_json::to_string(&file.manifest).map_err(WeightsError::ManifestJson)?;
    write_container(&file.tensors, Some((MANIFEST_KEY, manifest)))
}
