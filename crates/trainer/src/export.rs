//! `sulcus export`: a training run to the weights file that the page serves, or to a file for other runtimes.

mod comparison;
mod gptq_inputs;
mod int8;
mod onnx;
mod rounding;
mod trained_run;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use model::Hinted;
use networks::NamedTensor;
use weights::{Tensor, WeightsFile};

use crate::catalogue;
use crate::cli::{DataArguments, ExportArguments, ExportFormat};
use crate::files::write_whole;
use trained_run::TrainedRun;

/// Runs `sulcus export`.
///
/// # Errors
/// The run folder is incomplete, the data are not those it was trained on, or the file can't be written.
pub fn run(arguments: &ExportArguments) -> anyhow::Result<()> {
    check(arguments)?;
    match (&arguments.weights, &arguments.run) {
        (Some(weights), _) => of_weights(weights, arguments),
        (None, Some(folder)) => of_run(&TrainedRun::open(folder)?, arguments),
        (None, None) => bail!(Hinted::new("nothing to export was named.", "name a run folder with --run")),
    }
}

/// Refuses what can't be combined, before anything is read.
fn check(arguments: &ExportArguments) -> anyhow::Result<()> {
    let format = &arguments.format;
    let is_int8 = matches!(format, ExportFormat::Int8 | ExportFormat::OnnxInt8);
    let is_onnx = matches!(format, ExportFormat::Onnx | ExportFormat::OnnxInt8);
    ensure!(
        is_onnx || arguments.weights.is_none(),
        Hinted::new(
            "a weights file holds the network folded and rounded; only --format onnx and onnx-int8 can be made from it.",
            "name the training run with --run"
        )
    );
    ensure!(
        *format == ExportFormat::Int8 || arguments.catalogue.is_none(),
        "the page reads weights files alone; --catalogue goes with --format int8"
    );
    ensure!(
        is_int8 && arguments.weights.is_none() || arguments.json.is_none(),
        "--json is the comparison of new int8 kernels with the float network; there is none to make here"
    );
    Ok(())
}

/// An exported weights file to ONNX.
fn of_weights(path: &Path, arguments: &ExportArguments) -> anyhow::Result<()> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read the weights file \"{}\"", path.display()))?;
    let mut file = weights::read(&bytes).with_context(|| format!("\"{}\" cannot be used", path.display()))?;
    if arguments.format == ExportFormat::Onnx {
        file.tensors = floats(classifier::network_tensors(file.tensors));
    }
    write(&arguments.out, &onnx::write(&file)?)
}

fn of_run(run: &TrainedRun, arguments: &ExportArguments) -> anyhow::Result<()> {
    let manifest = run.manifest(arguments)?;
    match arguments.format {
        ExportFormat::Int8 => {
            let export = int8::Export::make(run, manifest, &data(arguments)?)?;
            write(&arguments.out, &export.bytes)?;
            if let (Some(path), Some(title)) = (&arguments.catalogue, &arguments.title) {
                catalogue::add(path, run.recipe.architecture.name(), title, &arguments.out, &export.file.manifest)?;
            }
            export.report(arguments.json.as_deref())
        }
        ExportFormat::OnnxInt8 => {
            let export = int8::Export::make(run, manifest, &data(arguments)?)?;
            write(&arguments.out, &onnx::write(&export.file)?)?;
            export.report(arguments.json.as_deref())
        }
        ExportFormat::Onnx => {
            let tensors = floats(graph::fold(&run.graph(), &run.tensors)?);
            write(&arguments.out, &onnx::write(&WeightsFile { manifest, tensors })?)
        }
        ExportFormat::Safetensors => {
            let tensors = floats(networks::in_keras_layout(run.tensors.clone()));
            write(&arguments.out, &weights::write(&WeightsFile { manifest, tensors })?)
        }
    }
}

/// The folder of scans, without which there are no int8 kernels.
fn data(arguments: &ExportArguments) -> anyhow::Result<DataArguments> {
    let missing = "int8 kernels are rounded by what the network meets in its training slices, and --data is missing.";
    let hint = "--data names the folder of scans that the run was trained on";
    let data = arguments.data.clone().ok_or_else(|| Hinted::new(missing, hint))?;
    Ok(DataArguments { data, labels: arguments.labels.clone(), groups: None, cache: arguments.cache.clone() })
}

fn floats(tensors: BTreeMap<String, NamedTensor>) -> BTreeMap<String, Tensor> {
    tensors.into_iter().map(|(name, tensor)| (name, Tensor::float(tensor.shape, tensor.values))).collect()
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    write_whole(path, bytes)?;
    println!("wrote {} ({} bytes, SHA-256 {})", path.display(), bytes.len(), weights::sha256(bytes));
    Ok(())
}
