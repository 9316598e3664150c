//! A run folder: where training leaves what it needs to go on, and what came out of it.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use burn::optim::ModuleOptimizer;
use networks::{NamedTensor, Network};
use serde::{Deserialize, Serialize};
use weights::Tensor;

/// How far a run is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Index of the stage that goes on.
    pub stage: usize,
    /// Epochs of it that are done.
    pub epoch_in_stage: usize,
    /// Epochs done in all.
    pub epoch: usize,
    /// The smallest validation loss, and the epoch that had it.
    pub best: Option<(f64, usize)>,
    /// Epochs of this stage since a better validation loss.
    pub epochs_without_gain: usize,
}

/// The folder of one training run.
///
/// `last/` is the state after the last whole epoch, `network.safetensors` the network that is kept,
/// `metrics.jsonl` one line an epoch, `recipe.toml` and `split.json` what it was trained with.
pub struct RunFolder {
    path: PathBuf,
}

impl RunFolder {
    /// Opens or makes the folder.
    ///
    /// # Errors
    /// It can't be made.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(path).with_context(|| format!("cannot make the run folder \"{}\"", path.display()))?;
        Ok(Self { path: path.to_owned() })
    }

    /// A file in the folder.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Writes a small file whole or not at all.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn write(&self, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
        write_whole(&self.file(name), bytes)
    }

    /// Adds a line to `metrics.jsonl`.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn log(&self, line: &impl Serialize) -> anyhow::Result<()> {
        let path = self.file("metrics.jsonl");
        let mut file = fs::OpenOptions::new().create(true).append(true).open(&path)?;
        writeln!(file, "{}", serde_json::to_string(line)?)
            .with_context(|| format!("cannot write to \"{}\"", path.display()))
    }

    /// Keeps only the first `epochs` lines of `metrics.jsonl`: what came after the checkpoint is done again.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn truncate_log(&self, epochs: usize) -> anyhow::Result<()> {
        let path = self.file("metrics.jsonl");
        if !path.exists() {
            return Ok(());
        }
        let kept: String = fs::read_to_string(&path)?.lines().take(epochs).flat_map(|line| [line, "\n"]).collect();
        write_whole(&path, kept.as_bytes())
    }

    /// Keeps the network as what the run has come to.
    ///
    /// # Errors
    /// The device or the disk refuses.
    pub fn keep(&self, network: &Network) -> anyhow::Result<()> {
        write_network(&self.file("network.safetensors"), network)
    }

    /// Replaces the state to resume from. `average` is the moving average of the network, where the recipe has one.
    ///
    /// # Errors
    /// The device or the disk refuses.
    pub fn save(
        &self,
        network: &Network,
        average: Option<&Network>,
        optimizer: &ModuleOptimizer,
        progress: &Progress,
    ) -> anyhow::Result<()> {
        let (next, last) = (self.file("last.new"), self.file("last"));
        if next.exists() {
            fs::remove_dir_all(&next)?;
        }
        fs::create_dir(&next)?;
        write_network(&next.join("network.safetensors"), network)?;
        if let Some(average) = average {
            write_network(&next.join("average.safetensors"), average)?;
        }
        optimizer
            .save(next.join("optimizer.bpk"))
            .map_err(|error| anyhow::anyhow!("cannot save the optimiser: {error:?}"))?;
        write_whole(&next.join("progress.json"), &serde_json::to_vec(progress)?)?;
        if last.exists() {
            fs::remove_dir_all(&last)?;
        }
        fs::rename(&next, &last).with_context(|| format!("cannot write \"{}\"", last.display()))
    }

    /// The state to resume from; `None` where no epoch was finished.
    ///
    /// # Errors
    /// The state can't be read, or does not fit the network.
    pub fn resume(
        &self,
        network: Network,
        optimizer: ModuleOptimizer,
    ) -> anyhow::Result<Option<(Network, ModuleOptimizer, Progress)>> {
        let Some(folder) = self.last_whole() else { return Ok(None) };
        let progress = serde_json::from_slice(&fs::read(folder.join("progress.json"))?)?;
        let network = network.load(&read_tensors(&folder.join("network.safetensors"))?)?;
        let optimizer = optimizer
            .load(folder.join("optimizer.bpk"))
            .map_err(|error| anyhow::anyhow!("cannot read the optimiser: {error:?}"))?;
        Ok(Some((network, optimizer, progress)))
    }

    /// The moving average of the state that [`RunFolder::resume`] gives, filled into `network`; as it is where there is
    /// no such state.
    ///
    /// # Errors
    /// The average can't be read, or does not fit the network.
    pub fn resume_average(&self, network: Network) -> anyhow::Result<Network> {
        let Some(folder) = self.last_whole() else { return Ok(network) };
        Ok(network.load(&read_tensors(&folder.join("average.safetensors"))?)?)
    }

    /// The newest state that was written to its end; a kill between two renames leaves it under the other name.
    fn last_whole(&self) -> Option<PathBuf> {
        [self.file("last"), self.file("last.new")].into_iter().find(|folder| folder.join("progress.json").exists())
    }
}

fn write_whole(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let part = path.with_extension("part");
    fs::write(&part, bytes)
        .and_then(|()| fs::rename(&part, path))
        .with_context(|| format!("cannot write \"{}\"", path.display()))
}

fn write_network(path: &Path, network: &Network) -> anyhow::Result<()> {
    let tensors: BTreeMap<String, Tensor> = network
        .named_tensors()?
        .into_iter()
        .map(|(name, tensor)| (name, Tensor::float(tensor.shape, tensor.values)))
        .collect();
    write_whole(path, &weights::write_tensors(&tensors)?)
}

/// The tensors of a checkpoint or of starting weights.
///
/// # Errors
/// The file can't be read or is no safetensors file.
pub fn read_tensors(path: &Path) -> anyhow::Result<BTreeMap<String, NamedTensor>> {
    let bytes = fs::read(path).with_context(|| format!("cannot read \"{}\"", path.display()))?;
    let tensors =
        weights::read_tensors(&bytes).with_context(|| format!("\"{}\" is no weights file", path.display()))?;
    Ok(classifier::network_tensors(tensors))
}
