//! The standard topology, and what folding and freezing promise.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData, Tolerance};
use graph::fold;
use networks::{Architecture, Form, Network, NetworkConfig, NetworkError};

const BOTH: [Architecture; 2] = [Architecture::Xception, Architecture::Vgg16];

fn network(architecture: Architecture, form: Form) -> Network {
    NetworkConfig::new(architecture, 4, form).init(&Device::flex())
}

fn grey(side: usize) -> Tensor<4> {
    let pixels = (0..2 * side * side).map(|index| (index * 37 % 255) as f32 / 127.5 - 1.0).collect();
    Tensor::from_data(TensorData::new(pixels, [2, 1, side, side]), &Device::flex())
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
fn folding_keeps_every_answer() {
    for architecture in BOTH {
        let trained = network(architecture, Form::Trainable);
        let folded = fold(&architecture.graph(4), &trained.named_tensors().unwrap()).unwrap();
        let folded = network(architecture, Form::Folded).load(&folded).unwrap();
        let expected = trained.forward(grey(75).repeat_dim(1, 3)).into_data();
        folded.forward(grey(75)).into_data().assert_approx_eq::<f32>(&expected, Tolerance::relative(1e-3));
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

#[test]
fn a_frozen_block_gets_no_gradient() {
    for (architecture, block) in [(Architecture::Xception, 14), (Architecture::Vgg16, 5)] {
        let device = Device::flex().autodiff();
        let network = NetworkConfig::new(architecture, 4, Form::Trainable).init(&device).train_from(block);
        let images = Tensor::<4>::ones([2, 3, 71, 71], &device);
        let gradients = network.forward(images).sum().backward();
        let trained = burn::optim::GradientsParams::from_grads(gradients, &network).len();
        let all = Module::num_params(&network);
        assert!(trained > 2 && trained < 20, "{trained} of {all} parameters have a gradient");
    }
}
