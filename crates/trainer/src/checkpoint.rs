//! A run folder: where training leaves what it needs to go on, and what came out of it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use burn::optim::ModuleOptimizer;
use networks::{NamedTensor, Network};
use serde::{Deserialize, Serialize};
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
/// what it was trained with. [`crate::report`] adds what came out of it.
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
    pub fn log(&self, epoch: EpochLog) -> anyhow::Result<()> {
        let mut epochs = self.epochs()?;
        epochs.push(epoch);
        self.write_epochs(&epochs)
    }

    /// Keeps only the first `epochs` of the log: what came after the checkpoint is done again.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn truncate_log(&self, epochs: usize) -> anyhow::Result<()> {
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
        write_state(&next, network, average, optimizer, progress).inspect_err(|_| {
            // Half a state is of no use, and the disk may be full. If it can't go, it is never taken for a whole one.
            let _ = fs::remove_dir_all(&next);
        })?;
        // At every moment one of the two names is that of a whole state.
        let before = self.file("last.old");
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
    pub fn resume(
        &self,
        network: Network,
        optimizer: impl FnOnce(&Progress) -> ModuleOptimizer,
    ) -> anyhow::Result<Option<(Network, ModuleOptimizer, Progress)>> {
        let Some(folder) = self.last_whole() else { return Ok(None) };
        let progress = serde_json::from_slice(&fs::read(folder.join("progress.json"))?)?;
        let network = network.load(&read_tensors(&folder.join("network.safetensors"))?)?;
        let optimizer = optimizer(&progress)
            .load(folder.join("optimizer.bpk"))
            .map_err(|error| anyhow!("cannot read the optimiser: {error:?}"))?;
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

fn remove_folder(path: &Path) -> anyhow::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove \"{}\"", path.display()))
        }
        _ => Ok(()),
    }
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
    let state = optimizer.into_bytes().map_err(|error| anyhow!("cannot save the optimiser: {error:?}"))?;
    write_whole(&folder.join("optimizer.bpk"), &state)?;
    write_whole(&folder.join("progress.json"), &serde_json::to_vec(progress)?)
}

/// Writes a file whole or not at all: beside it first, then in its place.
fn write_whole(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let part = path.with_extension("part");
    fs::write(&part, bytes).and_then(|()| fs::rename(&part, path)).map_err(|error| {
        // What got onto a full disk takes room that is needed. If it can't go, the next write goes over it.
        let _ = fs::remove_file(&part);
        write_failed(path, bytes.len(), &error)
    })
}

/// What to say of a file of `size` bytes that could not be written.
pub fn write_failed(path: &Path, size: usize, error: &io::Error) -> anyhow::Error {
    let full = matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
    let wanted = size.div_ceil(1_000_000);
    let hint = if full {
        format!(
            "\nhint: make room; this file needs {wanted} MB. The state after the last whole epoch is kept: go on with \
             --resume"
        )
    } else {
        String::new()
    };
    anyhow!("cannot write \"{}\": {error}.{hint}", path.display())
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

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_names_the_file_and_leaves_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("progress.json");
        write_whole(&file, b"before").unwrap();
        // Every write into this device fails as on a full disk.
        std::os::unix::fs::symlink("/dev/full", folder.path().join("progress.part")).unwrap();
        let error = write_whole(&file, &vec![0; 3_000_000]).unwrap_err().to_string();
        assert!(error.contains("progress.json") && error.contains("needs 3 MB"), "{error}");
        assert_eq!(fs::read(&file).unwrap(), b"before");
        write_whole(&file, b"after").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"after", "there is room again");
    }
}
