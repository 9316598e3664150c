//! `sulcus export` in every format, from a run folder that the test makes.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor, TensorData};
use classifier::{Classifier, Engine, network_tensors};
use imaging::{Crop, InputSpec, Intensity, Limits, PreparedSlice};
use networks::{Architecture, Form, NamedTensor, NetworkConfig};
use serde_json::{Value, json};
use tempfile::TempDir;
use weights::Values;

use support::{CLASSES, pixel, succeed, sulcus};

mod support;

/// At this size Xception's poolings pad evenly, so that Keras and PyTorch agree.
const EVEN: u32 = 71;
/// At this one three of the four pad only at the end, as Keras does.
const UNEVEN: u32 = 86;

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

fn fail(arguments: &[&str]) -> String {
    let output = sulcus(arguments);
    assert!(!output.status.success(), "{arguments:?} must fail");
    String::from_utf8(output.stderr).unwrap()
}

/// A folder with scans under `scans/` and a run of a network with random weights under `run/`.
struct Made {
    folder: TempDir,
    size: u32,
}

impl Made {
    fn new(architecture: Architecture, size: u32) -> Self {
        let made = Self { folder: tempfile::tempdir().unwrap(), size };
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
        fs::write(made.path("run/network.safetensors"), weights::write_tensors(&random(architecture)).unwrap())
            .unwrap();
        made
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// Exports the run; returns the file.
    fn export(&self, out: &str, more: &[&str]) -> Vec<u8> {
        let (run, out) = (self.text("run"), self.text(out));
        succeed(&[&["export", "--run", &run, "--out", &out], more].concat());
        fs::read(out).unwrap()
    }

    /// The run's network.
    fn trained(&self) -> BTreeMap<String, NamedTensor> {
        network_tensors(weights::read_tensors(&fs::read(self.path("run/network.safetensors")).unwrap()).unwrap())
    }

    /// The scan of a name, as the network takes it.
    fn prepared(&self, name: &str) -> PreparedSlice {
        let study = imaging::decode(&fs::read(self.path(name)).unwrap(), &Limits::default()).unwrap();
        let intensity = Intensity { low: 0.5, high: 99.5 };
        imaging::prepare(&study.slices[0], &InputSpec { size: self.size, crop: Crop::Head, margin: 0.02, intensity })
    }
}

/// Held while a network draws its first weights: all tests here draw from one source, which each of them seeds.
static DRAWING: Mutex<()> = Mutex::new(());

/// A trainable network whose normalisations do something.
fn random(architecture: Architecture) -> BTreeMap<String, weights::Tensor> {
    let device = Device::flex();
    let alone = DRAWING.lock().unwrap();
    device.seed(11);
    let network = NetworkConfig::new(architecture, CLASSES.len(), Form::Trainable).init(&device);
    let change = |(name, mut tensor): (String, NamedTensor)| {
        for (index, value) in tensor.values.iter_mut().enumerate() {
            let wave = (index as f32 * 0.7).sin();
            match name.rsplit_once('.').unwrap().1 {
                "gamma" | "moving_variance" => *value = 1.0 + 0.3 * wave,
                "beta" | "moving_mean" => *value = 0.1 * wave,
                _ => {}
            }
        }
        (name, weights::Tensor::float(tensor.shape, tensor.values))
    };
    let tensors = network.named_tensors().unwrap();
    drop(alone);
    tensors.into_iter().map(change).collect()
}

/// Logits of a network on slices.
fn logits(tensors: &BTreeMap<String, NamedTensor>, form: Form, slices: &[PreparedSlice]) -> Tensor<2> {
    let device = Device::flex();
    let architecture =
        if tensors.contains_key("block5_conv3.kernel") { Architecture::Vgg16 } else { Architecture::Xception };
    let alone = DRAWING.lock().unwrap();
    let network = NetworkConfig::new(architecture, CLASSES.len(), form).init(&device).load(tensors).unwrap();
    drop(alone);
    let pixels: Vec<f32> = slices.iter().flat_map(PreparedSlice::pixels).copied().collect();
    let size = slices[0].size() as usize;
    let images = TensorData::new(pixels, [slices.len(), 1, size, size]);
    network.forward(Tensor::<4>::from_data(images, &device).repeat_dim(1, form.channels()))
}

fn numbers(tensor: Tensor<2>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}

#[test]
fn int8_kernels_are_the_same_each_time_and_the_report_is_of_the_file() {
    let made = Made::new(Architecture::Xception, EVEN);
    let (scans, json) = (made.text("scans"), made.text("int8.json"));
    let more = ["--data", scans.as_str(), "--json", json.as_str()];
    let first = made.export("first.safetensors", &more);
    assert_eq!(made.export("second.safetensors", &more), first);

    let file = weights::read(&first).unwrap();
    for (name, tensor) in &file.tensors {
        let is_int8 = matches!(tensor.values, Values::Int8 { .. });
        assert_eq!(is_int8, name.ends_with("kernel"), "{name}");
    }
    let report: Value = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
    assert_eq!(report["weights_sha256"].as_str().unwrap(), weights::sha256(&first));
    assert_eq!(report["rounding"]["calibration_slices"], 8);
    assert!(report["rounding"]["method"].as_str().unwrap().starts_with("GPTQ"));
    assert_eq!(report["n"], 4);
}

#[test]
fn rounding_for_the_inputs_changes_answers_less_than_rounding_to_the_nearest() {
    let made = Made::new(Architecture::Xception, EVEN);
    let slices: Vec<_> = CLASSES.iter().map(|class| made.prepared(&format!("scans/{class}/3.png"))).collect();
    let folded = graph::fold(&Architecture::Xception.graph(CLASSES.len()), &made.trained()).unwrap();
    let exact = numbers(logits(&folded, Form::Folded, &slices));
    let error = |tensors: &BTreeMap<String, NamedTensor>| -> f32 {
        numbers(logits(tensors, Form::Folded, &slices)).iter().zip(&exact).map(|(a, b)| (a - b).powi(2)).sum()
    };
    let nearest = folded.clone().into_iter().map(|(name, tensor)| {
        let rounded = weights::quantise(&tensor.shape, &tensor.values).unwrap();
        let values = if name.ends_with("kernel") { rounded.to_f32() } else { tensor.values };
        (name, NamedTensor { shape: tensor.shape, values })
    });
    let nearest = error(&nearest.collect());
    let bytes = made.export("model.safetensors", &["--data", &made.text("scans")]);
    let by_inputs = error(&network_tensors(weights::read(&bytes).unwrap().tensors));
    assert!(by_inputs < 0.3 * nearest, "squared error {by_inputs} against {nearest}");
}

#[test]
fn keras_gets_its_own_names_and_layout_and_sulcus_reads_them_again() {
    let made = Made::new(Architecture::Xception, EVEN);
    let bytes = made.export("keras.safetensors", &["--format", "safetensors"]);
    let tensors = network_tensors(weights::read_tensors(&bytes).unwrap());
    let shape = |name: &str| tensors[name].shape.clone();
    assert_eq!(shape("block1_conv1.kernel"), [3, 3, 3, 32]);
    assert_eq!(shape("block2_sepconv1.depthwise_kernel"), [3, 3, 64, 1]);
    assert_eq!(shape("block2_sepconv1.pointwise_kernel"), [1, 1, 64, 128]);
    assert_eq!(shape("conv2d_3.kernel"), [1, 1, 728, 1024]);
    assert_eq!(shape("predictions.kernel"), [2048, 4]);
    assert_eq!(networks::in_network_layout(tensors), made.trained());
}

#[test]
fn timm_finds_every_parameter_under_its_own_name_and_shape() {
    let made = Made::new(Architecture::Xception, EVEN);
    let bytes = made.export("timm.safetensors", &["--format", "safetensors", "--names", "timm"]);
    let tensors = weights::read_tensors(&bytes).unwrap();
    let shapes: BTreeMap<_, _> = tensors.iter().map(|(name, tensor)| (name.clone(), tensor.shape.clone())).collect();
    let expected: BTreeMap<String, Vec<usize>> =
        serde_json::from_str(include_str!("fixtures/timm_legacy_xception.json")).unwrap();
    assert_eq!(shapes, expected);
    let (ours, theirs) = (&made.trained()["block2_sepconv1_bn.moving_variance"], &tensors["block1.rep.1.running_var"]);
    assert!(
        (ours.values[0] + 1e-3 - (theirs.to_f32()[0] + 1e-5)).abs() < 1e-6,
        "the variance with epsilon must be kept"
    );
}

#[test]
fn a_weights_file_becomes_onnx_without_its_run() {
    let made = Made::new(Architecture::Xception, EVEN);
    let (scans, file) = (made.text("scans"), made.text("model.safetensors"));
    made.export("model.safetensors", &["--data", &scans]);
    let from_run = made.export("run.onnx", &["--format", "onnx-int8", "--data", &scans]);
    let out = made.text("file.onnx");
    succeed(&["export", "--weights", &file, "--format", "onnx-int8", "--out", &out]);
    assert_eq!(fs::read(&out).unwrap(), from_run);
}

#[test]
fn what_cannot_be_exported_is_refused_with_a_hint() {
    let made = Made::new(Architecture::Vgg16, EVEN);
    let [run, out, missing] = ["run", "x", "nowhere"].map(|name| made.text(name));
    let unknown = sulcus(&["export", "--run", &run, "--out", &out, "--format", "tflite"]);
    assert_eq!(unknown.status.code(), Some(2));
    let unknown = String::from_utf8(unknown.stderr).unwrap();
    assert!(unknown.contains("tflite") && unknown.contains("onnx-int8"), "{unknown}");

    let error = fail(&["export", "--run", &missing, "--out", &out]);
    assert!(error.contains("nowhere") && error.contains("hint: --run"), "{error}");
    let error = fail(&["export", "--run", &run, "--out", &out]);
    assert!(error.contains("hint: --data"), "{error}");
    let error = fail(&["export", "--weights", &missing, "--out", &out]);
    assert!(error.contains("--format onnx") && error.contains("hint: name the training run"), "{error}");
    let error = fail(&["export", "--run", &run, "--format", "safetensors", "--names", "timm", "--out", &out]);
    assert!(error.contains("vgg16"), "{error}");
    fs::remove_file(made.path("run/network.safetensors")).unwrap();
    let error = fail(&["export", "--run", &run, "--format", "onnx", "--out", &out]);
    assert!(error.contains("hint: `sulcus train --resume`"), "{error}");
    assert!(!Path::new(&out).exists());
}

#[test]
fn a_scan_of_the_run_that_is_gone_is_named() {
    let made = Made::new(Architecture::Vgg16, EVEN);
    fs::remove_file(made.path("scans/glioma/0.png")).unwrap();
    let [run, scans, out] = ["run", "scans", "x"].map(|name| made.text(name));
    let error = fail(&["export", "--run", &run, "--data", &scans, "--out", &out]);
    assert!(error.contains("glioma/0.png") && error.contains("hint: --data"), "{error}");
}

/// What a script of `tests/python` makes of a file, or `None` where Python does not have the modules it needs.
fn python(script: &str, modules: &str, model: &Path, slices: &[PreparedSlice]) -> Option<Value> {
    let python = std::env::var("SULCUS_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has = Command::new(&python).args(["-c", &format!("import {modules}")]).output();
    if !has.is_ok_and(|output| output.status.success()) {
        println!("skipped {script}: {python} cannot import {modules}; tests/python/README.md says how to install them");
        return None;
    }
    let images = model.with_extension("f32");
    let bytes: Vec<u8> = slices.iter().flat_map(PreparedSlice::pixels).flat_map(|pixel| pixel.to_le_bytes()).collect();
    fs::write(&images, bytes).unwrap();
    let output = Command::new(&python).arg(format!("tests/python/{script}")).args([model, &images]).output().unwrap();
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

fn assert_same(found: &Value, expected: &[f32], what: &str) {
    let rows = found.as_array().unwrap().iter();
    let found: Vec<f64> = rows.flat_map(|row| row.as_array().unwrap()).map(|number| number.as_f64().unwrap()).collect();
    assert_eq!(found.len(), expected.len(), "{what}");
    for (found, &expected) in found.iter().zip(expected) {
        assert!((found - f64::from(expected)).abs() < 1e-4, "{what}: {found} instead of {expected}");
    }
}

fn in_onnx_runtime(model: &Path, slices: &[PreparedSlice]) -> Option<Value> {
    python("in_onnx_runtime.py", "onnx, onnxruntime", model, slices)
}

#[test]
fn onnx_runtime_gives_the_probabilities_of_the_classifier() {
    for architecture in [Architecture::Xception, Architecture::Vgg16] {
        let made = Made::new(architecture, UNEVEN);
        let slices: Vec<_> = CLASSES.iter().map(|class| made.prepared(&format!("scans/{class}/3.png"))).collect();
        let scans = made.text("scans");

        made.export("float.onnx", &["--format", "onnx"]);
        let Some(answer) = in_onnx_runtime(&made.path("float.onnx"), &slices) else { return };
        let folded = graph::fold(&architecture.graph(CLASSES.len()), &made.trained()).unwrap();
        let expected = numbers(softmax(logits(&folded, Form::Folded, &slices), 1));
        assert_same(&answer["probabilities"], &expected, "float");
        assert_eq!(answer["input"], json!(["image", "tensor(float)", ["batch", 1, UNEVEN, UNEVEN]]));
        assert_eq!(answer["metadata"]["classes"], json!(CLASSES).to_string());
        assert_eq!(answer["int8_constants"], 0);

        let bytes = made.export("int8.safetensors", &["--data", &scans]);
        made.export("int8.onnx", &["--format", "onnx-int8", "--data", &scans]);
        let answer = in_onnx_runtime(&made.path("int8.onnx"), &slices).unwrap();
        let classifier = pollster::block_on(Classifier::load(&bytes, Engine::Cpu)).unwrap();
        let predictions = pollster::block_on(classifier.predict(&slices)).unwrap();
        let expected: Vec<f32> = predictions.into_iter().flat_map(|prediction| prediction.probabilities).collect();
        assert_same(&answer["probabilities"], &expected, "int8");
        let kernels = weights::read(&bytes).unwrap().tensors.keys().filter(|name| name.ends_with("kernel")).count();
        assert_eq!(answer["int8_constants"], kernels);
    }
}

#[test]
fn keras_gives_the_logits_of_the_trained_network() {
    for architecture in [Architecture::Xception, Architecture::Vgg16] {
        let made = Made::new(architecture, EVEN);
        let slices: Vec<_> = CLASSES.iter().map(|class| made.prepared(&format!("scans/{class}/3.png"))).collect();
        made.export("keras.safetensors", &["--format", "safetensors"]);
        let model = made.path("keras.safetensors");
        let Some(answer) = python("in_keras.py", "keras, safetensors", &model, &slices) else { return };
        let expected = numbers(logits(&made.trained(), Form::Trainable, &slices));
        assert_same(&answer["logits"], &expected, architecture.name());
    }
}

#[test]
fn timm_gives_the_logits_of_the_trained_network() {
    let made = Made::new(Architecture::Xception, EVEN);
    let slices: Vec<_> = CLASSES.iter().map(|class| made.prepared(&format!("scans/{class}/3.png"))).collect();
    made.export("timm.safetensors", &["--format", "safetensors", "--names", "timm"]);
    let model = made.path("timm.safetensors");
    let Some(answer) = python("in_timm.py", "timm, safetensors", &model, &slices) else { return };
    let expected = numbers(logits(&made.trained(), Form::Trainable, &slices));
    assert_same(&answer["logits"], &expected, "timm");
}
