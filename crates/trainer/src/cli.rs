//! What can be typed after `sulcus`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use dataset::Protocol;

/// Train, measure, export and run classifiers of brain MRI slices.
///
/// For research and teaching. Not a medical device.
#[derive(Parser)]
#[command(version, propagate_version = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What `sulcus` can do.
#[derive(Subcommand)]
pub enum Command {
    /// Find out what a folder of scans holds: copies, conflicts, leaks
    Audit(AuditArguments),
    /// Train a network by a recipe
    Train(TrainArguments),
    /// Measure a weights file on labelled scans
    Evaluate(EvaluateArguments),
    /// Turn a trained network into a file: for the page, for ONNX runtimes, for other frameworks
    Export(ExportArguments),
    /// Classify scans
    Classify(ClassifyArguments),
}

/// Where a network runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DeviceName {
    /// Every machine has it
    Cpu,
    /// Vulkan, Metal or Direct3D 12
    Wgpu,
    /// NVIDIA; needs a build with `--features cuda`
    Cuda,
}

/// A folder of labelled scans.
#[derive(Debug, Args)]
pub struct DataArguments {
    /// Folder of scans: DIR/Training/CLASS/FILE and DIR/Testing/CLASS/FILE, or DIR/CLASS/FILE
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// CSV of patients and copies; without this option, DIR/index.csv or DIR/../index.csv where there is one
    #[arg(long, value_name = "FILE")]
    pub groups: Option<PathBuf>,
}

/// Find out what a folder of scans holds: copies, conflicts, leaks.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sulcus audit scans
  sulcus audit scans --json > audit.json
  sulcus audit scans --write-groups scans/index.csv")]
pub struct AuditArguments {
    /// Folder of scans: DIR/Training/CLASS/FILE and DIR/Testing/CLASS/FILE, or DIR/CLASS/FILE
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// CSV of patients; without this option, DIR/index.csv or DIR/../index.csv where there is one
    #[arg(long, value_name = "FILE")]
    pub groups: Option<PathBuf>,
    /// One JSON object, with every pair of copies
    #[arg(long)]
    pub json: bool,
    /// Write the copies found, and the patients known, as a CSV for --groups
    #[arg(long, value_name = "FILE")]
    pub write_groups: Option<PathBuf>,
}

/// Train a network by a recipe.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sulcus train --recipe recipes/grouped-xception.toml --data scans --out runs/grouped
  sulcus train --recipe recipes/grouped-xception.toml --data scans --out runs/grouped --resume")]
pub struct TrainArguments {
    /// The recipe, a TOML file
    #[arg(long, value_name = "FILE")]
    pub recipe: PathBuf,
    /// The folder of scans.
    #[command(flatten)]
    pub data: DataArguments,
    /// Folder for checkpoints, metrics and the best network
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Weights to start from [default: the ImageNet weights under weights/]
    #[arg(long, value_name = "FILE")]
    pub start: Option<PathBuf>,
    /// Where to train
    #[arg(long, value_enum, default_value_t = DeviceName::Cpu)]
    pub device: DeviceName,
    /// Go on after the last whole epoch in the run folder
    #[arg(long)]
    pub resume: bool,
}

/// Which slices a weights file is measured on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SplitName {
    /// The published Testing part
    Official,
    /// The share held out at random by the model's recipe
    Random,
    /// The share held out by patient and copy by the model's recipe
    Grouped,
}

impl From<SplitName> for Protocol {
    fn from(name: SplitName) -> Self {
        match name {
            SplitName::Official => Self::Official,
            SplitName::Random => Self::Random,
            SplitName::Grouped => Self::Grouped,
        }
    }
}

/// Measure a weights file on labelled scans.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sulcus evaluate --weights weights/xception.safetensors --data scans --split grouped
  sulcus evaluate --weights weights/xception.safetensors --data scans --split official --json report.json")]
pub struct EvaluateArguments {
    /// The weights file
    #[arg(long, value_name = "FILE")]
    pub weights: PathBuf,
    /// The folder of scans.
    #[command(flatten)]
    pub data: DataArguments,
    /// Which slices to measure on
    #[arg(long, value_enum)]
    pub split: SplitName,
    /// Write the report here as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Where to run
    #[arg(long, value_enum, default_value_t = DeviceName::Cpu)]
    pub device: DeviceName,
}

/// What kind of file an export writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// The weights file of the page and of `sulcus classify`: normalisation folded, int8 kernels
    Int8,
    /// ONNX with f32 kernels, normalisation folded
    Onnx,
    /// ONNX with the int8 kernels of the weights file
    OnnxInt8,
    /// The f32 network as it was trained, for other frameworks
    Safetensors,
}

/// Whose names the tensors of `--format safetensors` get.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TensorNames {
    /// Names and layout of Keras Applications
    Keras,
    /// Names and layout of timm's `legacy_xception`
    Timm,
}

/// Turn a trained network into a file: for the page, for ONNX runtimes, for other frameworks.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sulcus export --run runs/grouped --data scans --out model.safetensors
  sulcus export --run runs/grouped --data scans --out weights/xception.safetensors \\
      --catalogue weights/manifest.json --title Xception
  sulcus export --run runs/grouped --format onnx --out model.onnx
  sulcus export --weights weights/xception.safetensors --format onnx-int8 --out model.onnx
  sulcus export --run runs/grouped --format safetensors --out keras.safetensors
  sulcus export --run runs/grouped --format safetensors --names timm --out timm.safetensors

Int8 kernels are rounded so that the network's answers on slices of the training part change least, so --data is
needed for them; the held-out slices then show what rounding cost.

An ONNX file takes `image` [batch, 1, size, size] and gives `logits` and `probabilities` [batch, classes]. Preparing
a slice (crop, size, intensities) is not part of the graph; the file's metadata say what it takes.

Keras pads strided pooling at the end where PyTorch pads evenly. It comes to the same at sizes of 32 k + 7 or 32 k + 8
pixels, such as 199; at others, timm's answers are not quite those of Sulcus.")]
pub struct ExportArguments {
    /// The run folder that `sulcus train` left
    #[arg(long, value_name = "DIR", required_unless_present = "weights")]
    pub run: Option<PathBuf>,
    /// A weights file instead of a run, for --format onnx and onnx-int8
    #[arg(long, value_name = "FILE", conflicts_with_all = ["run", "data"])]
    pub weights: Option<PathBuf>,
    /// What to write
    #[arg(long, value_enum, default_value_t = ExportFormat::Int8)]
    pub format: ExportFormat,
    /// Names of the tensors of --format safetensors
    #[arg(long, value_enum, default_value_t = TensorNames::Keras)]
    pub names: TensorNames,
    /// The folder of scans that the run was trained on, for int8 kernels
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Offer the int8 file on the page: add it to this catalogue, which lies in the same folder
    #[arg(long, value_name = "FILE", requires = "title")]
    pub catalogue: Option<PathBuf>,
    /// Name of the model on the page
    #[arg(long, requires = "catalogue")]
    pub title: Option<String>,
    /// Licence of the weights, as an SPDX expression
    #[arg(long, default_value = "MIT OR Apache-2.0")]
    pub licence: String,
    /// Credit owed for the data and the starting weights
    #[arg(long, default_value = "")]
    pub credit: String,
    /// Write the comparison of int8 with float here as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// Classify scans.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sulcus classify slice.jpg scan.dcm
  sulcus classify --json scans/*.png > answers.jsonl

Exit status: 0 when every file was answered, 1 when one was not, 2 for wrong usage.")]
pub struct ClassifyArguments {
    /// JPEG, PNG, BMP, TIFF, WebP or DICOM files
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The weights file [default: the default model of weights/manifest.json]
    #[arg(long, value_name = "FILE")]
    pub weights: Option<PathBuf>,
    /// One JSON object a line
    #[arg(long)]
    pub json: bool,
    /// Where to run
    #[arg(long, value_enum, default_value_t = DeviceName::Cpu)]
    pub device: DeviceName,
}
