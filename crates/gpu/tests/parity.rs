//! Every stage of both networks on the machine's adapter against plain loops, at odd sizes and in batches.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod reference;

use gpu::{Client, GpuError, GpuNetwork};
use reference::{Reference, Tensors};
use weights::Architecture;

/// `None`, and a line that says so, where the machine has no adapter.
fn client() -> Option<Client> {
    match pollster::block_on(gpu::open()) {
        Ok((client, _)) => Some(client),
        Err(error) => {
            println!("skipped: {error}");
            None
        }
    }
}

/// Waves in [-1, 1], another phase an image.
fn image(size: usize, number: usize) -> Vec<f32> {
    let pixel = |index: usize| {
        let (x, y) = ((index % size) as f32, (index / size) as f32);
        (0.31 * x + number as f32).sin() * (0.17 * y - 0.5 * number as f32).cos()
    };
    (0..size * size).map(pixel).collect()
}

fn assert_close(name: &str, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len(), "{name}");
    let largest = expected.iter().fold(1e-3_f32, |most, value| most.max(value.abs()));
    let worst = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(worst <= 1e-4 * largest, "{name}: off by {worst}, the largest value is {largest}");
}

fn every_stage_is_right(architecture: Architecture, size: usize) {
    let Some(client) = client() else { return };
    let reference = Reference::of(architecture, &image(size, 0), size);
    let network = GpuNetwork::new(client, architecture, reference.tensors).unwrap();
    let stages = pollster::block_on(network.stages(&image(size, 0), size)).unwrap();
    assert_eq!(stages.len(), reference.stages.len());
    for ((name, found), (expected_name, expected)) in stages.iter().zip(&reference.stages) {
        assert_eq!(name, expected_name);
        assert_close(name, found, &expected.values);
    }
    let (name, stage) = &reference.stages[2];
    let answer = &pollster::block_on(network.forward(&image(size, 0), size, Some(name))).unwrap()[0];
    assert_close("features", &answer.features, &reference.stages.last().unwrap().1.averages());
    assert_close(name, &answer.stage, &stage.averages());
}

#[test]
fn xception_is_right_in_every_stage_at_an_odd_size() {
    every_stage_is_right(Architecture::Xception, 75);
}

#[test]
fn xception_is_right_in_every_stage_at_an_even_size() {
    every_stage_is_right(Architecture::Xception, 64);
}

#[test]
fn vgg16_is_right_in_every_stage_at_an_odd_size() {
    every_stage_is_right(Architecture::Vgg16, 43);
}

#[test]
fn an_image_answers_the_same_alone_and_in_a_batch() {
    let Some(client) = client() else { return };
    let size = 35;
    let Reference { tensors, .. } = Reference::of(Architecture::Xception, &image(size, 0), size);
    let network = GpuNetwork::new(client, Architecture::Xception, tensors).unwrap();
    let answers = |images: &[f32]| pollster::block_on(network.forward(images, size, Some("block4_out"))).unwrap();
    let alone: Vec<_> = (0..32).flat_map(|number| answers(&image(size, number))).collect();
    for batch in [3, 8, 32] {
        let images: Vec<f32> = (0..batch).flat_map(|number| image(size, number)).collect();
        let together = answers(&images);
        assert_eq!(together.len(), batch);
        for (found, expected) in together.iter().zip(&alone) {
            assert_close("logits", &found.logits, &expected.logits);
            assert_close("features", &found.features, &expected.features);
            assert_close("stage", &found.stage, &expected.stage);
        }
    }
}

#[test]
fn tensors_that_fit_no_network_are_refused() {
    let Some(client) = client() else { return };
    let Reference { tensors, .. } = Reference::of(Architecture::Vgg16, &image(32, 0), 32);
    let new = |tensors: Tensors| GpuNetwork::new(client.clone(), Architecture::Vgg16, tensors).unwrap_err();
    let mut missing = tensors.clone();
    missing.remove("block3_conv2.bias");
    assert_eq!(new(missing), GpuError::Missing { name: "block3_conv2.bias".into() });
    let mut unknown = tensors.clone();
    unknown.insert("block6_conv1.bias".into(), weights::Tensor::float(vec![1], vec![0.0]));
    assert_eq!(new(unknown), GpuError::Unknown { name: "block6_conv1.bias".into() });
    let mut bent = tensors;
    bent.insert("block1_conv1.kernel".into(), weights::Tensor::float(vec![64, 9], vec![0.0; 576]));
    assert!(matches!(new(bent), GpuError::Shape { .. }));
}

#[test]
fn images_of_another_size_and_unknown_stages_are_refused() {
    let Some(client) = client() else { return };
    let Reference { tensors, .. } = Reference::of(Architecture::Vgg16, &image(32, 0), 32);
    let network = GpuNetwork::new(client, Architecture::Vgg16, tensors).unwrap();
    let forward = |images: &[f32], size, stage| pollster::block_on(network.forward(images, size, stage)).unwrap_err();
    assert!(matches!(forward(&[0.0; 1000], 32, None), GpuError::Images { values: 1000, .. }));
    assert!(matches!(forward(&[0.0; 64], 8, None), GpuError::Images { size: 8, .. }));
    assert_eq!(forward(&[0.0; 1024], 32, Some("block9")), GpuError::Stage { name: "block9".into() });
}
