//! A run folder that a test makes: scans, and a network of generated weights as training would have left it.

#![allow(dead_code, reason = "no test uses all")]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use burn::tensor::{Device, Tensor, TensorData};
use imaging::{Crop, InputSpec, Intensity, Limits, PreparedSlice};
use networks::{Answers, Architecture, Form, NamedTensor, network_tensors};
use serde_json::json;
use tempfile::TempDir;
use weights::{Manifest, WeightsFile};

use crate::generated;
use crate::support::{CLASSES, pixel, succeed};

/// At this size Xception's poolings pad evenly, so that Keras and PyTorch agree.
pub const EVEN: u32 = 71;
/// At this one three of the four pad only at the end, as Keras does.
pub const UNEVEN: u32 = 86;

const RECIPE: &str = r#"
name = "test"
architecture = "ARCHITECTURE"
seed = 3
batch = 4

[input]
size = SIZE
crop = "head"
margin = 0.02
intensity = { low = 0.5, high = 99.5 }

[data]
protocol = "grouped"
test = 0.25
validation = 0.25

[[stage]]
name = "head"
epochs = 1
train_from = 15
optimizer = "adamax"
learning_rate = 1e-3
"#;

/// A folder with scans under `scans/` and a run under `run/`.
pub struct Made {
    folder: TempDir,
    architecture: Architecture,
    size: u32,
}

impl Made {
    pub fn new(architecture: Architecture, size: u32) -> Self {
        let made = Self { folder: tempfile::tempdir().unwrap(), architecture, size };
        fs::create_dir(made.path("run")).unwrap();
        let mut parts = BTreeMap::from([("train", Vec::new()), ("validation", Vec::new()), ("test", Vec::new())]);
        for (class, name) in CLASSES.iter().enumerate() {
            fs::create_dir_all(made.path("scans").join(name)).unwrap();
            for number in 0..4 {
                let path = format!("{name}/{number}.png");
                let slice = image::GrayImage::from_fn(90, 90, |x, y| image::Luma([pixel(x, y, class, number)]));
                slice.save(made.path("scans").join(&path)).unwrap();
                parts.get_mut(["train", "train", "validation", "test"][number as usize]).unwrap().push(path);
            }
        }
        let run = |name: &str, text: &str| fs::write(made.path("run").join(name), text).unwrap();
        run("recipe.toml", &RECIPE.replace("ARCHITECTURE", architecture.name()).replace("SIZE", &size.to_string()));
        run("classes.json", &json!(CLASSES).to_string());
        let scans = dataset::Dataset::open(&made.path("scans")).unwrap();
        run("data.json", &json!(dataset::fingerprint(&scans).unwrap()).to_string());
        run("split.json", &json!(parts).to_string());
        let float = |(name, tensor): (String, NamedTensor)| (name, weights::Tensor::float(tensor.shape, tensor.values));
        let tensors = generated::tensors(architecture).into_iter().map(float).collect();
        fs::write(made.path("run/network.safetensors"), weights::write_tensors(&tensors).unwrap()).unwrap();
        made
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// Exports the run; returns the file.
    pub fn export(&self, out: &str, more: &[&str]) -> Vec<u8> {
        let (run, out) = (self.text("run"), self.text(out));
        succeed(&[&["export", "--run", &run, "--out", &out], more].concat());
        fs::read(out).unwrap()
    }

    /// The run's network.
    pub fn trained(&self) -> BTreeMap<String, NamedTensor> {
        network_tensors(weights::read_tensors(&fs::read(self.path("run/network.safetensors")).unwrap()).unwrap())
    }

    /// The run's network in its inference form.
    pub fn folded(&self) -> BTreeMap<String, NamedTensor> {
        graph::fold(&self.architecture.graph(CLASSES.len()), &self.trained()).unwrap()
    }

    /// The folded network as a weights file on disk; kernels in int8, rounded to the nearest level, where that is asked.
    pub fn write_folded(&self, out: &str, int8: bool) {
        let tensor = |(name, NamedTensor { shape, values }): (String, NamedTensor)| {
            let is_int8 = int8 && name.ends_with("kernel");
            let nearest = || weights::quantise(&shape, &values).unwrap();
            let tensor = if is_int8 { nearest() } else { weights::Tensor::float(shape, values) };
            (name, tensor)
        };
        let tensors = self.folded().into_iter().map(tensor).collect();
        let file = WeightsFile { manifest: self.manifest(), tensors };
        fs::write(self.path(out), weights::write(&file).unwrap()).unwrap();
    }

    fn manifest(&self) -> Manifest {
        let manifest = json!({
            "schema": weights::MANIFEST_SCHEMA,
            "architecture": self.architecture.name(),
            "graph": self.architecture.graph(CLASSES.len()).folded(),
            "input": self.input(),
            "classes": CLASSES,
            "recipe": "",
            "data_fingerprint": "",
            "split": "grouped",
            "licence": "MIT",
            "date": "2026-01-31",
            "credit": "",
        });
        serde_json::from_value(manifest).unwrap()
    }

    fn input(&self) -> InputSpec {
        InputSpec { size: self.size, crop: Crop::Head, margin: 0.02, intensity: Intensity { low: 0.5, high: 99.5 } }
    }

    /// The scans that the run held out, one of each class in order, as the network takes them.
    pub fn held_out(&self) -> Vec<PreparedSlice> {
        CLASSES.iter().map(|class| self.prepared(&format!("scans/{class}/3.png"))).collect()
    }

    fn prepared(&self, name: &str) -> PreparedSlice {
        let study = imaging::decode(&fs::read(self.path(name)).unwrap(), &Limits::default()).unwrap();
        imaging::prepare(&study.slices[0], &self.input())
    }

    /// Pooled features and logits of the run's network, as it was trained, on slices.
    pub fn answers(&self, slices: &[PreparedSlice]) -> (Tensor<2>, Tensor<2>) {
        answers(self.architecture, Form::Trainable, &self.trained(), slices)
    }
}

/// Pooled features and logits of a network on slices.
pub fn answers(
    architecture: Architecture,
    form: Form,
    tensors: &BTreeMap<String, NamedTensor>,
    slices: &[PreparedSlice],
) -> (Tensor<2>, Tensor<2>) {
    let network = generated::network(architecture, form, tensors);
    let pixels: Vec<f32> = slices.iter().flat_map(PreparedSlice::pixels).copied().collect();
    let size = slices[0].size() as usize;
    let images = TensorData::new(pixels, [slices.len(), 1, size, size]);
    let images = Tensor::<4>::from_data(images, &Device::flex()).repeat_dim(1, form.channels());
    let Answers { features, logits, .. } = network.answers(images);
    (features, logits)
}

pub fn numbers(tensor: Tensor<2>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}
