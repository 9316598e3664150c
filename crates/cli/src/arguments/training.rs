//! What can be typed after the commands that train.

use std::path::PathBuf;

use ::training::{Component, DeviceName, Precision, TrainConfig};
use clap::Args;
use clap::builder::TypedValueParser;
use evaluation::AblateConfig;
use networks::Architecture;

use super::data::DataArguments;
use super::values::{component, device, precision};

/// Train a network by a recipe.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sulcus train --recipe recipes/grouped-xception.toml --data scans --out runs/grouped
  sulcus train --recipe recipes/grouped-xception.toml --data scans --out runs/grouped --resume
  sulcus train --recipe recipes/grouped-xception.toml --data scans --out runs/folds --folds 5
  sulcus train --recipe recipes/grouped-xception.toml --data scans --out runs/folds --folds 5 --fold 3 --resume
  sulcus train --recipe recipes/official-xception-299.toml --data scans --out runs/official --device cuda --precision bf16
  sulcus train --recipe recipes/best-xception.toml --data scans --out runs/best --preview slices.png
  tensorboard --logdir runs

The run folder holds report.html, report.json and predictions.csv in the end, and metrics.jsonl and tensorboard/ from the
first epoch on. With --folds each fold has such a folder, and folds.html and folds.json sum them up.")]
pub struct TrainArguments {
    /// The recipe, a TOML file
    #[arg(long, value_name = "FILE")]
    pub recipe: PathBuf,
    /// The folder of scans.
    #[command(flatten)]
    pub data: DataArguments,
    /// Folder for checkpoints, metrics, the network that is kept, and the report
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Outlines of tumours, a JSON object a line, for recipes that transplant; without this option,
    /// `tumor_polygons.jsonl` in DIR or DIR/..
    #[arg(long, value_name = "FILE")]
    pub outlines: Option<PathBuf>,
    /// Weights to start from [default: the ImageNet weights under weights/]
    #[arg(long, value_name = "FILE")]
    pub start: Option<PathBuf>,
    /// Where to train
    #[arg(long, value_parser = device(), default_value_t = DeviceName::Cpu)]
    pub device: DeviceName,
    /// How exactly to compute
    #[arg(long, value_parser = precision(), default_value_t = Precision::F32)]
    pub precision: Precision,
    /// Go on after the last whole epoch in the run folder
    #[arg(long)]
    pub resume: bool,
    /// Write some slices as training sees them to this PNG, and stop
    #[arg(long, value_name = "FILE", conflicts_with_all = ["resume", "folds"])]
    pub preview: Option<PathBuf>,
    /// Train a network for each of N folds, which takes the place of the recipe's test share
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(2..=100))]
    pub folds: Option<u16>,
    /// Train this fold alone, counted from 1: a task of an array. `sulcus report` sums up when all are done
    #[arg(long, value_name = "I", requires = "folds", value_parser = clap::value_parser!(u16).range(1..))]
    pub fold: Option<u16>,
}

impl TrainArguments {
    /// As training takes it.
    pub fn config(&self) -> TrainConfig {
        let config = TrainConfig {
            recipe: self.recipe.clone(),
            scans: self.data.config(),
            out: self.out.clone(),
            outlines: self.outlines.clone(),
            start: self.start.clone(),
            device: self.device,
            precision: self.precision,
            resume: self.resume,
            preview: self.preview.clone(),
            command: String::new(),
        };
        TrainConfig { command: command(&config, self.folds), ..config }
    }
}

/// The command that trains so, as it is to be typed, without the names of folders.
fn command(config: &TrainConfig, folds: Option<u16>) -> String {
    let recipe = config.recipe.file_name().unwrap_or_default().to_string_lossy();
    let mut command = format!("sulcus train --recipe {recipe} --data DIR --out RUN");
    let mut add = |words: &str, given: bool| command.push_str(if given { words } else { "" });
    add(" --labels FILE", config.scans.labels.is_some());
    add(" --groups FILE", config.scans.groups.is_some());
    add(" --outlines FILE", config.outlines.is_some());
    add(" --start FILE", config.start.is_some());
    add(&format!(" --device {}", config.device), config.device != DeviceName::Cpu);
    add(&format!(" --precision {}", config.precision), config.precision != Precision::F32);
    add(&format!(" --folds {}", folds.unwrap_or_default()), folds.is_some());
    command
}

/// Train by a recipe without each of its ingredients, to see what it gives.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sulcus ablate --recipe recipes/best-vgg16.toml --data scans --out runs/ablation
  sulcus ablate --recipe recipes/best-vgg16.toml --data scans --out runs/ablation --without mixup,average \\
      --json weights/reports/ablation-vgg16.json
  sulcus train  --recipe recipes/best-vgg16.toml --data scans --out runs/ablation/whole
  sulcus ablate --recipe recipes/best-vgg16.toml --data scans --out runs/ablation --without mixup --alone
  sulcus report --run runs/ablation --data scans

The last three are two tasks that may run on different machines, and what compares them in the end.

The whole recipe and the recipe without each ingredient are trained with the same seed on the same slices, each into a
folder of its own below --out. A command that was stopped goes on where it was. What the frozen blocks of a recipe with
[cache] make of the slices is computed once, as long as slices are prepared and changed alike.

The report says what each ingredient gains on the validation and on the held-out part: the difference of the two networks
on the same slices, with an interval over patients. How much two trainings with different seeds differ is not in it.")]
pub struct AblateArguments {
    /// The recipe, a TOML file
    #[arg(long, value_name = "FILE")]
    pub recipe: PathBuf,
    /// The folder of scans.
    #[command(flatten)]
    pub data: DataArguments,
    /// Folder for the runs
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// The ingredients, separated by commas [default: all that the recipe has and that leave slices as they are]
    #[arg(long, value_parser = component(), value_delimiter = ',', value_name = "NAME")]
    pub without: Vec<Component>,
    /// Train without them and not by the whole recipe, and compare nothing: a task of an array
    #[arg(long, requires = "without", conflicts_with = "json")]
    pub alone: bool,
    /// Outlines of tumours, as for `sulcus train`
    #[arg(long, value_name = "FILE")]
    pub outlines: Option<PathBuf>,
    /// Weights to start from [default: the ImageNet weights under weights/]
    #[arg(long, value_name = "FILE")]
    pub start: Option<PathBuf>,
    /// Where to train
    #[arg(long, value_parser = device(), default_value_t = DeviceName::Cpu)]
    pub device: DeviceName,
    /// Write the findings here as JSON [default: ablation.json in DIR]
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

impl AblateArguments {
    /// As evaluation takes it. Its runs are named as what would train each of them alone.
    pub fn config(&self) -> AblateConfig {
        let train = TrainConfig {
            recipe: self.recipe.clone(),
            scans: self.data.config(),
            out: self.out.clone(),
            outlines: self.outlines.clone(),
            start: self.start.clone(),
            device: self.device,
            precision: Precision::F32,
            resume: true,
            preview: None,
            command: String::new(),
        };
        let train = TrainConfig { command: command(&train, None), ..train };
        AblateConfig { train, without: self.without.clone() }
    }
}

/// Find out what a probe tells of the classes from what is no anatomy, after each step of preparation.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sulcus probe --recipe recipes/best-xception.toml --data scans
  sulcus probe --recipe recipes/best-xception.toml --data scans --json weights/reports/shortcuts.json

Where one class comes from another source than the others, a network can learn the source. The probe sees borders, air and
sharpness alone. It is asked what it tells on whole slices at the network's size, after the recipe's crop and scaling, after
its random changes, and after its grafts. What it still finds a network can find too.")]
pub struct ProbeArguments {
    /// The recipe, a TOML file
    #[arg(long, value_name = "FILE")]
    pub recipe: PathBuf,
    /// The folder of scans.
    #[command(flatten)]
    pub data: DataArguments,
    /// Outlines of tumours, for a recipe that transplants, as for `sulcus train`
    #[arg(long, value_name = "FILE")]
    pub outlines: Option<PathBuf>,
    /// Write the findings here as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// Make the report of a training run again.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sulcus report --run runs/grouped --data scans
  sulcus report --run runs/folds --data scans
  sulcus report --run runs/ablation --data scans

It writes report.html, report.json and predictions.csv into the run folder; for a run with --folds, into that of every
fold, and folds.html and folds.json; for the runs of an ablation, ablation.json.")]
pub struct ReportArguments {
    /// The run folder that `sulcus train` left
    #[arg(long, value_name = "DIR")]
    pub run: PathBuf,
    /// The folder of scans.
    #[command(flatten)]
    pub data: DataArguments,
    /// Where to run
    #[arg(long, value_parser = device(), default_value_t = DeviceName::Cpu)]
    pub device: DeviceName,
}

/// Measure how fast a network trains on a device.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sulcus bench
  sulcus bench --device cuda --precision bf16 --batch 64 --size 299 --warm-up 10 --steps 50
  sulcus bench --architecture vgg16 --size 224 --train-from 5 --json bench.json

Whole training steps on made-up slices: forward, backward, optimiser. `cargo xtask bench train` runs it beside PyTorch.")]
pub struct BenchArguments {
    /// xception, vgg16 or efficientnet-lite0
    #[arg(long, default_value = "xception")]
    pub architecture: Architecture,
    /// Slices a step
    #[arg(long, default_value_t = 16)]
    pub batch: usize,
    /// Side of a slice, in pixels
    #[arg(long, default_value_t = 128, value_parser = clap::value_parser!(u16).range(71..=1024).map(usize::from))]
    pub size: usize,
    /// First block that is trained: 1 for all
    #[arg(long, default_value_t = 1)]
    pub train_from: usize,
    /// Steps that are timed
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..).map(|steps| steps as usize))]
    pub steps: usize,
    /// Steps before them
    #[arg(long, default_value_t = 1)]
    pub warm_up: usize,
    /// Write the findings here as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Where to train
    #[arg(long, value_parser = device(), default_value_t = DeviceName::Cpu)]
    pub device: DeviceName,
    /// How exactly to compute
    #[arg(long, value_parser = precision(), default_value_t = Precision::F32)]
    pub precision: Precision,
}
