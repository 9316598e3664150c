//! What an ONNX file promises, read back from its bytes and computed operator by operator.

use std::collections::{BTreeMap, HashMap};

use burn::tensor::activation::{log_softmax, sigmoid, softmax};
use burn::tensor::module::{conv2d, max_pool2d};
use burn::tensor::ops::{ConvOptions, MaxPoolOptions};
use burn::tensor::{Device, Tensor, TensorData};
use networks::{Architecture, Form, NamedTensor, NetworkConfig};
use prost::Message;
use weights::{Crop, InputSpec, Intensity, Manifest, SplitProtocol, WeightsFile};

use super::messages::{
    AttributeProto, AttributeType, DataType, Dimension, GraphProto, Length, ModelProto, NodeProto, TensorProto,
    ValueInfoProto,
};
use crate::generated;

const CLASSES: [&str; 4] = ["glioma", "meningioma", "notumor", "pituitary"];

/// What int8 kernels, rounded to the nearest level, cost a network of generated weights: the root mean square of what the
/// logits are off, as a part of their own.
const INT8: f32 = 0.05;

/// Logits of the network as it was trained.
fn trained(architecture: Architecture, images: Tensor<4>) -> Tensor<2> {
    let network = generated::network(architecture, Form::Trainable, &generated::tensors(architecture));
    network.forward(images.repeat_dim(1, 3))
}

fn manifest(architecture: Architecture, size: u32, temperature: Option<f32>) -> Manifest {
    Manifest {
        schema: weights::MANIFEST_SCHEMA,
        architecture: architecture.to_string(),
        graph: Some(architecture.graph(CLASSES.len()).folded()),
        input: InputSpec { size, crop: Crop::Head, margin: 0.02, intensity: Intensity { low: 0.5, high: 99.5 } },
        classes: CLASSES.map(str::to_owned).into(),
        recipe: "name = \"test\"".to_owned(),
        data_fingerprint: "abc".to_owned(),
        held_out_fingerprint: None,
        rejection: None,
        split: SplitProtocol::Grouped,
        metrics: None,
        licence: "MIT".to_owned(),
        date: "2026-01-31".to_owned(),
        credit: "nobody".to_owned(),
        temperature,
    }
}

/// What training left as a weights file; with its kernels in int8 where that is asked.
fn file(architecture: Architecture, size: u32, int8: bool, temperature: Option<f32>) -> WeightsFile {
    let tensor = |(name, tensor): (String, NamedTensor)| {
        let tensor = if int8 && name.ends_with("kernel") {
            weights::quantise(&tensor.shape, &tensor.values).unwrap()
        } else {
            weights::Tensor::float(tensor.shape, tensor.values)
        };
        (name, tensor)
    };
    let folded = graph::fold(&architecture.graph(CLASSES.len()), &generated::tensors(architecture)).unwrap();
    WeightsFile {
        manifest: manifest(architecture, size, temperature),
        tensors: folded.into_iter().map(tensor).collect(),
    }
}

fn read(file: &WeightsFile) -> ModelProto {
    ModelProto::decode(super::write(file).unwrap().as_slice()).unwrap()
}

fn grey(side: usize) -> Tensor<4> {
    generated::images(side, &Device::flex())
}

/// A value while a graph is computed: its axes and numbers.
#[derive(Clone)]
struct Value {
    shape: Vec<usize>,
    numbers: Vec<f32>,
}

impl Value {
    fn of<const D: usize>(tensor: Tensor<D>) -> Self {
        Self { shape: tensor.dims().to_vec(), numbers: tensor.into_data().try_to_vec().unwrap() }
    }

    fn tensor<const D: usize>(&self) -> Tensor<D> {
        Tensor::from_data(TensorData::new(self.numbers.clone(), self.shape.clone()), &Device::flex())
    }

    fn constant(constant: &TensorProto) -> Self {
        let shape = constant.dims.iter().map(|&length| usize::try_from(length).unwrap()).collect();
        let numbers = match constant.data_type() {
            DataType::Float => {
                constant.raw_data.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
            }
            DataType::Int64 => {
                constant.raw_data.as_chunks::<8>().0.iter().map(|bytes| i64::from_le_bytes(*bytes) as f32).collect()
            }
            DataType::Int8 => constant.raw_data.iter().map(|byte| f32::from(byte.cast_signed())).collect(),
        };
        Self { shape, numbers }
    }
}

fn attribute<'a>(node: &'a NodeProto, name: &str) -> &'a AttributeProto {
    node.attribute.iter().find(|attribute| attribute.name == name).unwrap()
}

fn number(node: &NodeProto, name: &str) -> usize {
    let attribute = attribute(node, name);
    assert_eq!(attribute.r#type(), AttributeType::Int, "{name}");
    usize::try_from(attribute.i.unwrap()).unwrap()
}

fn numbers<const N: usize>(node: &NodeProto, name: &str) -> [usize; N] {
    let attribute = attribute(node, name);
    assert_eq!(attribute.r#type(), AttributeType::Ints, "{name}");
    let numbers: Vec<usize> = attribute.ints.iter().map(|&number| usize::try_from(number).unwrap()).collect();
    numbers.try_into().unwrap()
}

/// The axes of what goes in or comes out, which are floats.
fn axes(value: &ValueInfoProto) -> &[Dimension] {
    assert_eq!(value.r#type.tensor_type.elem_type(), DataType::Float, "{}", value.name);
    &value.r#type.tensor_type.shape.dim
}

fn fixed<const N: usize>(lengths: [i64; N]) -> [Dimension; N] {
    lengths.map(|length| Length::Value(length).into())
}

/// Rows and columns of padding, each before and after: ONNX lists all befores first.
fn pads(node: &NodeProto) -> [(usize, usize); 2] {
    let [top, left, bottom, right] = numbers(node, "pads");
    [(top, bottom), (left, right)]
}

/// One operation, as the operators' specification defines it.
fn compute(node: &NodeProto, inputs: &[&Value]) -> Value {
    match node.op_type.as_str() {
        "Conv" => {
            let options = ConvOptions {
                stride: numbers(node, "strides"),
                padding: pads(node),
                dilation: [1, 1],
                groups: number(node, "group"),
            };
            assert_eq!(inputs[1].shape[2..], numbers::<2>(node, "kernel_shape"), "{}", node.name);
            let bias = inputs.get(2).map(|bias| bias.tensor());
            Value::of(conv2d(inputs[0].tensor(), inputs[1].tensor(), bias, options))
        }
        "MaxPool" => {
            let options = MaxPoolOptions {
                kernel_size: numbers(node, "kernel_shape"),
                stride: numbers(node, "strides"),
                padding: pads(node),
                dilation: [1, 1],
                ceil_mode: false,
            };
            Value::of(max_pool2d(inputs[0].tensor(), options))
        }
        "Relu" => each(inputs[0], |value| value.max(0.0)),
        "Clip" => each(inputs[0], |value| value.clamp(inputs[1].numbers[0], inputs[2].numbers[0])),
        "Div" => broadcast(inputs, |left, right| left / right),
        "Mul" => broadcast(inputs, |left, right| left * right),
        "Sub" => broadcast(inputs, |left, right| left - right),
        "Add" => broadcast(inputs, |left, right| left + right),
        "Sigmoid" => each(inputs[0], |value| 1.0 / (1.0 + (-value).exp())),
        "LogSoftmax" => Value::of(log_softmax(inputs[0].tensor::<2>(), number(node, "axis"))),
        "ReduceLogSumExp" => {
            assert_eq!((numbers::<2>(node, "axes"), number(node, "keepdims")), ([2, 3], 0));
            let pixels = inputs[0].shape[2] * inputs[0].shape[3];
            let sum = |pixels: &[f32]| pixels.iter().map(|value| value.exp()).sum::<f32>().ln();
            let numbers = inputs[0].numbers.chunks(pixels).map(sum).collect();
            Value { shape: inputs[0].shape[..2].to_vec(), numbers }
        }
        "Concat" => {
            let parts = inputs.iter().map(|value| value.tensor::<2>()).collect();
            Value::of(Tensor::cat(parts, number(node, "axis")))
        }
        "Gather" => gather(inputs[0], inputs[1], number(node, "axis")),
        "GlobalAveragePool" => {
            let area: usize = inputs[0].shape[2..].iter().product();
            let mean = |pixels: &[f32]| pixels.iter().sum::<f32>() / area as f32;
            let numbers = inputs[0].numbers.chunks(area).map(mean).collect();
            Value { shape: vec![inputs[0].shape[0], inputs[0].shape[1], 1, 1], numbers }
        }
        "Flatten" => Value { shape: inputs[0].shape[..2].to_vec(), numbers: inputs[0].numbers.clone() },
        "Gemm" => {
            assert_eq!(number(node, "transB"), 1);
            let product = inputs[0].tensor::<2>().matmul(inputs[1].tensor::<2>().transpose());
            Value::of(product + inputs[2].tensor::<1>().unsqueeze())
        }
        "Softmax" => Value::of(softmax(inputs[0].tensor::<2>(), number(node, "axis"))),
        "DequantizeLinear" => {
            assert_eq!(number(node, "axis"), 0);
            assert_eq!(inputs[1].shape, inputs[0].shape[..1], "{}", node.name);
            let length = inputs[0].numbers.len() / inputs[1].numbers.len();
            let numbers = inputs[0].numbers.iter().enumerate();
            let numbers = numbers.map(|(index, value)| value * inputs[1].numbers[index / length]).collect();
            Value { shape: inputs[0].shape.clone(), numbers }
        }
        other => panic!("the graph must not use {other}"),
    }
}

/// Axes of length 1 are repeated, and a number is used everywhere.
fn broadcast(inputs: &[&Value], of: impl Fn(f32, f32) -> f32) -> Value {
    let [left, right] = inputs else { panic!("{} inputs", inputs.len()) };
    let place = |index: usize| {
        let (mut rest, mut place, mut step) = (index, 0, 1);
        for (axis, &length) in left.shape.iter().enumerate().rev() {
            let own = right.shape.get(axis).copied().unwrap_or(1);
            assert!(own == length || own == 1, "{:?} and {:?}", left.shape, right.shape);
            place += if own == 1 { 0 } else { rest % length * step };
            step *= own;
            rest /= length;
        }
        place
    };
    let numbers =
        left.numbers.iter().enumerate().map(|(index, &value)| of(value, right.numbers[place(index)])).collect();
    Value { shape: left.shape.clone(), numbers }
}

fn gather(value: &Value, indices: &Value, axis: usize) -> Value {
    let (length, after) = (value.shape[axis], value.shape[axis + 1..].iter().product::<usize>());
    let taken = |block: &[f32]| -> Vec<f32> {
        indices.numbers.iter().flat_map(|&index| block[index as usize * after..][..after].to_vec()).collect()
    };
    let numbers = value.numbers.chunks(length * after).flat_map(taken).collect();
    let mut shape = value.shape.clone();
    shape[axis] = indices.numbers.len();
    Value { shape, numbers }
}

fn each(value: &Value, change: impl Fn(f32) -> f32) -> Value {
    Value { shape: value.shape.clone(), numbers: value.numbers.iter().map(|&number| change(number)).collect() }
}

/// Every value of a graph by name, computed from `image` and the constants; each node may use only what is there.
fn run(graph: &GraphProto, image: Tensor<4>) -> HashMap<String, Value> {
    let mut values = HashMap::from([("image".to_owned(), Value::of(image))]);
    for constant in &graph.initializer {
        let value = Value::constant(constant);
        assert_eq!(value.numbers.len(), value.shape.iter().product::<usize>(), "{}", constant.name);
        assert!(values.insert(constant.name.clone(), value).is_none(), "{} is there twice", constant.name);
    }
    for node in &graph.node {
        let inputs: Vec<&Value> = node.input.iter().map(|name| &values[name]).collect();
        let value = compute(node, &inputs);
        assert!(values.insert(node.output[0].clone(), value).is_none(), "{} is there twice", node.output[0]);
    }
    values
}

fn assert_close(found: &Value, expected: Tensor<2>, what: &str) {
    let expected = Value::of(expected);
    assert_eq!(found.shape, expected.shape, "{what}");
    let scale = expected.numbers.iter().fold(1.0_f32, |largest, number| largest.max(number.abs()));
    for (found, expected) in found.numbers.iter().zip(expected.numbers) {
        assert!((found - expected).abs() <= 1e-4 * scale, "{what}: {found} instead of {expected}");
    }
}

#[test]
fn the_graph_of_the_float_network_computes_what_the_trained_network_computes() {
    // Xception's strided poolings pad on both sides at 71 pixels; at 86 three of the four pad only at the end.
    let sizes = [
        (Architecture::Xception, [71, 86]),
        (Architecture::Vgg16, [71, 64]),
        (Architecture::EfficientNetLite0, [71, 64]),
    ];
    for (architecture, sizes) in sizes {
        for size in sizes {
            let logits = trained(architecture, grey(size));
            let values = run(&read(&file(architecture, size as u32, false, None)).graph, grey(size));
            assert_close(&values["logits"], logits.clone(), "logits");
            assert_close(&values["probabilities"], softmax(logits, 1), "probabilities");
        }
    }
}

#[test]
fn the_graph_of_a_network_with_a_map_computes_what_the_trained_network_computes() {
    for (architecture, none) in [
        (Architecture::Xception, Some(2)),
        (Architecture::Vgg16, Some(0)),
        (Architecture::EfficientNetLite0, None),
        (Architecture::EfficientNetLite0, Some(3)),
    ] {
        let network = architecture.graph_with_map(CLASSES.len(), none);
        let tensors = generated::tensors_of(&network);
        let trained = NetworkConfig::new(architecture, CLASSES.len(), Form::Trainable).with_map(none);
        let expected = trained.init(&Device::flex()).load(&tensors).unwrap().answers(grey(64).repeat_dim(1, 3));
        let folded = graph::fold(&network, &tensors).unwrap().into_iter();
        let float = |(name, tensor): (String, NamedTensor)| (name, weights::Tensor::float(tensor.shape, tensor.values));
        let manifest = Manifest { graph: Some(network.folded()), ..manifest(architecture, 64, None) };
        let graph = read(&WeightsFile { manifest, tensors: folded.map(float).collect() }).graph;
        let values = run(&graph, grey(64));
        assert_close(&values["logits"], expected.logits.clone(), "logits");
        assert_close(&values["probabilities"], softmax(expected.logits, 1), "probabilities");
        let map = &values["evidence_map"];
        assert_eq!(map.shape, [2, 1, 8, 8]);
        let rows = Value { shape: vec![2, 64], numbers: map.numbers.clone() };
        assert_close(&rows, sigmoid(expected.map.unwrap()).flatten(1, 3), "the map");
        assert_eq!(axes(&graph.output[2])[2..], fixed([8, 8]));
    }
}

#[test]
fn the_graph_of_int8_kernels_computes_what_the_weights_file_computes_and_nearly_what_was_trained() {
    for architecture in [Architecture::Xception, Architecture::Vgg16] {
        let file = file(architecture, 71, true, None);
        let dequantised = networks::network_tensors(file.tensors.clone());
        let graph = read(&file).graph;
        let found = run(&graph, grey(71)).remove("logits").unwrap();
        assert_close(&found, generated::network(architecture, Form::Folded, &dequantised).forward(grey(71)), "logits");

        let expected = trained(architecture, grey(71));
        let mean_square = |values: Tensor<2>| values.powi_scalar(2).mean().into_scalar::<f32>();
        let off = (mean_square(found.tensor::<2>() - expected.clone()) / mean_square(expected)).sqrt();
        assert!(off < INT8, "{architecture}: off by {off}");

        let int8 = |constant: &&TensorProto| constant.data_type() == DataType::Int8;
        let kernels = file.tensors.keys().filter(|name| name.ends_with("kernel")).count();
        assert_eq!(graph.initializer.iter().filter(int8).count(), kernels);
    }
}

#[test]
fn a_temperature_divides_the_logits_before_the_softmax() {
    let values = run(&read(&file(Architecture::Xception, 71, false, Some(2.5))).graph, grey(71));
    let logits = trained(Architecture::Xception, grey(71));
    assert_close(&values["logits"], logits.clone(), "logits");
    assert_close(&values["probabilities"], softmax(logits / 2.5, 1), "probabilities");
}

#[test]
fn the_batch_may_have_any_length_and_everything_else_is_fixed() {
    let graph = read(&file(Architecture::Xception, 96, false, None)).graph;
    let batch = || Length::Parameter("batch".to_owned()).into();
    assert_eq!(graph.input.len(), 1);
    assert_eq!(graph.input[0].name, "image");
    let (first, others) = axes(&graph.input[0]).split_first().unwrap();
    assert_eq!((first, others), (&batch(), fixed([1, 96, 96]).as_slice()));
    let outputs: Vec<&str> = graph.output.iter().map(|output| output.name.as_str()).collect();
    assert_eq!(outputs, ["logits", "probabilities"]);
    assert!(graph.output.iter().all(|output| axes(output) == [batch(), Length::Value(4).into()]));
}

#[test]
fn the_file_says_what_it_takes_and_what_its_outputs_mean() {
    let model = read(&file(Architecture::Vgg16, 71, false, None));
    let metadata: BTreeMap<_, _> = model.metadata_props.into_iter().map(|entry| (entry.key, entry.value)).collect();
    assert_eq!(serde_json::from_str::<Vec<String>>(&metadata["classes"]).unwrap(), CLASSES);
    assert_eq!(serde_json::from_str::<InputSpec>(&metadata["input"]).unwrap().size, 71);
    assert_eq!(metadata["licence"], "MIT");
    assert_eq!(metadata["data_fingerprint"], "abc");
    assert!(model.doc_string.contains("not part of the graph"));
    assert_eq!((model.ir_version, model.opset_import[0].version), (8, 17));
}

#[test]
fn a_missing_tensor_is_named() {
    let mut file = file(Architecture::Xception, 71, false, None);
    file.tensors.remove("block5_sepconv1.pointwise_kernel");
    let error = super::write(&file).unwrap_err().to_string();
    assert!(error.contains("block5_sepconv1.pointwise_kernel"), "{error}");
}
