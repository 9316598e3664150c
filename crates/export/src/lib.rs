//! A training run to the weights file that the page serves, or to a file for other runtimes.
//!
//! [`export`] folds the network of a run and, for int8 kernels, rounds it by what it meets in training slices; it then says
//! what rounding cost on the held-out ones. ONNX files and f32 networks under Keras's names leave by the same door, and
//! [`refresh_catalogue`] enters a weights file that was written anew in the page's catalogue.

#[cfg(test)]
#[path = "../../kernels/tests/agreement/mod.rs"]
mod agreement;
mod catalogue;
mod comparison;
#[cfg(test)]
#[path = "../../networks/tests/generated/mod.rs"]
mod generated;
mod gptq;
mod gptq_inputs;
mod hessian;
mod int8;
mod onnx;
mod rounding;
mod trained_run;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use model::Hinted;
use networks::NamedTensor;
use scans::ScansConfig;
use storage::write_whole;
use weights::{Tensor, WeightsFile};

pub use catalogue::refresh as refresh_catalogue;
use trained_run::TrainedRun;

/// What kind of file an export writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// The weights file of the page and of `sulcus classify`: normalisation folded, int8 kernels.
    Int8,
    /// ONNX with f32 kernels, normalisation folded.
    Onnx,
    /// ONNX with the int8 kernels of the weights file.
    OnnxInt8,
    /// The f32 network as it was trained, in the names and layout of Keras Applications.
    Safetensors,
}

impl ExportFormat {
    /// Every kind that there is.
    pub const ALL: [Self; 4] = [Self::Int8, Self::Onnx, Self::OnnxInt8, Self::Safetensors];

    /// Its name, as it is typed.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Int8 => "int8",
            Self::Onnx => "onnx",
            Self::OnnxInt8 => "onnx-int8",
            Self::Safetensors => "safetensors",
        }
    }
}

impl fmt::Display for ExportFormat {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(self.name())
    }
}

/// What an export is made from.
#[derive(Debug, Clone)]
pub enum Source {
    /// The folder that a training run left.
    Run(PathBuf),
    /// A weights file, for ONNX alone.
    Weights(PathBuf),
}

/// A place in the page's catalogue.
#[derive(Debug, Clone)]
pub struct Listing {
    /// The catalogue, which lies in the folder of the weights file.
    pub catalogue: PathBuf,
    /// Name of the model on the page.
    pub title: String,
}

/// What to export.
#[derive(Debug, Clone)]
pub struct ExportConfig {
    /// What from.
    pub source: Source,
    /// What kind of file.
    pub format: ExportFormat,
    /// The folder of scans that the run was trained on, without which there are no int8 kernels.
    pub scans: Option<ScansConfig>,
    /// The file to write.
    pub out: PathBuf,
    /// Where to offer an int8 file on the page.
    pub listing: Option<Listing>,
    /// Licence of the weights, as an SPDX expression.
    pub licence: String,
    /// Credit owed for the data and the starting weights.
    pub credit: String,
    /// Where to write the comparison of int8 with float, as JSON.
    pub comparison: Option<PathBuf>,
}

/// Exports a network as `config` says.
///
/// # Errors
/// The run folder is incomplete, the data are not those it was trained on, or the file can't be written.
pub fn export(config: &ExportConfig) -> anyhow::Result<()> {
    check(config)?;
    match &config.source {
        Source::Weights(weights) => of_weights(weights, config),
        Source::Run(folder) => of_run(&TrainedRun::open(folder)?, config),
    }
}

/// Refuses what can't be combined, before anything is read.
fn check(config: &ExportConfig) -> anyhow::Result<()> {
    let format = config.format;
    let of_weights = matches!(config.source, Source::Weights(_));
    let is_int8 = matches!(format, ExportFormat::Int8 | ExportFormat::OnnxInt8);
    let is_onnx = matches!(format, ExportFormat::Onnx | ExportFormat::OnnxInt8);
    ensure!(
        is_onnx || !of_weights,
        Hinted::new(
            "a weights file holds the network folded and rounded; only --format onnx and onnx-int8 can be made from it.",
            "name the training run with --run"
        )
    );
    ensure!(
        format == ExportFormat::Int8 || config.listing.is_none(),
        "the page reads weights files alone; --catalogue goes with --format int8"
    );
    ensure!(
        is_int8 && !of_weights || config.comparison.is_none(),
        "--json is the comparison of new int8 kernels with the float network; there is none to make here"
    );
    Ok(())
}

/// An exported weights file to ONNX.
fn of_weights(path: &Path, config: &ExportConfig) -> anyhow::Result<()> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read the weights file \"{}\"", path.display()))?;
    let mut file = weights::read(&bytes).with_context(|| format!("\"{}\" cannot be used", path.display()))?;
    if config.format == ExportFormat::Onnx {
        file.tensors = floats(networks::network_tensors(file.tensors));
    }
    write(&config.out, &onnx::write(&file)?)
}

fn of_run(run: &TrainedRun, config: &ExportConfig) -> anyhow::Result<()> {
    let manifest = run.manifest(&config.licence, &config.credit)?;
    match config.format {
        ExportFormat::Int8 => {
            let export = int8::Export::make(run, manifest, scans(config)?)?;
            write(&config.out, &export.bytes)?;
            if let Some(Listing { catalogue, title }) = &config.listing {
                catalogue::add(catalogue, run.recipe.architecture.name(), title, &config.out, &export.file.manifest)?;
            }
            export.report(config.comparison.as_deref())
        }
        ExportFormat::OnnxInt8 => {
            let export = int8::Export::make(run, manifest, scans(config)?)?;
            write(&config.out, &onnx::write(&export.file)?)?;
            export.report(config.comparison.as_deref())
        }
        ExportFormat::Onnx => {
            let tensors = floats(graph::fold(&run.graph()?, &run.tensors)?);
            write(&config.out, &onnx::write(&WeightsFile { manifest, tensors })?)
        }
        ExportFormat::Safetensors => {
            let tensors = floats(networks::in_keras_layout(run.tensors.clone()));
            write(&config.out, &weights::write(&WeightsFile { manifest, tensors })?)
        }
    }
}

/// The folder of scans, without which there are no int8 kernels.
fn scans(config: &ExportConfig) -> anyhow::Result<&ScansConfig> {
    let missing = "int8 kernels are rounded by what the network meets in its training slices, and --data is missing.";
    let hint = "--data names the folder of scans that the run was trained on";
    Ok(config.scans.as_ref().ok_or_else(|| Hinted::new(missing, hint))?)
}

fn floats(tensors: BTreeMap<String, NamedTensor>) -> BTreeMap<String, Tensor> {
    tensors.into_iter().map(|(name, tensor)| (name, Tensor::float(tensor.shape, tensor.values))).collect()
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    write_whole(path, bytes)?;
    log::info!("wrote {} ({} bytes, SHA-256 {})", path.display(), bytes.len(), weights::sha256(bytes));
    Ok(())
}
