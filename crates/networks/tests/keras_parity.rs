//! Every stage of the networks against Keras or numpy, whose numbers and scripts lie in `fixtures/`.
//!
//! Two sets of weights: ImageNet's, which ship under `weights/start`, and weights that follow from a formula, so that
//! the topology is tested without any file.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod generated;

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use networks::{Architecture, Form, NamedTensor, Network, NetworkConfig, in_network_layout};
use serde_json::Value;

/// Largest difference, relative to the value or to the stage's root mean square, whichever is larger.
const TOLERANCE: f64 = 1e-3;

fn fixture(name: &str) -> Value {
    let path = Path::new("tests/fixtures").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn integer(value: &Value, field: &str) -> usize {
    usize::try_from(value[field].as_u64().unwrap()).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

/// The fixture's `input_formula`.
fn image(input: &Value, device: &Device) -> Tensor<4> {
    let [height, width] = [integer(input, "height"), integer(input, "width")];
    let [a, b, c, d] = ["a", "b", "c", "d"].map(|name| integer(input, name));
    let mut pixels = Vec::with_capacity(3 * height * width);
    for k in 0..3 {
        for i in 0..height {
            for j in 0..width {
                pixels.push(((a * i + b * j + c * k + d * i * j) % 256) as f32 / 127.5 - 1.0);
            }
        }
    }
    Tensor::from_data(TensorData::new(pixels, [1, 3, height, width]), device)
}

/// Keras calls the output of module `n` `add` or `add_{n - 2}`.
fn keras_name(stage: &str) -> String {
    match stage.strip_prefix("block").and_then(|rest| rest.strip_suffix("_out")) {
        Some("2") => "add".to_owned(),
        Some(module) => format!("add_{}", module.parse::<usize>().unwrap() - 2),
        None => stage.to_owned(),
    }
}

fn assert_close(what: &str, found: &[f64], expected: &[f64], rms: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let allowed = TOLERANCE * expected.abs().max(rms);
        assert!((found - expected).abs() <= allowed, "{what}[{index}] is {found}; Keras has {expected}");
    }
}

fn check_stage(stage: &Value, values: &[f32]) {
    let layer = stage["layer"].as_str().unwrap();
    let rms = stage["l2"].as_f64().unwrap() / (values.len() as f64).sqrt();
    let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / values.len() as f64;
    assert_close(&format!("{layer} mean"), &[mean], &[stage["mean"].as_f64().unwrap()], rms);
    let samples: Vec<f64> = (0..64).map(|k| f64::from(values[(k * 7919 + 13) % values.len()])).collect();
    assert_close(layer, &samples, &numbers(&stage["samples"]), rms);
}

/// Compares every stage both sides name; returns how many.
fn check(network: &Network, reference: &Value) -> usize {
    let mut compared = 0;
    for input in reference["inputs"].as_array().unwrap() {
        let mut stages = BTreeMap::new();
        let answers = network.observed(image(input, &Device::flex()), &mut |name, values| {
            stages.insert(keras_name(name), values.clone());
        });
        for stage in input["stages"].as_array().unwrap() {
            let Some(values) = stages.remove(stage["layer"].as_str().unwrap()) else { continue };
            let shape: Vec<usize> = numbers(&stage["shape"]).iter().map(|&length| length as usize).collect();
            assert_eq!(values.dims().to_vec(), shape, "{}", stage["layer"]);
            check_stage(stage, &values.into_data().try_to_vec::<f32>().unwrap());
            compared += 1;
        }
        let expected = numbers(&input["pooled"]);
        let rms = (expected.iter().map(|value| value * value).sum::<f64>() / expected.len() as f64).sqrt();
        let pooled: Vec<f32> = answers.features.into_data().try_to_vec().unwrap();
        let pooled: Vec<f64> = pooled.into_iter().map(f64::from).collect();
        assert_close("pooled", &pooled, &expected, rms);
    }
    compared
}

fn network(architecture: Architecture, tensors: BTreeMap<String, NamedTensor>) -> Network {
    let network = NetworkConfig::new(architecture, 4, Form::Trainable).init(&Device::flex());
    network.load_trunk(&in_network_layout(tensors)).unwrap()
}

fn imagenet(architecture: Architecture) -> Network {
    let file = format!("../../weights/start/imagenet-{architecture}.safetensors");
    let bytes = std::fs::read(file).unwrap();
    let tensors = weights::read_tensors(&bytes).unwrap();
    let named = |tensor: weights::Tensor| NamedTensor { values: tensor.to_f32(), shape: tensor.shape };
    network(architecture, tensors.into_iter().map(|(name, tensor)| (name, named(tensor))).collect())
}

/// A tensor's shape in the fixture's layout: Keras's for Xception, the networks' own for VGG16.
fn fixture_shape(name: &str, shape: &[usize], is_keras: bool) -> Vec<usize> {
    match *shape {
        [output, input] if is_keras => vec![1, 1, input, output],
        [channels, one, height, width] if is_keras && name.ends_with(".depthwise_kernel") => {
            vec![height, width, channels, one]
        }
        [output, input, height, width] if is_keras => vec![height, width, input, output],
        _ => shape.to_vec(),
    }
}

fn by_formula(architecture: Architecture, reference: &Value) -> Network {
    let is_keras = reference["weights"]["layout"] == "HWIO";
    let random = NetworkConfig::new(architecture, 4, Form::Trainable).init(&Device::flex());
    let generate = |(name, tensor): (String, NamedTensor)| {
        let shape = fixture_shape(&name, &tensor.shape, is_keras);
        let fan_in = tensor.shape.iter().skip(1).product();
        let values = (0..tensor.values.len()).map(|index| generated::weight(&name, index, fan_in)).collect();
        (name, NamedTensor { shape, values })
    };
    let tensors = random.named_tensors().unwrap().into_iter().filter(|(name, _)| !name.starts_with("predictions."));
    network(architecture, tensors.map(generate).collect())
}

#[test]
fn xception_with_imagenet_weights_equals_keras_at_ten_depths() {
    let compared = check(&imagenet(Architecture::Xception), &fixture("xception_imagenet.json"));
    assert_eq!(compared, 3 * 10);
}

#[test]
fn vgg16_with_imagenet_weights_equals_keras_at_every_block() {
    assert_eq!(check(&imagenet(Architecture::Vgg16), &fixture("vgg16_imagenet.json")), 2 * 5);
}

#[test]
fn xception_with_generated_weights_equals_keras_at_ten_depths() {
    let reference = fixture("xception_generated.json");
    assert_eq!(check(&by_formula(Architecture::Xception, &reference), &reference), 2 * 10);
}

#[test]
fn vgg16_with_generated_weights_equals_keras_at_every_block() {
    let reference = fixture("vgg16_generated.json");
    assert_eq!(check(&by_formula(Architecture::Vgg16, &reference), &reference), 2 * 5);
}

#[test]
fn efficientnet_lite0_with_imagenet_weights_equals_the_original_at_nine_depths() {
    let reference = fixture("efficientnet-lite0_imagenet.json");
    assert_eq!(check(&imagenet(Architecture::EfficientNetLite0), &reference), 2 * 9);
}

#[test]
fn efficientnet_lite0_with_generated_weights_equals_the_original_at_nine_depths() {
    let reference = fixture("efficientnet-lite0_generated.json");
    assert_eq!(check(&by_formula(Architecture::EfficientNetLite0, &reference), &reference), 2 * 9);
}
