//! What can be typed after `sulcus`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use ::training::DeviceName;
use batch::Part;
use clap::{Args, Parser, Subcommand};
use dataset::SplitProtocol;
use export::ExportFormat;

use self::data::DataArguments;
pub use self::training::{AblateArguments, BenchArguments, ProbeArguments, ReportArguments, TrainArguments};
pub use self::values::engine;
use self::values::{device, format, share, split_protocol, temperature};

mod data;
mod training;
mod values;

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
    /// Find out what a folder of scans holds: copies, conflicts, leaks, shortcuts
    Audit(AuditArguments),
    /// Train a network by a recipe
    Train(TrainArguments),
    /// Train by a recipe without each of its ingredients, to see what it gives
    Ablate(AblateArguments),
    /// Find out what a probe tells of the classes from what is no anatomy, after each step of preparation
    Probe(ProbeArguments),
    /// Make the report of a training run again
    Report(ReportArguments),
    /// Measure a weights file on labelled scans
    Evaluate(EvaluateArguments),
    /// Turn a trained network into a file: for the page, for ONNX runtimes, for other frameworks
    Export(ExportArguments),
    /// Teach a weights file how sure it is, when to abstain, and what is no brain MRI
    Calibrate(CalibrateArguments),
    /// Try a weights file on healthy brains of other sources, with and without tumours put in
    Transfer(TransferArguments),
    /// Measure how fast a network trains on a device
    Bench(BenchArguments),
    /// Classify scans
    Classify(ClassifyArguments),
}

/// Find out what a folder of scans holds: copies, conflicts, leaks, shortcuts.
///
/// Reads every file and reports: files, sizes, colour modes and JPEG compression of each class; files that can't be
/// read or bear a misleading name; every two files that show the same picture, mirrored, turned, rescaled or altered;
/// copies with different labels; what Testing shares with Training; and what a small probe tells about the classes
/// from what is not anatomy, in the files and in the network's input.
///
/// Patients come from the CSV, else from folders inside the class folders and DICOM headers. Where none names any, the
/// report says so.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sulcus audit scans
  sulcus audit scans --html audit.html
  sulcus audit scans --json > audit.json
  sulcus audit scans --groups patients.csv --html audit.html --write-groups scans/index.csv")]
pub struct AuditArguments {
    /// Folder of scans: DIR/Training/CLASS/FILE and DIR/Testing/CLASS/FILE, or DIR/CLASS/FILE, or files that a CSV labels
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// CSV of labels with the columns path and label; without this option, folders name the classes, else the CSV in DIR
    #[arg(long, value_name = "FILE")]
    pub labels: Option<PathBuf>,
    /// CSV of patients; without this option, DIR/index.csv or DIR/../index.csv where there is one
    #[arg(long, value_name = "FILE")]
    pub groups: Option<PathBuf>,
    /// One JSON object, with every pair of copies
    #[arg(long)]
    pub json: bool,
    /// Write the findings as one HTML page with pictures, which needs no other file
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Write the copies found, and the patients known, as a CSV for --groups
    #[arg(long, value_name = "FILE")]
    pub write_groups: Option<PathBuf>,
}

/// Measure a weights file on labelled scans.
///
/// Scans whose labels are the model's classes are measured by class. Other scans are measured by whether there is a tumour:
/// a label that is the model's class without a tumour means none, "tumour" and the model's other classes mean one, and with
/// --labels TUMOUR,NONE two labels of any name do. The report has the area under the ROC curve, recall, specificity, the
/// share of slices that is answered and the share of answers that is wrong, with intervals over patients; where a CSV labels
/// the scans, by its columns source, sequence and plane as well.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sulcus evaluate --weights weights/xception.safetensors --data scans
  sulcus evaluate --weights weights/xception.safetensors --data scans --split official --json report.json
  sulcus evaluate --weights weights/xception.safetensors --data elsewhere --labels tumour,notumor
  sulcus evaluate --weights weights/xception.safetensors --data elsewhere --labels elsewhere/labels.csv")]
pub struct EvaluateArguments {
    /// The weights file
    #[arg(long, value_name = "FILE")]
    pub weights: PathBuf,
    /// The folder of scans.
    #[command(flatten)]
    pub data: DataArguments,
    /// Which slices to measure on [default: those that the model's own split holds out; of scans that it was not trained
    /// on, all]
    #[arg(long, value_parser = split_protocol())]
    pub split: Option<SplitProtocol>,
    /// Write the report here as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Where to run
    #[arg(long, value_parser = device(), default_value_t = DeviceName::Cpu)]
    pub device: DeviceName,
}

/// Turn a trained network into a file: for the page, for ONNX runtimes, for other frameworks.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  sulcus export --run runs/grouped --data scans --out model.safetensors
  sulcus export --run runs/grouped --data scans --out weights/xception.safetensors \\
      --catalogue weights/manifest.json --title Xception
  sulcus export --run runs/grouped --format onnx --out model.onnx
  sulcus export --weights weights/xception.safetensors --format onnx-int8 --out model.onnx
  sulcus export --run runs/grouped --format safetensors --out keras.safetensors

Int8 kernels are rounded so that the network's answers on slices of the training part change least, so --data is
needed for them; the held-out slices then show what rounding cost.

An ONNX file takes `image` [batch, 1, size, size] and gives `logits` and `probabilities` [batch, classes]. Preparing
a slice (crop, size, intensities) is not part of the graph; the file's metadata say what it takes.")]
pub struct ExportArguments {
    /// The run folder that `sulcus train` left
    #[arg(long, value_name = "DIR", required_unless_present = "weights")]
    pub run: Option<PathBuf>,
    /// A weights file instead of a run, for --format onnx and onnx-int8
    #[arg(long, value_name = "FILE", conflicts_with_all = ["run", "data"])]
    pub weights: Option<PathBuf>,
    /// What to write
    #[arg(long, value_parser = format(), default_value_t = ExportFormat::Int8)]
    pub format: ExportFormat,
    /// The folder of scans that the run was trained on, for int8 kernels
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// CSV of labels that the run was trained with
    #[arg(long, value_name = "FILE", requires = "data")]
    pub labels: Option<PathBuf>,
    /// Folder for prepared slices, which later runs read instead of the scans [default: the user's cache folder]
    #[arg(long, value_name = "DIR", requires = "data")]
    pub cache: Option<PathBuf>,
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

/// Teach a weights file how sure it is, when to abstain, and what is no brain MRI.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sulcus calibrate --weights model.safetensors --data scans --out model.safetensors
  sulcus calibrate --weights model.safetensors --data scans --out weights/xception.safetensors \\
      --foreign photographs --catalogue weights/manifest.json --json calibration.json

What is familiar is fitted on the training and the validation part, and measured on the part that was held out and on
--foreign. Temperature and threshold are fitted on the validation and the held-out part; what is reported of them comes of
five fits, each measured on the fifth of the patients that it left out.")]
pub struct CalibrateArguments {
    /// The weights file to start from
    #[arg(long, value_name = "FILE")]
    pub weights: PathBuf,
    /// The folder of scans.
    #[command(flatten)]
    pub data: DataArguments,
    /// The weights file to write; it may be the one to start from
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Share of wrong answers among those given that the model abstains to keep to
    #[arg(long, value_name = "SHARE", default_value_t = 0.05, value_parser = share)]
    pub risk: f64,
    /// Leave the temperature at this value instead of fitting it: 1 for a model whose validation part is too easy to tell
    /// how sure it may be
    #[arg(long, value_parser = temperature)]
    pub temperature: Option<f64>,
    /// Folder of pictures that are no brain MRI, to measure how many are refused
    #[arg(long, value_name = "DIR")]
    pub foreign: Option<PathBuf>,
    /// Stage of the network whose activations tell brain MRI from other pictures [default: an early one, of 256 channels]
    #[arg(long, value_name = "NAME")]
    pub stage: Option<String>,
    /// Enter the written file's size and checksum in this catalogue
    #[arg(long, value_name = "FILE")]
    pub catalogue: Option<PathBuf>,
    /// Write the findings here as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Where to run
    #[arg(long, value_parser = device(), default_value_t = DeviceName::Cpu)]
    pub device: DeviceName,
}

/// Try a weights file on healthy brains of other sources, with and without tumours put in.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sulcus transfer --weights weights/xception.safetensors --data scans --healthy healthy-brains
  sulcus transfer --weights model.safetensors --data scans --healthy healthy-brains --tumours 5 --json transfer.json

In public sets healthy slices come from other scanners than tumours, and a network may learn the scanner. Here both are
of one source that training has not seen: healthy slices as they are, the same with a tumour of a held-out patient, and
the same with a graft that is no tumour, which shows what the graft itself does.")]
pub struct TransferArguments {
    /// The weights file
    #[arg(long, value_name = "FILE")]
    pub weights: PathBuf,
    /// The folder of scans.
    #[command(flatten)]
    pub data: DataArguments,
    /// Folder of healthy brain slices that are not in DIR
    #[arg(long, value_name = "DIR")]
    pub healthy: PathBuf,
    /// The class of slices without a tumour
    #[arg(long, value_name = "CLASS", default_value = "notumor")]
    pub healthy_class: String,
    /// Outlines of tumours; without this option, `tumor_polygons.jsonl` in DIR or DIR/..
    #[arg(long, value_name = "FILE")]
    pub outlines: Option<PathBuf>,
    /// Tumours that are put into each healthy slice, one at a time
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..))]
    pub tumours: u16,
    /// Write the findings here as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Write the slices with tumours to this PNG
    #[arg(long, value_name = "FILE")]
    pub sheet: Option<PathBuf>,
    /// Where to run
    #[arg(long, value_parser = device(), default_value_t = DeviceName::Cpu)]
    pub device: DeviceName,
}

/// Classify scans.
///
/// Folders stand for all files in them, without what is hidden, and so do archives (zip, tar, tar.gz) and a DICOMDIR; every
/// frame of a DICOM file is answered. Files are decoded while the network computes, on every core, and answered in their
/// order; a file named twice is answered once. Memory does not grow with their number, but for 16 bytes each.
///
/// With --out the answers are lines of JSON in a file, which is on the disk every few seconds. Killed at any moment, the
/// job goes on with --resume. With --part several jobs share out the files by a hash of their paths and need not know of
/// one another, as tasks of an array do.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sulcus classify slice.jpg scan.dcm
  sulcus classify --json scans/*.png > answers.jsonl
  sulcus classify study.zip DICOMDIR
  sulcus classify scans --out answers.jsonl
  sulcus classify scans --out answers.jsonl --resume
  find /archive -name '*.dcm' | sulcus classify --files-from - --out answers.jsonl
  sulcus classify --files-from files.txt --part 3/16 --out answers-3.jsonl --resume
  sulcus classify --weights model.safetensors --maps maps scans/*.png

Exit status: 0 when every file was answered, 1 when one has an error instead, 2 for wrong usage and where the job could not
go on.")]
pub struct ClassifyArguments {
    /// JPEG, PNG, BMP, TIFF, WebP or DICOM files, or folders or archives of them
    #[arg(required_unless_present = "list", value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// A file that names one file or folder a line; - is standard input
    #[arg(id = "list", long = "files-from", value_name = "FILE")]
    pub list: Option<PathBuf>,
    /// Classify one part of the files alone, such as 3/16
    #[arg(long, value_name = "I/N", default_value_t)]
    pub part: Part,
    /// Write the answers here, one JSON object a line
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Go on with the file of --out: what it answers is not classified again
    #[arg(long, requires = "out")]
    pub resume: bool,
    /// The weights file [default: the default model of weights/manifest.json]
    #[arg(long, value_name = "FILE")]
    pub weights: Option<PathBuf>,
    /// One JSON object a line on standard output
    #[arg(long)]
    pub json: bool,
    /// Write where the network sees evidence of a tumour into this folder, as FILE.png and FILE.nii in the scan's pixels, under
    /// the path of the scan; for weights files of networks that say where
    #[arg(long, value_name = "DIR")]
    pub maps: Option<PathBuf>,
    /// Threads that decode, and compute on the CPU [default: one a core]
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
    /// Where to run
    #[arg(long, value_parser = device(), default_value_t = DeviceName::Cpu)]
    pub device: DeviceName,
}
