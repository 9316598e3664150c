//! What `sulcus train` left, as far as an export needs it.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use anyhow::{Context, ensure};
use dataset::{Dataset, Protocol};
use networks::{Architecture, NamedTensor};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use weights::{Manifest, SplitProtocol};

use crate::checkpoint::read_tensors;
use crate::cli::ExportArguments;
use crate::data::fingerprint_of;
use crate::recipe::Recipe;

/// A run folder that has come to a network.
pub struct TrainedRun {
    /// What it was trained with.
    pub recipe: Recipe,
    /// Class names, in the order of the network's outputs.
    pub classes: Vec<String>,
    /// The network that was kept, in its trainable form.
    pub tensors: BTreeMap<String, NamedTensor>,
    data_fingerprint: String,
    split: SplitPaths,
}

impl TrainedRun {
    /// Reads a run folder.
    ///
    /// # Errors
    /// It is none, or its run has not come to a network yet.
    pub fn open(folder: &Path) -> anyhow::Result<Self> {
        ensure!(
            folder.join("recipe.toml").exists(),
            "\"{}\" is no run folder: it has no recipe.toml.\nhint: --run names the folder that `sulcus train --out` \
             left",
            folder.display()
        );
        let network = folder.join("network.safetensors");
        ensure!(
            network.exists(),
            "\"{}\" has no network yet: network.safetensors is missing.\nhint: `sulcus train --resume` goes on; the \
             first epoch leaves a network",
            folder.display()
        );
        Ok(Self {
            recipe: Recipe::open(&folder.join("recipe.toml"))?,
            classes: read_json(&folder.join("classes.json"))?,
            tensors: read_tensors(&network)?,
            data_fingerprint: read_json(&folder.join("data.json"))?,
            split: read_json(&folder.join("split.json"))?,
        })
    }

    /// The manifest of a file that is made from this run.
    ///
    /// # Errors
    /// Never for a recipe that was parsed.
    pub fn manifest(&self, arguments: &ExportArguments) -> anyhow::Result<Manifest> {
        Ok(Manifest {
            schema: weights::MANIFEST_SCHEMA,
            architecture: match self.recipe.architecture {
                Architecture::Xception => weights::Architecture::Xception,
                Architecture::Vgg16 => weights::Architecture::Vgg16,
            },
            input: serde_json::from_value(serde_json::to_value(&self.recipe.input)?)?,
            classes: self.classes.clone(),
            recipe: self.recipe.to_toml()?,
            data_fingerprint: self.data_fingerprint.clone(),
            held_out_fingerprint: Some(fingerprint_of(&self.split.test)),
            split: match self.recipe.data.protocol {
                Protocol::Official => SplitProtocol::Official,
                Protocol::Random => SplitProtocol::Random,
                Protocol::Grouped => SplitProtocol::Grouped,
            },
            metrics: None,
            licence: arguments.licence.clone(),
            date: time::OffsetDateTime::now_utc().date().to_string(),
            credit: arguments.credit.clone(),
            temperature: None,
            reserve: None,
        })
    }

    /// The slices it was trained on, and those that were held out, as indices into `dataset`.
    ///
    /// # Errors
    /// The data set has other classes, or lacks one of the slices.
    pub fn parts(&self, dataset: &Dataset) -> anyhow::Result<Parts> {
        let classes = &self.classes;
        ensure!(
            &dataset.classes == classes,
            "the scans have the classes {:?}; the run has {classes:?}",
            dataset.classes
        );
        let index_of: HashMap<&str, usize> =
            dataset.records.iter().enumerate().map(|(index, record)| (record.path.as_str(), index)).collect();
        let find = |path: &String| {
            index_of.get(path.as_str()).copied().with_context(|| {
                format!("\"{path}\" is not among the scans.\nhint: --data names the folder that the run was trained on")
            })
        };
        let all = |paths: &[String]| paths.iter().map(find).collect::<anyhow::Result<Vec<usize>>>();
        Ok(Parts { train: all(&self.split.train)?, test: all(&self.split.test)? })
    }
}

/// Indices into a data set.
pub struct Parts {
    /// What the network learned from.
    pub train: Vec<usize>,
    /// What was held out.
    pub test: Vec<usize>,
}

/// `split.json`, as far as it matters here: paths relative to the folder of scans.
#[derive(Deserialize)]
struct SplitPaths {
    train: Vec<String>,
    test: Vec<String>,
}

fn read_json<T: DeserializeOwned>(path: &Path) -> anyhow::Result<T> {
    let text = std::fs::read(path).with_context(|| format!("cannot read \"{}\"", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("\"{}\" is damaged", path.display()))
}
