//! A small model, in values that a script in another language can compute exactly.

use std::collections::BTreeMap;

use weights::{
    Crop, InputSpec, Intensity, Manifest, MetricsSummary, NAMED_SCHEMA, RejectionRule, SplitProtocol, Tensor, Values,
    WeightsFile,
};

/// A convolution of 4 output channels in int8 and its bias in floats.
pub fn tensors() -> BTreeMap<String, Tensor> {
    let kernel = Tensor {
        shape: vec![4, 3, 2, 2],
        values: Values::Int8 {
            values: (0..48_i16).map(|index| (index * 37 % 255 - 127) as i8).collect(),
            scales: vec![0.5, 0.25, 0.0, 0.007_812_5],
        },
    };
    let bias = Tensor::float(vec![4], (0..4_u8).map(|index| f32::from(index) * 0.125 - 1.0).collect());
    BTreeMap::from([("conv.bias".to_owned(), bias), ("conv.kernel".to_owned(), kernel)])
}

/// A manifest with every field filled.
pub fn manifest() -> Manifest {
    Manifest {
        schema: NAMED_SCHEMA,
        architecture: "xception".to_owned(),
        graph: None,
        input: InputSpec { size: 299, crop: Crop::Head, margin: 0.02, intensity: Intensity { low: 0.5, high: 99.5 } },
        classes: ["glioma", "meningioma", "notumor", "pituitary"].map(String::from).to_vec(),
        recipe: "seed = 7\n[optimiser]\nname = \"adamax\"\n".to_owned(),
        data_fingerprint: "0f".repeat(32),
        held_out_fingerprint: Some("1e".repeat(32)),
        split: SplitProtocol::Grouped,
        metrics: Some(MetricsSummary {
            part: "held-out fold".to_owned(),
            leaky: false,
            n: 200,
            accuracy: 0.9375,
            accuracy_ci95: [0.875, 0.96875],
            macro_f1: 0.921_875,
        }),
        licence: "CC-BY-4.0".to_owned(),
        date: "2026-01-31".to_owned(),
        credit: "the data's authors".to_owned(),
        temperature: Some(1.25),
        rejection: Some(RejectionRule { abstain_below: 0.5, stage: "block3_out".to_owned(), ood_threshold: 1.5 }),
    }
}

/// Both together.
pub fn model() -> WeightsFile {
    WeightsFile { manifest: manifest(), tensors: tensors() }
}
