//! What `sulcus train` left, as far as an export needs it.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::ensure;
use dataset::Split;
use graph::Graph;
use model::Hinted;
use networks::NamedTensor;
use scans::{Scans, fingerprint_of};
use training::{Recipe, RunFolder, SplitFile, read_tensors};
use weights::Manifest;

/// A run folder that has come to a network.
pub struct TrainedRun {
    /// What it was trained with.
    pub recipe: Recipe,
    /// Class names, in the order of the network's outputs.
    pub classes: Vec<String>,
    /// The network that was kept, in its trainable form.
    pub tensors: BTreeMap<String, NamedTensor>,
    data_fingerprint: String,
    split: SplitFile,
}

impl TrainedRun {
    /// Reads a run folder.
    ///
    /// # Errors
    /// It is none, or its run has not come to a network yet.
    pub fn open(folder: &Path) -> anyhow::Result<Self> {
        ensure!(
            folder.join("recipe.toml").exists(),
            Hinted::new(
                format!("\"{}\" is no run folder: it has no recipe.toml.", folder.display()),
                "--run names the folder that `sulcus train --out` left"
            )
        );
        let network = folder.join("network.safetensors");
        ensure!(
            network.exists(),
            Hinted::new(
                format!("\"{}\" has no network yet: network.safetensors is missing.", folder.display()),
                "`sulcus train --resume` goes on; the first epoch leaves a network"
            )
        );
        let files = RunFolder::open(folder)?;
        Ok(Self {
            recipe: Recipe::open(&folder.join("recipe.toml"))?,
            tensors: read_tensors(&network)?,
            classes: files.read("classes.json")?,
            data_fingerprint: files.read("data.json")?,
            split: files.read("split.json")?,
        })
    }

    /// The network in its trainable form.
    ///
    /// # Errors
    /// The recipe names a class that the run has not.
    pub fn graph(&self) -> anyhow::Result<Graph> {
        self.recipe.graph(&self.classes)
    }

    /// The manifest of a file that is made from this run, with the licence of the weights and the credit owed for the data.
    ///
    /// # Errors
    /// Never for a recipe that was parsed.
    pub fn manifest(&self, licence: &str, credit: &str) -> anyhow::Result<Manifest> {
        Ok(Manifest {
            schema: weights::MANIFEST_SCHEMA,
            architecture: self.recipe.architecture.to_string(),
            graph: Some(self.graph()?.folded()),
            input: self.recipe.input.clone(),
            classes: self.classes.clone(),
            recipe: self.recipe.to_toml()?,
            data_fingerprint: self.data_fingerprint.clone(),
            held_out_fingerprint: Some(fingerprint_of(&self.split.test)),
            split: self.recipe.data.protocol,
            metrics: None,
            licence: licence.to_owned(),
            date: time::OffsetDateTime::now_utc().date().to_string(),
            credit: credit.to_owned(),
            temperature: None,
            rejection: None,
        })
    }

    /// The slices of each part, as indices into the scans.
    ///
    /// # Errors
    /// These are not the scans that the run was trained on.
    pub fn split(&self, scans: &Scans) -> anyhow::Result<Split> {
        let classes = &self.classes;
        ensure!(
            &scans.dataset().classes == classes,
            "the scans have the classes {}; the run has {}",
            scans.dataset().classes.join(", "),
            classes.join(", ")
        );
        let split = self.split.find_in(scans.dataset())?;
        scans.check_of_run(&self.data_fingerprint)?;
        Ok(split)
    }
}
