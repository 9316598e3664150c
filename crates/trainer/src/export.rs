//! `sulcus export`: a training run to the weights file that the page serves.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, ensure};
use burn::tensor::Device;
use burn::tensor::activation::softmax;
use classifier::{Classifier, Engine};
use dataset::Dataset;
use networks::{Form, NamedTensor, NetworkConfig};
use serde::Serialize;
use weights::{Manifest, WeightsFile};

use crate::batches::Source;
use crate::catalogue;
use crate::checkpoint::read_tensors;
use crate::cli::ExportArguments;
use crate::data::fingerprint_of;
use crate::logits::{largest, rows};
use crate::recipe::Recipe;
use crate::slices::{Slices, progress_bar};

/// Slices compared at once.
const BATCH: usize = 8;

/// How the int8 file's answers differ from the float network's on the same slices.
#[derive(Debug, Serialize)]
struct Comparison {
    /// Slices compared: the run's held-out part.
    n: usize,
    /// Share that gets the same class.
    same_class: f64,
    /// Largest difference of a probability.
    largest_difference: f32,
    /// Accuracy of the float network.
    float_accuracy: f64,
    /// Accuracy of the int8 file.
    int8_accuracy: f64,
}

/// Runs `sulcus export`.
///
/// # Errors
/// The run folder is incomplete, the data are not those it was trained on, or the file can't be written.
pub fn run(arguments: &ExportArguments) -> anyhow::Result<()> {
    let run = &arguments.run;
    let recipe = Recipe::open(&run.join("recipe.toml"))?;
    let classes: Vec<String> = read_json(&run.join("classes.json"))?;
    let trained = read_tensors(&run.join("network.safetensors"))?;
    let file = WeightsFile { manifest: manifest(arguments, &recipe, &classes)?, tensors: quantise(&trained)? };
    let bytes = weights::write(&file)?;
    std::fs::write(&arguments.out, &bytes).with_context(|| format!("cannot write \"{}\"", arguments.out.display()))?;
    println!("wrote {} ({} bytes, SHA-256 {})", arguments.out.display(), bytes.len(), weights::sha256(&bytes));
    if let (Some(path), Some(title)) = (&arguments.catalogue, &arguments.title) {
        catalogue::add(path, recipe.architecture.name(), title, &arguments.out, &file.manifest)?;
    }

    let dataset = arguments.data.open_for(&recipe)?;
    ensure!(dataset.classes == classes, "the scans have the classes {:?}; the run has {classes:?}", dataset.classes);
    let comparison = compare(&recipe, &dataset, &trained, &bytes)?;
    println!(
        "int8 against float on {} held-out slices: same class {:.4}, largest difference of a probability {:.4}, \
         accuracy {:.4} against {:.4}",
        comparison.n,
        comparison.same_class,
        comparison.largest_difference,
        comparison.int8_accuracy,
        comparison.float_accuracy
    );
    if let Some(path) = &arguments.json {
        std::fs::write(path, serde_json::to_string_pretty(&comparison)? + "\n")
            .with_context(|| format!("cannot write \"{}\"", path.display()))?;
    }
    Ok(())
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> anyhow::Result<T> {
    let text = std::fs::read(path).with_context(|| {
        format!("cannot read \"{}\".\nhint: --run names the folder that `sulcus train` left", path.display())
    })?;
    serde_json::from_slice(&text).with_context(|| format!("\"{}\" is damaged", path.display()))
}

/// The fingerprint of the slices that the run held out.
fn held_out_of(run: &Path) -> anyhow::Result<String> {
    let split: BTreeMap<String, Vec<String>> = read_json(&run.join("split.json"))?;
    let held_out = split.get("test").context("split.json has no \"test\"")?;
    Ok(fingerprint_of(held_out))
}

/// Kernels to int8, biases as they are.
fn quantise(trained: &BTreeMap<String, NamedTensor>) -> anyhow::Result<BTreeMap<String, weights::Tensor>> {
    let mut tensors = BTreeMap::new();
    for (name, tensor) in networks::fold(trained)? {
        let tensor = if name.ends_with("kernel") {
            weights::quantise(&tensor.shape, &tensor.values)?
        } else {
            weights::Tensor::float(tensor.shape, tensor.values)
        };
        tensors.insert(name, tensor);
    }
    Ok(tensors)
}

fn manifest(arguments: &ExportArguments, recipe: &Recipe, classes: &[String]) -> anyhow::Result<Manifest> {
    Ok(Manifest {
        schema: weights::MANIFEST_SCHEMA,
        architecture: match recipe.architecture {
            networks::Architecture::Xception => weights::Architecture::Xception,
            networks::Architecture::Vgg16 => weights::Architecture::Vgg16,
        },
        input: serde_json::from_value(serde_json::to_value(&recipe.input)?)?,
        classes: classes.to_vec(),
        recipe: recipe.to_toml()?,
        data_fingerprint: read_json(&arguments.run.join("data.json"))?,
        held_out_fingerprint: Some(held_out_of(&arguments.run)?),
        split: match recipe.data.protocol {
            dataset::Protocol::Official => weights::SplitProtocol::Official,
            dataset::Protocol::Random => weights::SplitProtocol::Random,
            dataset::Protocol::Grouped => weights::SplitProtocol::Grouped,
        },
        metrics: None,
        licence: arguments.licence.clone(),
        date: time::OffsetDateTime::now_utc().date().to_string(),
        credit: arguments.credit.clone(),
        temperature: None,
        reserve: None,
    })
}

/// Both networks over the run's held-out slices.
fn compare(
    recipe: &Recipe,
    dataset: &Dataset,
    trained: &BTreeMap<String, NamedTensor>,
    bytes: &[u8],
) -> anyhow::Result<Comparison> {
    let device = Device::flex();
    let float =
        NetworkConfig::new(recipe.architecture, dataset.classes.len(), Form::Trainable).init(&device).load(trained)?;
    let int8 = pollster::block_on(Classifier::load(bytes, Engine::Cpu))?;
    let test = dataset::split(dataset, &recipe.split_spec())?.test;
    let slices = Slices::prepare(dataset, &test, &recipe.input);
    let test = slices.readable(&test);
    let labels: Vec<usize> = dataset.records.iter().map(|record| record.label).collect();
    let source = Source { slices: &slices, labels: &labels, size: BATCH };
    let bar = progress_bar(test.len(), "comparing int8 with float");
    let mut tally = Tally::default();
    for (batch, chunk) in source.in_order(&test).zip(test.chunks(BATCH)) {
        let logits = float.forward(batch.images(Form::Trainable.channels(), &device));
        let prepared: Vec<_> = chunk.iter().filter_map(|&index| slices.get(index).cloned()).collect();
        let predictions = pollster::block_on(int8.predict(&prepared))?;
        for ((row, prediction), label) in rows(softmax(logits, 1))?.iter().zip(&predictions).zip(&batch.labels) {
            tally.add(row, &prediction.probabilities, *label);
        }
        bar.inc(chunk.len() as u64);
    }
    bar.finish_and_clear();
    Ok(tally.comparison())
}

#[derive(Default)]
struct Tally {
    n: usize,
    same: usize,
    float_right: usize,
    int8_right: usize,
    largest_difference: f32,
}

impl Tally {
    fn add(&mut self, float: &[f32], int8: &[f32], label: usize) {
        self.n += 1;
        self.same += usize::from(largest(float) == largest(int8));
        self.float_right += usize::from(largest(float) == label);
        self.int8_right += usize::from(largest(int8) == label);
        let difference = float.iter().zip(int8).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        self.largest_difference = self.largest_difference.max(difference);
    }

    fn comparison(&self) -> Comparison {
        let share = |count: usize| count as f64 / self.n.max(1) as f64;
        Comparison {
            n: self.n,
            same_class: share(self.same),
            largest_difference: self.largest_difference,
            float_accuracy: share(self.float_right),
            int8_accuracy: share(self.int8_right),
        }
    }
}
