//! The standard topology, and what folding and freezing promise.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../kernels/tests/agreement/mod.rs"]
mod agreement;
mod generated;

use std::collections::{BTreeMap, BTreeSet};

use burn::optim::GradientsParams;
use burn::optim::SgdConfig;
use burn::tensor::Device;
use graph::{Tensor, fold};
use networks::{Architecture, Form, Network, NetworkConfig, NetworkError};

const BOTH: [Architecture; 2] = [Architecture::Xception, Architecture::Vgg16];

fn network(architecture: Architecture, form: Form) -> Network {
    NetworkConfig::new(architecture, 4, form).init(&Device::flex())
}

#[test]
fn the_parameter_counts_are_those_of_keras_applications() {
    for (architecture, expected) in [(Architecture::Xception, 20_861_480), (Architecture::Vgg16, 14_714_688)] {
        let tensors = network(architecture, Form::Trainable).named_tensors().unwrap();
        let trunk = tensors.iter().filter(|(name, _)| !name.starts_with("predictions."));
        assert_eq!(trunk.map(|(_, tensor)| tensor.values.len()).sum::<usize>(), expected);
    }
}

#[test]
fn folding_keeps_every_value_of_every_stage() {
    let images = || generated::images(75, &Device::flex());
    for architecture in BOTH {
        let tensors = generated::tensors(architecture);
        let trained = generated::network(architecture, Form::Trainable, &tensors);
        let folded = fold(&architecture.graph(4), &tensors).unwrap();
        let folded = generated::network(architecture, Form::Folded, &folded);
        let expected = generated::stages(&trained, Form::Trainable, images());
        let found = generated::stages(&folded, Form::Folded, images());
        assert_eq!(found.len(), expected.len());
        for ((name, _, found), (expected_name, side, expected)) in found.iter().zip(&expected) {
            assert_eq!(name, expected_name);
            agreement::assert_close(name, found, expected, *side);
        }
    }
}

#[test]
fn tensors_written_and_read_again_are_the_same() {
    for architecture in BOTH {
        let tensors = network(architecture, Form::Trainable).named_tensors().unwrap();
        let again = network(architecture, Form::Trainable).load(&tensors).unwrap();
        assert_eq!(again.named_tensors().unwrap(), tensors);
    }
}

#[test]
fn a_missing_an_unknown_and_a_wrongly_shaped_tensor_are_named() {
    let tensors = network(Architecture::Xception, Form::Folded).named_tensors().unwrap();
    let load = |tensors| network(Architecture::Xception, Form::Folded).load(&tensors).unwrap_err();
    let name = "block5_sepconv1.pointwise_kernel";

    let mut missing = tensors.clone();
    missing.remove(name);
    assert!(matches!(load(missing), NetworkError::Missing { name: found, .. } if found == name));

    let mut unknown = tensors.clone();
    unknown.insert("block15.kernel".into(), tensors[name].clone());
    assert!(matches!(load(unknown), NetworkError::Unknown { name, .. } if name == "block15.kernel"));

    let mut wrong = tensors.clone();
    wrong.insert(name.into(), tensors["predictions.bias"].clone());
    assert!(matches!(load(wrong), NetworkError::Shape { name: found, .. } if found == name));
}

/// The names of the tensors that a step of training changes, where blocks before `first` are frozen.
fn changed_by_a_step(architecture: Architecture, first: usize) -> BTreeSet<String> {
    let device = Device::flex().autodiff();
    let before = generated::tensors(architecture);
    let network = NetworkConfig::new(architecture, 4, Form::Trainable).init(&device).load(&before).unwrap();
    let network = network.train_from(first);
    let images = generated::images(71, &device).repeat_dim(1, 3);
    let gradients = GradientsParams::from_grads(network.forward(images).sum().backward(), &network);
    let after = SgdConfig::new().init().step(1.0, network, gradients).named_tensors().unwrap();
    before.into_iter().filter(|(name, tensor)| after[name] != *tensor).map(|(name, _)| name).collect()
}

/// `LAYER.PARAMETER` of every layer.
fn parameters(layers: &[&str], parameters: &[&str]) -> BTreeSet<String> {
    layers.iter().flat_map(|layer| parameters.iter().map(move |parameter| format!("{layer}.{parameter}"))).collect()
}

fn normalisations(layers: &[&str]) -> BTreeSet<String> {
    parameters(layers, &["gamma", "beta", "moving_mean", "moving_variance"])
}

const HEAD: [&str; 2] = ["predictions.kernel", "predictions.bias"];

#[test]
fn a_step_changes_the_head_and_the_blocks_that_are_trained_and_nothing_else() {
    let separable = ["depthwise_kernel", "pointwise_kernel"];
    let head = || HEAD.map(str::to_owned).into_iter().collect::<BTreeSet<_>>();
    let exit = ["block14_sepconv1", "block14_sepconv2"];
    let last =
        &(&parameters(&exit, &separable) | &normalisations(&["block14_sepconv1_bn", "block14_sepconv2_bn"])) | &head();
    let strided = ["block13_sepconv1", "block13_sepconv2"];
    let strided_norms = ["block13_sepconv1_bn", "block13_sepconv2_bn", "batch_normalization_3"];
    let last_two = &(&parameters(&strided, &separable) | &normalisations(&strided_norms))
        | &(&parameters(&["conv2d_3"], &["kernel"]) | &last);
    let convolutions = parameters(&["block5_conv1", "block5_conv2", "block5_conv3"], &["kernel", "bias"]);
    for (architecture, first, expected) in [
        (Architecture::Xception, 15, head()),
        (Architecture::Xception, 14, last),
        (Architecture::Xception, 13, last_two),
        (Architecture::Vgg16, 6, head()),
        (Architecture::Vgg16, 5, &convolutions | &head()),
    ] {
        assert_eq!(changed_by_a_step(architecture, first), expected, "{architecture} from block {first}");
    }
}

#[test]
fn a_step_changes_every_tensor_where_nothing_is_frozen() {
    for architecture in BOTH {
        let all: BTreeMap<String, Tensor> = generated::tensors(architecture);
        assert_eq!(changed_by_a_step(architecture, 1), all.into_keys().collect(), "{architecture}");
    }
}
