//! A run folder: where training leaves what it needs to go on, and what came out of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use burn::optim::ModuleOptimizer;
use model::Hinted;
use networks::{NamedTensor, Network};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use storage::{remove_folder, write_failed, write_whole};
use weights::Tensor;

use crate::epoch_log::EpochLog;
use crate::tensorboard;

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
/// `metrics.jsonl` one line an epoch and `tensorboard/` the same for TensorBoard, `recipe.toml`, `split.json` and others
/// what it was trained with. Its report says what came out of it.
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

    /// A JSON file that `sulcus train` left.
    ///
    /// # Errors
    /// It is not there, or damaged.
    pub fn read<T: DeserializeOwned>(&self, name: &str) -> anyhow::Result<T> {
        let path = self.file(name);
        let text = fs::read(&path).with_context(|| {
            let message = format!("cannot read \"{}\"", path.display());
            Hinted::new(message, "a run folder is what `sulcus train --out` left")
        })?;
        serde_json::from_slice(&text).with_context(|| format!("\"{}\" is damaged", path.display()))
    }

    /// The epochs in `metrics.jsonl`; none where there is no such file.
    ///
    /// # Errors
    /// The file can't be read, or a line of it is damaged.
    pub fn epochs(&self) -> anyhow::Result<Vec<EpochLog>> {
        self.first_epochs(usize::MAX)
    }

    /// Adds an epoch to `metrics.jsonl` and to the event file.
    ///
    /// # Errors
    /// The disk refuses.
    pub(crate) fn log(&self, epoch: EpochLog) -> anyhow::Result<()> {
        let mut epochs = self.epochs()?;
        epochs.push(epoch);
        self.write_epochs(&epochs)
    }

    /// Keeps only the first `epochs` of the log: what came after the checkpoint is done again.
    ///
    /// # Errors
    /// The disk refuses.
    pub(crate) fn truncate_log(&self, epochs: usize) -> anyhow::Result<()> {
        self.write_epochs(&self.first_epochs(epochs)?)
    }

    fn first_epochs(&self, count: usize) -> anyhow::Result<Vec<EpochLog>> {
        let path = self.file("metrics.jsonl");
        if !path.exists() {
            return Ok(Vec::new());
        }
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read \"{}\"", path.display()))?;
        let lines = text.lines().take(count).map(serde_json::from_str);
        lines.collect::<Result<_, _>>().with_context(|| format!("\"{}\" is damaged", path.display()))
    }

    fn write_epochs(&self, epochs: &[EpochLog]) -> anyhow::Result<()> {
        let mut lines = Vec::new();
        for epoch in epochs {
            serde_json::to_writer(&mut lines, epoch)?;
            lines.push(b'\n');
        }
        self.write("metrics.jsonl", &lines)?;
        tensorboard::write(&self.file("tensorboard"), epochs)
    }

    /// Keeps the network as what the run has come to.
    ///
    /// # Errors
    /// The device or the disk refuses.
    pub(crate) fn keep(&self, network: &Network) -> anyhow::Result<()> {
        write_network(&self.file("network.safetensors"), network)
    }

    /// Replaces the state to resume from. `average` is the moving average of the network, where the recipe has one.
    ///
    /// # Errors
    /// The device or the disk refuses.
    pub(crate) fn save(
        &self,
        network: &Network,
        average: Option<&Network>,
        optimizer: &ModuleOptimizer,
        progress: &Progress,
    ) -> anyhow::Result<()> {
        let (next, last, before) = (self.file("last.new"), self.file("last"), self.file("last.old"));
        if !is_whole(&last) && is_whole(&next) {
            // What a kill between two renames left is the only whole state, perhaps, and its name is needed.
            remove_folder(&last)?;
            fs::rename(&next, &last).map_err(|error| write_failed(&last, 0, &error))?;
        }
        write_state(&next, network, average, optimizer, progress).inspect_err(|_| {
            // Half a state is of no use, and the disk may be full. If it can't go, it is never taken for a whole one.
            let _ = fs::remove_dir_all(&next);
        })?;
        // At every moment one of the three names is that of a whole state.
        remove_folder(&before)?;
        if last.exists() {
            fs::rename(&last, &before).map_err(|error| write_failed(&before, 0, &error))?;
        }
        fs::rename(&next, &last).map_err(|error| write_failed(&last, 0, &error))?;
        remove_folder(&before)
    }

    /// The state to resume from; `None` where no epoch was finished. `optimizer` makes the optimiser that the state is of.
    ///
    /// # Errors
    /// The state can't be read, or does not fit the network.
    pub(crate) fn resume(
        &self,
        network: Network,
        optimizer: impl FnOnce(&Progress) -> ModuleOptimizer,
    ) -> anyhow::Result<Option<(Network, ModuleOptimizer, Progress)>> {
        let Some(folder) = self.last_whole() else { return Ok(None) };
        let damaged = |name: &str| format!("\"{}\" is damaged", folder.join(name).display());
        let progress = fs::read(folder.join("progress.json")).map_err(anyhow::Error::from);
        let progress = progress.and_then(|text| Ok(serde_json::from_slice(&text)?));
        let progress = progress.with_context(|| damaged("progress.json"))?;
        let network = network.load(&read_tensors(&folder.join("network.safetensors"))?)?;
        let optimizer = optimizer(&progress)
            .load(folder.join("optimizer.bpk"))
            .map_err(|error| anyhow!("{error}"))
            .with_context(|| damaged("optimizer.bpk"))?;
        Ok(Some((network, optimizer, progress)))
    }

    /// The moving average of the state that [`RunFolder::resume`] gives, filled into `network`; as it is where there is
    /// no such state.
    ///
    /// # Errors
    /// The average can't be read, or does not fit the network.
    pub(crate) fn resume_average(&self, network: Network) -> anyhow::Result<Network> {
        let Some(folder) = self.last_whole() else { return Ok(network) };
        Ok(network.load(&read_tensors(&folder.join("average.safetensors"))?)?)
    }

    /// A state that was written to its end, the newest that is safe: a kill between two renames leaves it under another
    /// name than `last`.
    fn last_whole(&self) -> Option<PathBuf> {
        STATES.iter().map(|name| self.file(name)).find(|folder| is_whole(folder))
    }
}

/// The names that a state bears on its way.
const STATES: [&str; 3] = ["last", "last.new", "last.old"];

/// Whether a run folder holds a state to resume.
#[must_use]
pub fn has_state(run: &Path) -> bool {
    STATES.iter().any(|name| run.join(name).exists())
}

/// Whether a state was written to its end, which its progress is.
fn is_whole(state: &Path) -> bool {
    state.join("progress.json").exists()
}

fn write_state(
    folder: &Path,
    network: &Network,
    average: Option<&Network>,
    optimizer: &ModuleOptimizer,
    progress: &Progress,
) -> anyhow::Result<()> {
    remove_folder(folder)?;
    fs::create_dir(folder).map_err(|error| write_failed(folder, 0, &error))?;
    write_network(&folder.join("network.safetensors"), network)?;
    if let Some(average) = average {
        write_network(&folder.join("average.safetensors"), average)?;
    }
    let state = optimizer.into_bytes().map_err(|error| anyhow!("cannot save the optimiser: {error}"))?;
    write_whole(&folder.join("optimizer.bpk"), &state)?;
    write_whole(&folder.join("progress.json"), &serde_json::to_vec(progress)?)
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
    Ok(networks::network_tensors(tensors))
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use networks::{Architecture, Form, NetworkConfig};

    use super::*;
    use crate::adamw::AdamW;

    fn optimizer() -> ModuleOptimizer {
        AdamW::new(0.0).into()
    }

    /// The epochs that `--resume` would go on after.
    fn resumed(folder: &RunFolder, network: &Network) -> Option<usize> {
        let state = folder.resume(network.clone(), |_| optimizer()).unwrap();
        state.map(|(_, _, progress)| progress.epoch)
    }

    #[test]
    fn a_state_survives_a_kill_between_any_two_renames() {
        let run = tempfile::tempdir().unwrap();
        let folder = RunFolder::open(run.path()).unwrap();
        let network = NetworkConfig::new(Architecture::Vgg16, 2, Form::Trainable).init(&Device::flex().autodiff());
        let save = |epoch| {
            folder.save(&network, None, &optimizer(), &Progress { epoch, ..Progress::default() }).unwrap();
        };
        let rename = |from: &str, to: &str| fs::rename(folder.file(from), folder.file(to)).unwrap();
        assert_eq!(resumed(&folder, &network), None);
        save(1);
        assert_eq!(resumed(&folder, &network), Some(1));
        rename("last", "last.old");
        assert!(has_state(run.path()));
        assert_eq!(resumed(&folder, &network), Some(1), "nothing but the state before is there");
        rename("last.old", "last.new");
        assert_eq!(resumed(&folder, &network), Some(1), "the new state has not got its name yet");
        fs::create_dir(folder.file("last")).unwrap();
        save(2);
        assert_eq!(resumed(&folder, &network), Some(2));
        assert!(STATES[1..].iter().all(|name| !folder.file(name).exists()));
    }
}
