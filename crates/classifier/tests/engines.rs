//! The two engines against each other, stage by stage, and what a bad weights file or slice gets.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../kernels/tests/agreement/mod.rs"]
mod agreement;
#[path = "../../networks/tests/generated/mod.rs"]
mod generated;

use std::collections::BTreeMap;

use classifier::{Classifier, ClassifierError, Engine};
use imaging::{InputSpec, PreparedSlice, Slice, prepare};
use needs::Need;
use networks::Architecture;
use weights::{Manifest, SplitProtocol, WeightsFile};

/// Small enough for a software adapter.
const SIZE: u32 = 96;

/// A model of generated weights, as `sulcus export` would write it.
fn weights_file(architecture: Architecture) -> Vec<u8> {
    let quantise = |(name, tensor): (String, networks::NamedTensor)| {
        let tensor = if name.ends_with("kernel") {
            weights::quantise(&tensor.shape, &tensor.values).unwrap()
        } else {
            weights::Tensor::float(tensor.shape, tensor.values)
        };
        (name, tensor)
    };
    let folded = graph::fold(&architecture.graph(4), &generated::tensors(architecture)).unwrap();
    let tensors: BTreeMap<_, _> = folded.into_iter().map(quantise).collect();
    weights::write(&WeightsFile { manifest: manifest(architecture), tensors }).unwrap()
}

fn manifest(architecture: Architecture) -> Manifest {
    let input = InputSpec { size: SIZE, ..InputSpec::default() };
    Manifest {
        schema: weights::MANIFEST_SCHEMA,
        architecture: architecture.to_string(),
        graph: Some(architecture.graph(4).folded()),
        input,
        classes: ["glioma", "meningioma", "notumor", "pituitary"].map(String::from).to_vec(),
        recipe: String::new(),
        data_fingerprint: String::new(),
        held_out_fingerprint: None,
        split: SplitProtocol::Grouped,
        metrics: None,
        licence: "MIT".into(),
        date: "2026-01-01".into(),
        credit: String::new(),
        temperature: None,
        rejection: None,
    }
}

/// A bright ellipse with a spot on air.
fn slices(spec: &InputSpec) -> Vec<PreparedSlice> {
    let slice = |spot: f32| {
        let pixel = |index: usize| {
            let (x, y) = ((index % 120) as f32 / 60.0 - 1.0, (index / 120) as f32 / 60.0 - 1.0);
            let head = if x * x + y * y * 0.8 < 0.6 { 100.0 + 40.0 * (9.0 * x).sin() } else { 0.0 };
            head + if (x - spot).hypot(y) < 0.12 { 90.0 } else { 0.0 }
        };
        Slice::new(120, 120, (0..120 * 120).map(pixel).collect()).unwrap()
    };
    [-0.3, 0.2].map(|spot| prepare(&slice(spot), spec)).to_vec()
}

fn load(bytes: &[u8], engine: Engine) -> Result<Classifier, ClassifierError> {
    pollster::block_on(Classifier::load(bytes, engine))
}

/// `None`, which makes the test a skipped one, where the machine has no adapter.
fn webgpu(bytes: &[u8]) -> Option<Classifier> {
    match load(bytes, Engine::WebGpu) {
        Err(ClassifierError::NoWebGpu { reason }) => Need::Gpu.met(Err(reason)),
        loaded => Some(loaded.unwrap()),
    }
}

/// The side of a stage's planes, of which there are so many `values` for all slices.
fn side(classifier: &Classifier, slices: &[PreparedSlice], stage: &str, values: usize) -> usize {
    if stage == "avg_pool" {
        return 1;
    }
    let observations = pollster::block_on(classifier.observe(slices, stage)).unwrap();
    let planes: usize = observations.iter().map(|observation| observation.stage.len()).sum();
    (values / planes).isqrt()
}

#[test]
fn webgpu_and_cpu_agree_in_every_stage_and_every_probability() {
    for architecture in [Architecture::Xception, Architecture::Vgg16] {
        let bytes = weights_file(architecture);
        let cpu = load(&bytes, Engine::Cpu).unwrap();
        let Some(gpu) = webgpu(&bytes) else { return };
        let slices = slices(&cpu.input_spec());
        let expected = pollster::block_on(cpu.activations(&slices)).unwrap();
        let found = pollster::block_on(gpu.activations(&slices)).unwrap();
        assert_eq!(found.len(), expected.len());
        for ((stage, found), (expected_stage, expected)) in found.iter().zip(&expected) {
            assert_eq!(stage, expected_stage);
            agreement::assert_close(stage, found, expected, side(&cpu, &slices, stage, expected.len()));
        }
        let expected = pollster::block_on(cpu.predict(&slices)).unwrap();
        let found = pollster::block_on(gpu.predict(&slices)).unwrap();
        for (found, expected) in found.iter().zip(&expected) {
            for (a, b) in found.probabilities.iter().zip(&expected.probabilities) {
                assert!((a - b).abs() <= 1e-4, "{found:?} against {expected:?}");
            }
        }
    }
}

#[test]
fn a_slice_answers_the_same_alone_and_in_a_batch() {
    let cpu = load(&weights_file(Architecture::Xception), Engine::Cpu).unwrap();
    let slices: Vec<_> = slices(&cpu.input_spec()).into_iter().cycle().take(11).collect();
    let together = pollster::block_on(cpu.predict(&slices)).unwrap();
    assert_eq!(together.len(), 11);
    for (slice, expected) in slices.iter().zip(&together) {
        let alone = pollster::block_on(cpu.predict(std::slice::from_ref(slice))).unwrap();
        for (a, b) in alone[0].probabilities.iter().zip(&expected.probabilities) {
            assert!((a - b).abs() <= 1e-5);
        }
    }
}

#[test]
fn a_file_of_another_architecture_is_refused() {
    let file = WeightsFile {
        manifest: manifest(Architecture::Xception),
        tensors: weights::read(&weights_file(Architecture::Vgg16)).unwrap().tensors,
    };
    let error = load(&weights::write(&file).unwrap(), Engine::Cpu).unwrap_err();
    assert!(matches!(error, ClassifierError::Network { .. }), "{error}");
}

#[test]
fn a_slice_prepared_for_another_input_is_refused() {
    let cpu = load(&weights_file(Architecture::Vgg16), Engine::Cpu).unwrap();
    let slices = slices(&InputSpec { size: 64, ..cpu.input_spec() });
    let error = pollster::block_on(cpu.predict(&slices)).unwrap_err();
    assert!(matches!(error, ClassifierError::Size { found: 64, expected: SIZE }), "{error}");
}
