//! `cargo xtask bench train`: training steps of Sulcus beside PyTorch with the same network, batch and precision.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::build_command;
use super::gpu::Watch;
use crate::hint::told;
use crate::shell;
use crate::workspace::Workspace;

/// Where to train.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TrainDevice {
    /// Every machine has it.
    Cpu,
    /// NVIDIA; builds `sulcus` with the feature `cuda`.
    Cuda,
}

/// How to measure training.
#[derive(Debug, Args)]
pub struct TrainBenchOptions {
    /// Where to train.
    #[arg(long, value_enum, default_value_t = TrainDevice::Cpu)]
    pub device: TrainDevice,
    /// xception or vgg16.
    #[arg(long, default_value = "xception", value_parser = ["xception", "vgg16"])]
    pub architecture: String,
    /// Slices a step.
    #[arg(long, default_value_t = 16)]
    pub batch: u32,
    /// Side of a slice, in pixels.
    #[arg(long, default_value_t = 128)]
    pub size: u32,
    /// First block that is trained: 1 for all.
    #[arg(long, default_value_t = 1)]
    pub train_from: u32,
    /// Steps that are timed, in each round.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub steps: u32,
    /// Rounds: in each, every contender is started anew, so that a machine that slows down slows all.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..))]
    pub rounds: u32,
    /// A `sulcus` that is built already, for a machine without Rust; for CUDA, one with the feature `cuda`.
    #[arg(long, value_name = "FILE")]
    pub sulcus: Option<PathBuf>,
    /// A Python with torch and timm; without one, Sulcus is measured alone.
    #[arg(long, value_name = "FILE", default_value = "python3")]
    pub python: PathBuf,
    /// Write the report here; without this, to bench/train-speed.json in cargo's target folder.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// Something that is measured.
struct Contender {
    name: String,
    command: Box<dyn Fn() -> Command>,
    /// Where the command writes its findings; `None` where it prints them.
    findings: Option<PathBuf>,
}

/// Runs the benchmark.
///
/// # Errors
/// If `sulcus` can't be built, or a contender fails; the others' findings are written all the same.
pub fn train(workspace: &Workspace, options: &TrainBenchOptions) -> Result<ExitCode> {
    let mut contenders = sulcus(workspace, options)?;
    match without_torch(&options.python) {
        None => contenders.extend(torch(workspace, options)),
        Some(why) => println!("  PyTorch is not measured: {why}"),
    }
    let mut rounds = vec![Vec::new(); contenders.len()];
    let mut failures = Vec::new();
    for round in 1..=options.rounds {
        for (contender, found) in contenders.iter().zip(&mut rounds) {
            println!("  round {round} of {}: {}", options.rounds, contender.name);
            match contender.measure(options.device) {
                Ok(findings) => found.push(findings),
                Err(error) => failures.push(format!("{}: {}", contender.name, told(&error))),
            }
        }
    }
    let measured = contenders.iter().zip(&rounds).filter(|(_, rounds)| !rounds.is_empty());
    let results: Vec<Value> = measured.map(|(contender, rounds)| summary(&contender.name, rounds)).collect();
    print(&results);
    let path = options.json.clone().unwrap_or_else(|| made(workspace).join("train-speed.json"));
    make_folder_of(&path)?;
    let report = json!({ "what": "images a second in whole training steps", "command": options.command(), "contenders": results });
    std::fs::write(&path, serde_json::to_string_pretty(&report)? + "\n")
        .with_context(|| format!("cannot write {}", path.display()))?;
    println!("  wrote {}", path.display());
    ensure!(failures.is_empty(), "not every run ended well:\n{}", failures.join("\n"));
    Ok(ExitCode::SUCCESS)
}

impl TrainBenchOptions {
    /// What all contenders are given.
    fn words(&self) -> Vec<String> {
        let numbers = [
            ("--batch", self.batch),
            ("--size", self.size),
            ("--train-from", self.train_from),
            ("--steps", self.steps),
            ("--warm-up", self.warm_up()),
        ];
        let device = self.device.name();
        let words = ["--architecture", &self.architecture, "--device", device].map(str::to_owned).into_iter();
        words.chain(numbers.into_iter().flat_map(|(name, number)| [name.to_owned(), number.to_string()])).collect()
    }

    /// On a GPU the first steps compile and tune kernels.
    fn warm_up(&self) -> u32 {
        if self.device == TrainDevice::Cuda { 10 } else { 1 }
    }

    /// The command that repeats it.
    fn command(&self) -> String {
        let Self { architecture, batch, size, train_from, steps, rounds, .. } = self;
        format!(
            "cargo xtask bench train --device {} --architecture {architecture} --batch {batch} --size {size} \
             --train-from {train_from} --steps {steps} --rounds {rounds}",
            self.device.name()
        )
    }
}

impl TrainDevice {
    fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
        }
    }
}

/// Sulcus in f32, and on a GPU in bf16 too.
fn sulcus(workspace: &Workspace, options: &TrainBenchOptions) -> Result<Vec<Contender>> {
    let program = match (&options.sulcus, options.device) {
        (Some(program), _) => program.clone(),
        (None, TrainDevice::Cpu) => build_command(workspace)?,
        (None, TrainDevice::Cuda) => build_for_cuda(workspace)?,
    };
    let precisions: &[&'static str] = if options.device == TrainDevice::Cuda { &["bf16", "f32"] } else { &["f32"] };
    let contender = |&precision: &&'static str| {
        let findings = made(workspace).join("train.json");
        let (program, words, out) = (program.clone(), options.words(), findings.clone());
        let command = move || {
            let mut command = Command::new(&program);
            command.arg("bench").args(&words).args(["--precision", precision]).arg("--json").arg(&out);
            command
        };
        Contender { name: format!("sulcus {precision}"), command: Box::new(command), findings: Some(findings) }
    };
    Ok(precisions.iter().map(contender).collect())
}

fn build_for_cuda(workspace: &Workspace) -> Result<PathBuf> {
    shell::run(workspace.command("cargo").args(["build", "--quiet", "-p", "sulcus", "--features", "cuda"]))?;
    workspace.sulcus()
}

/// Where findings and reports go.
fn made(workspace: &Workspace) -> PathBuf {
    workspace.target().join("bench")
}

fn make_folder_of(file: &Path) -> Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))
}

/// Why a Python is of no use; `None` where it has what is needed.
fn without_torch(python: &Path) -> Option<String> {
    let tried = Command::new(python).args(["-c", "import torch, timm"]).stderr(Stdio::null()).status();
    let why = match tried {
        Ok(status) if status.success() => return None,
        Ok(_) => "has no torch and timm".to_owned(),
        Err(error) => format!("can't be started: {error}"),
    };
    Some(format!("\"{}\" {why}. hint: name another Python with --python", python.display()))
}

/// PyTorch in the precision of Sulcus, and on a GPU as one would train there: in bf16, compiled.
fn torch(workspace: &Workspace, options: &TrainBenchOptions) -> Vec<Contender> {
    let mut ways: Vec<(&str, &[&str])> = vec![("pytorch f32", &[])];
    if options.device == TrainDevice::Cuda {
        ways.push(("pytorch bf16, compiled", &["--precision", "bf16", "--compile"]));
    }
    let script = workspace.benchmark().join("train.py");
    let contender = |(name, more): (&str, &'static [&'static str])| {
        let (python, script, words) = (options.python.clone(), script.clone(), options.words());
        let command = move || {
            let mut command = Command::new(&python);
            command.arg(&script).args(&words).args(more);
            command
        };
        Contender { name: name.to_owned(), command: Box::new(command), findings: None }
    };
    ways.into_iter().map(contender).collect()
}

impl Contender {
    /// What one run of it found.
    fn measure(&self, device: TrainDevice) -> Result<Value> {
        let watch = (device == TrainDevice::Cuda).then(Watch::start);
        let mut command = (self.command)();
        let text = match &self.findings {
            Some(path) => {
                make_folder_of(path)?;
                shell::run(&mut command)?;
                std::fs::read_to_string(path)?
            }
            None => shell::output_of(&mut command)?,
        };
        let mut found: Value =
            serde_json::from_str(&text).with_context(|| format!("{} printed no findings", self.name))?;
        if let Some(watch) = watch {
            found["device_watched"] = watch.stop();
        }
        Ok(found)
    }
}

/// All rounds of one contender; the figure is the median over every timed step of all of them.
fn summary(name: &str, rounds: &[Value]) -> Value {
    let of = |round: &Value| round["seconds_a_step"].as_array().cloned().unwrap_or_default();
    let mut seconds: Vec<f64> = rounds.iter().flat_map(of).filter_map(|second| second.as_f64()).collect();
    seconds.sort_by(f64::total_cmp);
    let batch = rounds.first().and_then(|round| round["batch"].as_f64()).unwrap_or_default();
    let rate = |seconds: Option<f64>| seconds.map(|seconds| batch / seconds);
    json!({
        "name": name,
        "images_a_second": rate(median(&seconds)),
        "images_a_second_best": rate(seconds.first().copied()),
        "rounds": rounds,
    })
}

/// Of values in order.
fn median(values: &[f64]) -> Option<f64> {
    let upper = values.get(values.len() / 2)?;
    let lower = values.get((values.len() - 1) / 2)?;
    Some(f64::midpoint(*lower, *upper))
}

fn print(results: &[Value]) {
    let rate = |result: &Value| result["images_a_second"].as_f64().unwrap_or_default();
    let first = results.first().map_or(0.0, rate);
    for result in results {
        let name = result["name"].as_str().unwrap_or_default();
        let (median, best) = (rate(result), result["images_a_second_best"].as_f64().unwrap_or_default());
        let beside = first / median;
        println!("  {name:<24} {median:>8.2} images a second, {best:>8.2} at best; the first has {beside:.2} of it");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figure_is_the_median_over_the_steps_of_all_rounds() {
        let round = |seconds: [f64; 3]| json!({ "batch": 8, "seconds_a_step": seconds });
        let summary = summary("sulcus", &[round([4.0, 1.0, 1.0]), round([8.0, 3.0, 1.0])]);
        assert_eq!((&summary["images_a_second"], &summary["images_a_second_best"]), (&json!(4.0), &json!(8.0)));
        assert_eq!(summary["rounds"].as_array().map(Vec::len), Some(2));
    }

    #[test]
    fn a_python_without_torch_is_named_with_a_hint() {
        let why = without_torch(Path::new("no-such-python")).unwrap();
        assert!(why.contains("no-such-python") && why.contains("--python"), "{why}");
    }
}
