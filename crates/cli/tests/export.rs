//! `sulcus export` in every format, from a run folder that the test makes.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../networks/tests/generated/mod.rs"]
mod generated;
#[path = "support/made.rs"]
mod made;
mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use burn::tensor::activation::softmax;
use classifier::{Classifier, Engine};
use imaging::PreparedSlice;
use needs::Need;
use networks::{Architecture, Form, NamedTensor, network_tensors};
use serde_json::{Value, json};
use weights::Values;

use made::{EVEN, Made, UNEVEN, answers, numbers};
use support::{CLASSES, succeed, sulcus};

fn fail(arguments: &[&str]) -> String {
    let output = sulcus(arguments);
    assert!(!output.status.success(), "{arguments:?} must fail");
    String::from_utf8(output.stderr).unwrap()
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
    let slices = made.held_out();
    let folded = made.folded();
    let features = |tensors: &BTreeMap<String, NamedTensor>| {
        numbers(answers(Architecture::Xception, Form::Folded, tensors, &slices).0)
    };
    let exact = features(&folded);
    let error = |tensors: &BTreeMap<String, NamedTensor>| -> f32 {
        features(tensors).iter().zip(&exact).map(|(a, b)| (a - b).powi(2)).sum()
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

/// What a script of `tests/python` makes of a file, for which `python` starts Python.
fn answer(mut python: Command, script: &str, model: &Path, slices: &[PreparedSlice]) -> Value {
    let images = model.with_extension("f32");
    let bytes: Vec<u8> = slices.iter().flat_map(PreparedSlice::pixels).flat_map(|pixel| pixel.to_le_bytes()).collect();
    fs::write(&images, bytes).unwrap();
    let output = python.arg(format!("tests/python/{script}")).args([model, &images]).output().unwrap();
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
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
    let python = Need::OnnxRuntime.python(&["onnx", "onnxruntime"])?;
    Some(answer(python, "in_onnx_runtime.py", model, slices))
}

#[test]
fn onnx_runtime_gives_the_probabilities_of_the_classifier() {
    for architecture in [Architecture::Xception, Architecture::Vgg16] {
        let made = Made::new(architecture, UNEVEN);
        let slices = made.held_out();

        made.export("float.onnx", &["--format", "onnx"]);
        let Some(answer) = in_onnx_runtime(&made.path("float.onnx"), &slices) else { return };
        let (_, logits) = made.answers(&slices);
        assert_same(&answer["logits"], &numbers(logits.clone()), "logits of floats");
        assert_same(&answer["probabilities"], &numbers(softmax(logits, 1)), "probabilities of floats");
        assert_eq!(answer["input"], json!(["image", "tensor(float)", ["batch", 1, UNEVEN, UNEVEN]]));
        assert_eq!(answer["metadata"]["classes"], json!(CLASSES).to_string());
        assert_eq!(answer["int8_constants"], 0);

        // A test above has it that a run and its weights file give the same bytes; rounding VGG16 as a run does takes minutes.
        made.write_folded("int8.safetensors", true);
        let [file, onnx] = ["int8.safetensors", "int8.onnx"].map(|name| made.text(name));
        succeed(&["export", "--weights", &file, "--format", "onnx-int8", "--out", &onnx]);
        let bytes = fs::read(file).unwrap();
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
        let slices = made.held_out();
        made.export("keras.safetensors", &["--format", "safetensors"]);
        let model = made.path("keras.safetensors");
        let Some(python) = Need::Python.python(&["keras", "jax", "safetensors"]) else { return };
        let answer = answer(python, "in_keras.py", &model, &slices);
        assert_same(&answer["logits"], &numbers(made.answers(&slices).1), architecture.name());
    }
}
